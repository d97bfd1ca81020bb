// Has the command run when the policy says so, each time with what happened since the run before began.
import { existsSync, fstatSync } from 'node:fs';
import type { FileEvent, GapEvent, MessageEvent } from '../../shared/index.ts';
import { exitCodeOf } from '../outcome/index.ts';
import type { Output } from '../screen/index.ts';
import { ChangeList } from './change-list.ts';
import { type CommandLine, CommandRun, exitCodeOfRun, type RunEnd } from './command-run.ts';
import { namedPaths, type Reporter, type RunCause } from './reporter.ts';
import { type BusyPolicy, RunPolicy } from './run-policy.ts';
import { Watchdog } from './watchdog.ts';

/** A command that takes longer to end is worth a word about how to hurry it. */
const patienceMs = 1_000;

/** How the command is run. */
export interface RunnerOptions {
  readonly command: CommandLine;
  readonly busy: BusyPolicy;
  /** How long nothing has to change before it is run. */
  readonly debounceMs: number;
  /** How long it may take to end before it is killed. */
  readonly killAfterMs: number;
  /** Where it runs; looked for at each run, since directories come and go. */
  readonly directory: string;
  /** What its standard input is: what happened as lines of JSON, that of agent-cli, or nothing. */
  readonly stdin: 'changes' | 'inherit' | 'none';
  /** Whether the terminal is cleared before each run. */
  readonly clear: boolean;
}

/** What a runner asks of those around it. */
export interface RunnerHost {
  readonly output: Output;
  readonly reporter: Reporter;
  /**
   * Asks for {@link Runner.markReached} with this id once all that happened until now has been taken in.
   * @returns false if that can't be known
   */
  mark(id: number): boolean;
  /** Nobody reads what the command prints. */
  readerGone(): void;
}

