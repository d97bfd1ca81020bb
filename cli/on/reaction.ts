// What `on` does: follows the agent's events, and has a command run for them.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AgentEvent,
  Backoff,
  type ConnectedEvent,
  type StreamQuery,
} from '../../shared/client/index.ts';
import { type FileEvent, type GapEvent, isEditorFile, type Status } from '../../shared/index.ts';
import { noteOtherProtocol } from '../agent/index.ts';
import type { CommandContext } from '../line/index.ts';
import {
  CliError,
  exitCodeOf,
  exitCodes,
  NoAgentError,
  RefusedError,
  UnusableAgentError,
} from '../outcome/index.ts';
import { LinkWatch, type NamedLink } from '../paths/index.ts';
import { agentReviver, ensureAgent } from '../start/index.ts';
import { NamedPaths, type RootFilter } from './named-paths.ts';
import { Reporter } from './reporter.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import { StreamSet, type StreamSetListener } from './stream-set.ts';

/** What the command is run for, and how. */
export interface ReactionOptions extends Omit<RunnerOptions, 'directory'> {
  /** Relative to the current directory; none for messages alone. */
  readonly globs: readonly string[];
  readonly ignore: readonly string[];
  /** Whether what ignore rules leave out counts, too. */
  readonly ignored: boolean;
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

/** One `on`, from its first connection to its end. */
class Reaction implements StreamSetListener {
  readonly #context: CommandContext;
  readonly #options: ReactionOptions;
  readonly #directory = process.cwd();
  readonly #reporter: Reporter;
  readonly #runner: Runner;
  readonly #backoff = new Backoff();
  readonly #named: NamedPaths;
  /** None when no files are of interest. */
  #filters: readonly RootFilter[] = [];
  #streams: StreamSet | undefined;
  #links: LinkWatch | undefined;
  /** As they were when the roots were looked for. */
  #namedLinks: readonly NamedLink[] = [];
  /** Links that were turned, and for which the command has still to be run. */
  #turned: readonly NamedLink[] = [];
  /** How far each root's stream has got; without roots, of messages alone. */
  readonly #cursors = new Map<string, string>();
  /** Whether all streams have stood. */
  #hasBegun = false;
  /** Whether the agent did not watch all that is named for a while. */
  #wasUnwatched = false;
  /** That of the messages, which come with the first. */
  #cursor: string | undefined;
  #lastGap = '';
  #lastNote = '';
  #isOver = false;
  #exitCode: number = exitCodes.done;

