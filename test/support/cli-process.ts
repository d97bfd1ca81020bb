// An agent-cli that runs on while a test watches what it prints.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { binaries, type Exit } from './agent.ts';
import { cleanUpWith } from './cleanup.ts';
import { until } from './wait.ts';

/** A running agent-cli. */
export class CliProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  /** What it printed so far. */
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess) {
    this.child = child;
    // Not "exit": what was printed last may come after it.
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Begins to read its standard output. */
  read(): void {
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
  }

  /** The whole lines of standard output. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** The whole lines of standard output, each parsed as JSON. */
  json<T = Record<string, unknown>>(): T[] {
    return this.lines.map((line) => JSON.parse(line) as T);
  }

  /** Waits until standard output has a line that `wanted` takes, and returns it. */
  line(what: string, wanted: (line: string) => boolean): Promise<string> {
    return until(
      () => `${what}; got ${this.stdout.slice(-2000)} and ${this.stderr.slice(-2000)}`,
      () => this.lines.find(wanted),
    );
  }

  /** Waits until standard error has this text. */
  async said(text: string): Promise<void> {
    await until(
      () => `"${text}"; got ${this.stderr}`,
      () => this.stderr.includes(text),
    );
  }
}

/** How it is started. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether standard output is read; default true. */
  readonly read?: boolean;
  /** Whether standard input is a pipe, and not empty. */
  readonly input?: boolean;
  /** A command with arguments that runs it, given as more arguments. Default: none. */
  readonly prefix?: readonly string[];
}

/** Starts agent-cli, and ends it after the test. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  return startProcess([...(options.prefix ?? []), process.execPath, binaries.cli, ...args], options);
}

/**
 * Starts agent-cli as the foreground process of a terminal of its own, which python3 makes. What it prints, on
 * both its outputs, is the terminal's; what is written to the child's standard input is typed, and its end
 * closes the terminal. The exit code is that of agent-cli, 128 and its number for a signal.
 */
export function startCliInTerminal(args: readonly string[], options: CliOptions = {}): CliProcess {
  const command = ['python3', '-c', terminal, process.execPath, binaries.cli, ...args];
  return startProcess(command, { ...options, input: true });
}

const terminal = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready = select.select([terminal, 0], [], [])[0]
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        os.write(1, data)
    if 0 in ready:
        typed = os.read(0, 65536)
        if not typed:
            break
        os.write(terminal, typed)
os.close(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

function startProcess([file = '', ...args]: readonly string[], options: CliOptions): CliProcess {
  const child = spawn(file, args, {
    stdio: [options.input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  // Whoever is gone reads nothing more.
  child.stdin?.on('error', () => {});
  const cli = new CliProcess(child);
  cleanUpWith(async () => {
    child.kill('SIGKILL');
    // Its pipe has to be read to its end for it to be closed.
    child.stdout?.resume();
    await cli.exited;
  });
  if (options.read ?? true) cli.read();
  return cli;
}