/** Runs one command again and again. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #host: RunnerHost;
  readonly #policy: RunPolicy;
  readonly #watchdog: Watchdog;
  #changes = new ChangeList();
  #messages = 0;
  #gap = false;
  #cursor = '';
  #run: CommandRun | undefined;
  #runs = 0;
  #marks = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #lastExitCode: number | undefined;

  constructor(options: RunnerOptions, host: RunnerHost) {
    this.#options = options;
    this.#host = host;
    this.#policy = new RunPolicy(options.busy, options.debounceMs);
    this.#watchdog = new Watchdog(options.killAfterMs);
  }

  /** That of the last run that has ended. */
  get lastExitCode(): number | undefined {
    return this.#lastExitCode;
  }

  /** Runs the command before anything has happened. */
  begin(cursor: string): void {
    this.#cursor = cursor;
    this.#policy.arrived('initial', performance.now());
    this.#act();
  }

  /** Takes in a file event. @param show gives a path in its root as the user would write it */
  takeFile(event: FileEvent, show: (path: string) => string): void {
    this.#cursor = event.cursor;
    const isKept = this.#policy.arrived(
      'change',
      performance.now(),
      event.changes.length,
      event.more === true,
    );
    if (isKept) this.#changes.addFile(event, show);
    this.#act();
  }

  takeMessage(event: MessageEvent): void {
    this.#cursor = event.cursor;
    if (this.#policy.arrived('message', performance.now())) {
      this.#changes.addOther(event);
      this.#messages++;
    }
    this.#act();
  }

  /** Takes in that changes may have been missed. */
  takeGap(event: GapEvent): void {
    this.#cursor = event.cursor;
    if (this.#policy.arrived('gap', performance.now())) {
      this.#changes.addOther(event);
      this.#gap = true;
    }
    this.#act();
  }

  /** All that happened before the mark was asked for has been taken in. */
  markReached(id: number): void {
    // Whatever was asked for before, this is about the last.
    if (id !== this.#marks) return;
    this.#policy.marked();
    this.#act();
  }

  /** What was to come next may never do. */
  connectionLost(): void {
    this.#policy.marked();
    this.#policy.closeBatch();
    this.#act();
  }

  /** Passes a signal on to the command, if it runs. */
  forward(signal: NodeJS.Signals): void {
    this.#run?.signal(signal);
  }

  /**
   * Runs the command no more, and ends it by `signal` if it runs: at once, when this is called again.
   * @returns when it is gone
   */
  async end(signal: NodeJS.Signals): Promise<void> {
    const isUrgent = this.#isEnding;
    this.#isEnding = true;
    clearTimeout(this.#timer);
    const run = this.#run;
    if (run === undefined) return;
    if (isUrgent) run.kill();
    else run.stop(signal);
    const word = setTimeout(
      () => this.#host.reporter.note('waiting for the command to end; once more, and it is killed'),
      patienceMs,
    );
    await run.ended;
    clearTimeout(word);
  }

  /** Does what is to be done now. */
  #act(): void {
    clearTimeout(this.#timer);
    if (this.#isEnding) return;
    const step = this.#policy.next(performance.now());
    switch (step.kind) {
      case 'start':
        this.#start();
        break;
      case 'stop':
        this.#run?.stop('SIGTERM');
        break;
      case 'mark':
        this.#mark();
        break;
      case 'hold':
        this.#host.reporter.held(this.#policy.ownRuns, this.#cause());
        break;
      case 'wait':
        this.#timer = setTimeout(() => this.#act(), Math.ceil(step.ms));
        break;
      case 'rest':
    }
  }

  #cause(): RunCause {
    const changes = this.#changes;
    return {
      paths: changes.paths,
      firstPaths: changes.firstPaths(namedPaths),
      messages: this.#messages,
      gap: this.#gap,
      cursor: this.#cursor,
    };
  }

  #start(): void {
    const { command, killAfterMs, directory, stdin, clear } = this.#options;
    const { output, reporter } = this.#host;
    const cause = this.#cause();
    const changes = this.#changes;
    this.#changes = new ChangeList();
    this.#messages = 0;
    this.#gap = false;
    this.#policy.started(performance.now());
    // Our own working directory may be one that was removed, while there is another of the same name.
    if (!existsSync(directory)) {
      reporter.gone(directory);
      this.#policy.ended(performance.now());
      // It changed nothing itself.
      this.#policy.marked();
      this.#act();
      return;
    }
    if (clear) output.clear();
    reporter.starting(cause);
    this.#runs++;
    const mark = this.#watchdog.prepare();
    const run = new CommandRun(command, {
      cwd: directory,
      env: { ...process.env, ...changes.environment(), AGENT_EVENT_CURSOR: this.#cursor, ...mark },
      stdin: stdin === 'changes' ? { text: changes.lines() } : stdin,
      killAfterMs,
    });
    this.#run = run;
    if (run.pid === undefined) this.#watchdog.release();
    else this.#watchdog.guard(run.pid);
    if (run.pid !== undefined) reporter.started(this.#runs, run.pid, cause);
    void run.ended.then((end) => this.#ended(end));
  }

  #ended(end: RunEnd): void {
    this.#watchdog.release();
    this.#run = undefined;
    this.#lastExitCode = exitCodeOfRun(end);
    this.#host.reporter.ended(this.#runs, end);
    const { shell } = this.#options.command;
    if (isBrokenPipe(end, shell) && isPipe(process.stdout.fd)) {
      this.#isEnding = true;
      this.#host.readerGone();
      return;
    }
    this.#policy.ended(performance.now());
    this.#mark();
  }

  #mark(): void {
    this.#marks++;
    if (!this.#host.mark(this.#marks)) this.#policy.marked();
    this.#act();
  }
}

/** Whether it ended because nobody read what it wrote: itself, or what the shell ran last. */
function isBrokenPipe(end: RunEnd, shell: boolean): boolean {
  return end.signal === 'SIGPIPE' || (shell && end.code === exitCodeOf('SIGPIPE'));
}

function isPipe(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}
