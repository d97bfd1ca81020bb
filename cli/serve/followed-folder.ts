// The changes of a folder, as the agent tells them, over whatever happens to the agent.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AgentEvent,
  Backoff,
  type ConnectedEvent,
  type ReviveAgent,
  Tree,
  type TreeChange,
} from '../../shared/client/index.ts';
import type { Status } from '../../shared/index.ts';
import { alertTopic, isPrivatePath, type ReloadBatches } from '../../shared/livereload/index.ts';
import { noteOtherProtocol } from '../agent/index.ts';
import type { CommandContext } from '../line/index.ts';
import { CliError, NoAgentError, RefusedError, UnusableAgentError } from '../outcome/index.ts';
import { LiveStream } from '../stream/index.ts';

/** Where what happens to a folder goes. */
export interface FolderEvents {
  readonly batches: ReloadBatches;
  /** Somebody wants pages to show something. */
  alert(data: unknown): void;
  /** From now on what changes is told. */
  following?(): void;
}

/** Has the agent watch the folder as a root of its own: in another one, a .gitignore may leave it out. */
export async function watchFolder(context: CommandContext, status: Status, folder: string): Promise<void> {
  if (status.roots.some(({ path }) => path === folder)) return;
  await context.connection.addRoot({ path: folder });
}

/** Follows one folder until it is stopped. */
export class FollowedFolder {
  readonly #context: CommandContext;
  readonly #folder: string;
  readonly #ignored: boolean;
  readonly #events: FolderEvents;
  readonly #revive: ReviveAgent | undefined;
  /** What is in the folder, so that after a gap it can be said what changed meanwhile. */
  readonly #tree = new Tree();
  #isKnown = false;
  #wasConnected = false;
  #stream: LiveStream | undefined;
  /** Whether the present stream was. */
  #streamWasConnected = false;
  #isStopped = false;
  #lastNote = '';

  /**
   * @param folder by its real path; with what ignore rules leave out of it, or without
   * @param revive starts the next agent where one died; undefined to wait for one
   */
  constructor(
    context: CommandContext,
    folder: { readonly path: string; readonly ignored: boolean },
    events: FolderEvents,
    revive: ReviveAgent | undefined,
  ) {
    this.#context = context;
    this.#folder = folder.path;
    this.#ignored = folder.ignored;
    this.#events = events;
    this.#revive = revive;
    this.#tree.on('change', (changes) => this.#changed(changes));
  }

  /** @throws CliError when the agent can't be followed from the first, or lets this client go on purpose */
  async run(): Promise<void> {
    const backoff = new Backoff();
    while (!this.#isStopped) {
      this.#stream = this.#newStream();
      this.#streamWasConnected = false;
      try {
        await this.#stream.ended;
        if (this.#isStopped) return;
      } catch (error) {
        if (!this.#isPassing(error)) throw error;
        await this.#watchAgain();
      }
      await delay(backoff.next());
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.stop();
  }

  #connected(hello: ConnectedEvent): void {
    const { output, connection } = this.#context;
    if (!this.#wasConnected) this.#events.following?.();
    this.#wasConnected = true;
    this.#lastNote = '';
    const cameBack = this.#streamWasConnected;
    this.#streamWasConnected = true;
    if (!cameBack) return;
    noteOtherProtocol(hello, connection, output);
    output.note(`found the agent "${connection.instance.name}" again`);
  }

  #lost(reason: string): void {
    const { output, connection } = this.#context;
    output.note(
      `lost the agent "${connection.instance.name}": ${reason}; files are served, and pages reload once it is back`,
    );
  }

  #take(event: AgentEvent): void {
    switch (event.type) {
      case 'connected':
        this.#connected(event);
        break;
      case 'lost':
        this.#lost(event.reason);
        break;
      case 'message':
        this.#events.alert(event.data);
        break;
      case 'root':
        // It went, and is watched again: what was in it counts until it is known what is in it now.
        return;
      default:
      // After a gap the differences come, as events or as a snapshot.
    }
    this.#tree.apply(event);
    this.#isKnown ||= this.#tree.whole;
  }

  #changed(changes: readonly TreeChange[]): void {
    // What is there to begin with is no change.
    if (!this.#isKnown) return;
    const seen = changes.map(({ event, record }) => ({ ...record, event }));
    this.#events.batches.add(seen.filter(({ path }) => !isPrivatePath(path)));
  }

  #newStream(): LiveStream {
    const query = {
      topic: ['file', alertTopic],
      root: this.#folder,
      snapshot: true,
      ignored: this.#ignored,
      name: 'agent-cli serve',
    };
    return new LiveStream(this.#context.connection, query, (event) => this.#take(event), this.#revive);
  }

  /** Whether an error is that of an agent that came back for other directories, or went again just then. */
  #isPassing(error: unknown): boolean {
    if (error instanceof RefusedError) return error.code === 'unknown_root';
    return this.#wasConnected && (error instanceof NoAgentError || error instanceof UnusableAgentError);
  }

  async #watchAgain(): Promise<void> {
    const { connection, output } = this.#context;
    try {
      await watchFolder(this.#context, await connection.status(), this.#folder);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      // It may be about to stop, or the folder to be made anew: it is asked again.
      if (error.message !== this.#lastNote) output.note(error.message);
      this.#lastNote = error.message;
    }
  }
}
