// One run of the command: a process group of its own, which is gone when the run is over.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodeOf } from '../outcome/index.ts';
import { hasGroups, ProcessGroup } from './process-group.ts';

/** What is run. */
export interface CommandLine {
  /** A line for the shell, or a program with its arguments. */
  readonly words: readonly string[];
  readonly shell: boolean;
}

/** How a run begins. */
export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Text for its standard input; `inherit` for the one of this process. */
  readonly stdin: { readonly text: string } | 'inherit' | 'none';
  /** How long after a signal that it is to end on it is killed. */
  readonly killAfterMs: number;
}

/** How a run ended. */
export interface RunEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: NodeJS.ErrnoException;
  readonly ms: number;
}

/** Between two looks at whether a process group is gone. */
const pollMs = 20;
/** A killed process is gone at once, unless the kernel holds it, as for a disk that does not answer. */
const killedMs = 5_000;

/** A command as people write it. */
export function commandText(command: CommandLine): string {
  return command.words.join(' ');
}

/** The exit code that a shell would give for it: of a program that is not there 127, or 126 if it can't be run. */
export function exitCodeOfRun(end: RunEnd): number {
  if (end.error !== undefined) return end.error.code === 'ENOENT' ? 127 : 126;
  return end.signal === null ? (end.code ?? 1) : exitCodeOf(end.signal);
}

/** Starts it; gives why not where Node throws that, and else has the child tell it. */
function start(command: CommandLine, { cwd, env, stdin }: RunOptions): ChildProcess | Error {
  const input = stdin === 'inherit' ? 'inherit' : stdin === 'none' ? 'ignore' : 'pipe';
  const [file = '', ...args] = command.shell ? [commandText(command)] : command.words;
  try {
    return spawn(file, args, {
      cwd,
      env,
      shell: command.shell,
      stdio: [input, 'inherit', 'inherit'],
      // A session of its own, and with it a process group: a signal reaches all that it starts, and none of the
      // terminal's reaches it past us. A mere group of its own would be stopped as soon as it reads or sets the
      // terminal (SIGTTIN, SIGTTOU).
      detached: hasGroups,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A command that was started. */
export class CommandRun {
  /** Resolves, and never rejects, when the command and all that it left in its process group are gone. */
  readonly ended: Promise<RunEnd>;
  /** Or why there is none. */
  readonly #child: ChildProcess | Error;
  readonly #killAfterMs: number;
  readonly #group: ProcessGroup | undefined;
  /** The signal by which it was asked to end. */
  #askedBy: NodeJS.Signals | undefined;
  #killedAtMs: number | undefined;
  /** Once the command has ended its group may be another's. */
  #isOver = false;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(command: CommandLine, options: RunOptions) {
    const { stdin, killAfterMs } = options;
    this.#killAfterMs = killAfterMs;
    const startedMs = performance.now();
    this.#child = start(command, options);
    this.#group = this.pid === undefined ? undefined : new ProcessGroup(this.pid);
    this.ended = this.#follow(startedMs);
    // Whatever ends us without a word, nothing of the command stays.
    const lastResort = () => this.kill();
    process.on('exit', lastResort);
    void this.ended.then(() => process.off('exit', lastResort));
    if (typeof stdin === 'object' && !(this.#child instanceof Error)) {
      // A command that reads none of it, or not all.
      this.#child.stdin?.on('error', () => {});
      this.#child.stdin?.end(stdin.text);
    }
  }

  /** Absent if it could not be started. */
  get pid(): number | undefined {
    return this.#child instanceof Error ? undefined : this.#child.pid;
  }

  /** Sends a signal to the command and all that it started. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.#group?.send(signal);
  }

  /**
   * Asks it to end by `signal`, and kills it when it has not ended in time. It is asked once, however often this is
   * called: many programs take a second signal for haste, and leave their clean-up undone.
   */
  stop(signal: NodeJS.Signals): void {
    if (this.#askedBy !== undefined) return;
    this.#askedBy = signal;
    this.signal(signal);
    // One that is stopped, as by SIGTTIN or from outside, would not get to hear of it.
    if (hasGroups) this.signal('SIGCONT');
    this.#killTimer = setTimeout(() => this.kill(), this.#killAfterMs);
  }

  /** Ends it at once. */
  kill(): void {
    this.#killedAtMs ??= performance.now();
    this.signal('SIGKILL');
  }

  async #follow(startedMs: number): Promise<RunEnd> {
    const { code, signal, error } = await this.#exit();
    const ms = performance.now() - startedMs;
    if (error === undefined && hasGroups) await this.#endLeftovers();
    this.#isOver = true;
    clearTimeout(this.#killTimer);
    return { code, signal, ...(error === undefined ? {} : { error }), ms };
  }

  #exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: Error }> {
    const child = this.#child;
    if (child instanceof Error) return Promise.resolve({ code: null, signal: null, error: child });
    return new Promise((resolve) => {
      // Not "close": who has the other end of its standard input is of no interest.
      child.on('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => resolve({ code: null, signal: null, error }));
    });
  }

  /** A shell or a launcher may end before what it started: the run is over when all of its group are gone. */
  async #endLeftovers(): Promise<void> {
    const group = this.#group;
    if (group === undefined || !group.isAlive()) return;
    if (this.#askedBy === undefined) this.stop('SIGTERM');
    else group.sendToDeaf(this.#askedBy, 'SIGTERM');
    while (group.isAlive()) {
      if (this.#killedAtMs !== undefined && performance.now() > this.#killedAtMs + killedMs) return;
      await delay(pollMs);
    }
  }
}
