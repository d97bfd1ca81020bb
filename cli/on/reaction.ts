// What `on` does: follows the agent's events, and has a command run for them.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff, type StreamQuery } from '../../shared/client/index.ts';
import {
  type FileEvent,
  type HelloFrame,
  isEditorFile,
  type ServerFrame,
  type Status,
} from '../../shared/index.ts';
import type { CommandContext } from '../command.ts';
import { agentReviver, ensureAgent } from '../ensure-agent.ts';
import { AgentError, CliError, NoAgentError, UnusableAgentError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { noteOtherProtocol } from '../protocol-check.ts';
import { exitCodeOf } from '../signals.ts';
import { EventStream, type StreamListener } from '../stream/index.ts';
import { globFilter, type PathKind, type Place } from './globs.ts';
import { Reporter } from './reporter.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import { watchedPlace } from './watched-place.ts';

/** What the command is run for, and how. */
export interface ReactionOptions extends Omit<RunnerOptions, 'directory'> {
  /** Relative to the current directory; none for messages alone. */
  readonly globs: readonly string[];
  readonly ignore: readonly string[];
  /** Of messages; none for file changes alone. */
  readonly topics: readonly string[];
  /** Whether the command is run before anything has happened. */
  readonly initial: boolean;
  /** Whether no agent is to be started. */
  readonly noStart: boolean;
}

/** After them agent-cli ends. */
const endingSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
/** They are the command's business; its session is another, so that the terminal sends them to us alone. */
const passingSignals: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'];
const stopSignal = 'SIGTSTP';

const takenSignals: readonly NodeJS.Signals[] =
  // Windows has no others that a program could take.
  process.platform === 'win32'
    ? ['SIGINT', 'SIGTERM', 'SIGHUP']
    : [...endingSignals, ...passingSignals, stopSignal];

/** What stands at a path, links followed: `src` may well be a link to a directory. */
function kindOf(path: string): PathKind {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'file';
  } catch {
    // Not there yet, or a glob.
    return undefined;
  }
}

/** One `on`, from its first connection to its end. */
class Reaction implements StreamListener {
  readonly #context: CommandContext;
  readonly #options: ReactionOptions;
  readonly #directory = process.cwd();
  readonly #reporter: Reporter;
  readonly #runner: Runner;
  readonly #backoff = new Backoff();
  /** Absent when no files are of interest. */
  #place: Place | undefined;
  #stream: EventStream | undefined;
  #cursor: string | undefined;
  #isOver = false;
  #exitCode: number = exitCodes.done;

