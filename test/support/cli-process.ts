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

/** Starts agent-cli, and ends it after the test. */
export function startCli(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; read?: boolean; cwd?: string } = {},
): CliProcess {
  const child = spawn(process.execPath, [binaries.cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
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