  constructor(context: CommandContext, options: ReactionOptions) {
    this.#context = context;
    this.#options = options;
    this.#named = new NamedPaths(this.#directory, options);
    this.#reporter = new Reporter(context, options.command);
    this.#runner = new Runner(
      { ...options, directory: this.#directory },
      {
        output: context.output,
        reporter: this.#reporter,
        mark: (id) => this.#streams?.sync(id) ?? false,
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

  connected(hello: ConnectedEvent): void {
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    if (isFirst && this.#options.initial) this.#runner.begin(hello.cursor);
    // The root is new to this agent: no stream says what was missed in it.
    if (this.#wasUnwatched) this.#runner.takeGap({ type: 'gap', reason: 'recrawl', cursor: hello.cursor });
    this.#wasUnwatched = false;
    const turned = this.#turned;
    this.#turned = [];
    if (turned.length === 0) return;
    // All that is behind a link has changed with it.
    const changes = turned.map(({ shown }) => ({ event: 'change', path: shown, kind: 'symlink' }) as const);
    const { cursor } = hello;
    const event = { type: 'file', cursor, time: Date.now(), topic: 'file', root: '', changes } as const;
    this.#runner.takeFile(event, (path) => path);
  }

  stands({ cursor }: ConnectedEvent, stream: number): void {
    // Each stream may be of another view, and its cursors of another journal.
    const filter = this.#filters[stream];
    if (filter !== undefined) this.#cursors.set(filter.root, cursor);
    if (stream === 0) this.#cursor = cursor;
  }

  found(hello: ConnectedEvent): void {
    noteOtherProtocol(hello, this.#context.connection, this.#context.output);
    this.#reporter.found(hello);
  }

  lost(reason: string): void {
    this.#reporter.lost(reason);
    this.#runner.connectionLost();
  }

  marked(id: number): void {
    this.#runner.markReached(id);
  }

  event(event: AgentEvent, stream: number): void {
    const filter = this.#filters[stream];
    switch (event.type) {
      case 'file':
        if (filter === undefined) break;
        // What comes from behind a link that was turned is of before.
        if (this.#links?.look() === true) return;
        this.#runner.takeFile(this.#withoutEditorFiles(event), filter.show);
        if (event.changes.some(({ kind, event }) => kind === 'symlink' && event !== 'unlink'))
          this.#lookForLinks();
        break;
      case 'message':
        this.#runner.takeMessage(event);
        break;
      case 'gap':
        // After a new crawl it is files that may have changed unseen.
        if (event.reason === 'recrawl' && filter === undefined) break;
        this.#takeGap(event);
        break;
      default:
        // Roots that come and go are no reason to run anything.
        return;
    }
    if (filter !== undefined) this.#cursors.set(filter.root, event.cursor);
    if (stream === 0) this.#cursor = event.cursor;
  }

  /** Every stream tells what all of them lost. */
  #takeGap(gap: GapEvent): void {
    const what = `${gap.reason} ${gap.cursor}`;
    if (what !== this.#lastGap) this.#reporter.gap(gap);
    this.#lastGap = what;
    this.#runner.takeGap(gap);
  }

  /** An editor's own files are no change, unless they are what was asked for. */
  #withoutEditorFiles(event: FileEvent): FileEvent {
    if (this.#options.globs.some(isEditorFile)) return event;
    return { ...event, changes: event.changes.filter(({ path }) => !isEditorFile(path)) };
  }

  /** Follows one set of streams after another, should the next agent not know the roots, or a link be turned. */
  async #follow(): Promise<void> {
    const { connection } = this.#context;
    while (!this.#isOver) {
      const revive = agentReviver(this.#context, { noStart: this.#options.noStart });
      this.#streams = new StreamSet(connection, this.#queries(), this, revive);
      this.#links = new LinkWatch(this.#namedLinks, (links) => this.#turn(links));
      try {
        await this.#streams.run();
        if (!this.#isOver) await this.#settleAgain();
      } catch (error) {
        // What does not work to begin with is told; an agent that was there before may come back.
        if (!this.#hasBegun || !mayPass(error)) throw error;
        await delay(this.#backoff.next());
        if (error instanceof RefusedError)
          await this.#settle(await connection.status(), true).catch(throwUnlessPassing);
      } finally {
        this.#links.stop();
      }
    }
  }

  /** Begins anew with what the links lead to now. */
  #turn(links: readonly NamedLink[]): void {
    const others = this.#turned.filter(({ path }) => !links.some((link) => link.path === path));
    this.#turned = [...others, ...links];
    this.#streams?.stop();
    // The rest of a batch, or a mark, comes no more.
    this.#runner.connectionLost();
  }

  /** In the place of a directory that was named there may be a link now. */
  #lookForLinks(): void {
    const links = this.#named.links().filter(({ path }) => this.#links?.knows(path) !== true);
    if (links.length > 0) this.#turn(links);
  }

  /** After a link was turned: what it leads to may not be ready to be watched yet. */
  async #settleAgain(): Promise<void> {
    try {
      await this.#settle(await this.#context.connection.status());
      this.#lastNote = '';
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.message !== this.#lastNote) this.#reporter.note(error.message);
      this.#lastNote = error.message;
      await delay(this.#backoff.next());
    }
  }

  /**
   * Finds the agent's roots in which all that is named lies; what none holds is one from now on.
   * @param isFollowed whether all of it has been followed until now, by an agent that knew these roots
   */
  async #settle(status: Status, isFollowed = false): Promise<void> {
    const links = this.#named.links();
    const roots = status.roots.map(({ path }) => path);
    this.#filters = await this.#named.filters(roots, async (directory) => {
      const { path } = await this.#context.connection.addRoot({ path: directory });
      this.#wasUnwatched ||= isFollowed;
      this.#reporter.note(`the agent watches ${directory}, too, from now on`);
      return path;
    });
    this.#namedLinks = links;
  }

  #queries(): StreamQuery[] {
    const { topics, ignored } = this.#options;
    const common = { snapshot: false, name: 'agent-cli on' };
    if (this.#filters.length === 0) return [{ ...common, topic: topics, since: this.#cursor }];
    return this.#filters.map(({ root, match, ignore }, index) => ({
      ...common,
      topic: index === 0 ? [...topics, 'file'] : ['file'],
      root,
      match,
      ignore,
      ignored,
      since: this.#cursors.get(root) ?? (index === 0 ? this.#cursor : undefined),
    }));
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
    this.#streams?.stop();
  }
}

/** Whether an agent that was there before may be so again. */
function mayPass(error: unknown): boolean {
  return (
    (error instanceof RefusedError && error.code === 'unknown_root') ||
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