  constructor(context: CommandContext, options: ReactionOptions) {
    this.#context = context;
    this.#options = options;
    this.#reporter = new Reporter(context, options.command);
    this.#runner = new Runner(
      { ...options, directory: this.#directory },
      {
        output: context.output,
        reporter: this.#reporter,
        mark: (id) => this.#stream?.sync(id) ?? false,
        readerGone: () => this.#end(exitCodes.done),
      },
    );
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    const { noStart } = this.#options;
    // The shell may stand in one that was removed.
    if (!existsSync(this.#directory)) {
      throw new CliError(exitCodes.failed, 'the current directory is gone', {
        hint: 'go to one that exists: cd, or cd "$PWD" if it was made again',
      });
    }
    await this.#settle(await ensureAgent(this.#context, { noStart, roots: [this.#directory] }));
    const release = this.#context.signals.take(takenSignals, (signal) => this.#takeSignal(signal));
    try {
      await this.#follow();
    } finally {
      // Also when the agent sends us away.
      await this.#runner.end('SIGTERM');
      release();
    }
    return this.#exitCode;
  }

  connected(hello: HelloFrame): void {
    const isFirst = this.#cursor === undefined;
    this.#cursor = hello.cursor;
    if (isFirst) {
      if (this.#options.initial) this.#runner.begin(hello.cursor);
      return;
    }
    noteOtherProtocol(hello, this.#context.connection, this.#context.output);
    this.#reporter.found(hello);
  }

  lost(reason: string): void {
    this.#reporter.lost(reason);
    this.#runner.connectionLost();
  }

  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'file':
        if (this.#place !== undefined) this.#runner.takeFile(this.#withoutEditorFiles(frame), this.#place);
        break;
      case 'message':
        this.#runner.takeMessage(frame);
        break;
      case 'gap':
        // After a new crawl it is files that may have changed unseen.
        if (frame.reason === 'recrawl' && this.#place === undefined) break;
        this.#reporter.gap(frame);
        this.#runner.takeGap(frame);
        break;
      case 'synced':
      case 'error':
        if (typeof frame.id === 'number') this.#runner.markReached(frame.id);
        else if (frame.type === 'error') {
          this.#reporter.note(`the agent says: ${frame.detail} (${frame.code})`);
        }
        return;
      default:
        // Answers to what is not asked here, and frames of a later protocol.
        return;
    }
    this.#cursor = frame.cursor;
  }

  /** An editor's own files are no change, unless they are what was asked for. */
  #withoutEditorFiles(event: FileEvent): FileEvent {
    if (this.#options.globs.some(isEditorFile)) return event;
    return { ...event, changes: event.changes.filter(({ path }) => !isEditorFile(path)) };
  }

  /** Follows one stream after another, should the next agent not know the root of the one before. */
  async #follow(): Promise<void> {
    const { connection } = this.#context;
    while (!this.#isOver) {
      this.#stream = new EventStream(
        connection.instance,
        this.#query(),
        this,
        new Backoff(),
        agentReviver(this.#context, { noStart: this.#options.noStart }),
      );
      try {
        await this.#stream.run();
      } catch (error) {
        // What does not work to begin with is told; an agent that was there before may come back.
        if (this.#cursor === undefined || !mayPass(error)) throw error;
        await delay(this.#backoff.next());
        if (error instanceof AgentError)
          await this.#settle(await connection.status()).catch(throwUnlessPassing);
      }
    }
  }

  /** Finds where in the agent's roots this is, if files are of interest. */
  async #settle(status: Status): Promise<void> {
    if (this.#options.globs.length === 0) return;
    this.#place = await watchedPlace(this.#context.connection, status, this.#directory, () =>
      this.#reporter.note(`the agent watches ${this.#directory}, too, from now on`),
    );
  }

  #query(): StreamQuery {
    const { globs, ignore, topics } = this.#options;
    const place = this.#place;
    const files =
      place === undefined
        ? { topic: [], root: undefined, match: [], ignore: [] }
        : {
            topic: ['file'],
            root: place.root,
            ...globFilter(globs, ignore, place, (path) => kindOf(join(this.#directory, path))),
          };
    return {
      ...files,
      topic: [...topics, ...files.topic],
      since: this.#cursor,
      snapshot: false,
      name: 'agent-cli on',
    };
  }

  #takeSignal(signal: NodeJS.Signals): void {
    if (endingSignals.includes(signal)) {
      void this.#runner.end(signal).then(() => {
        // Ctrl-C is how people end it: what counts for them is how the last run went.
        const last = signal === 'SIGINT' ? this.#runner.lastExitCode : undefined;
        this.#end(last ?? exitCodeOf(signal));
      });
    } else if (signal === stopSignal) {
      // The command is out of the terminal's job control: without this it would run on and print.
      this.#runner.forward('SIGSTOP');
      process.kill(process.pid, 'SIGSTOP');
    } else {
      this.#runner.forward(signal);
    }
  }

  #end(exitCode: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exitCode = exitCode;
    this.#stream?.stop();
  }
}

/** Whether an agent that was there before may be so again. */
function mayPass(error: unknown): boolean {
  return (
    (error instanceof AgentError && error.code === 'unknown_root') ||
    error instanceof NoAgentError ||
    error instanceof UnusableAgentError
  );
}

function throwUnlessPassing(error: unknown): void {
  if (!mayPass(error)) throw error;
}

/**
 * Runs a command whenever files that match change, or messages come, until a signal ends it.
 * @returns the exit code
 * @throws CliError when there is no agent to begin with, or it sends this client away
 */
export function react(context: CommandContext, options: ReactionOptions): Promise<number> {
  return new Reaction(context, options).run();
}
