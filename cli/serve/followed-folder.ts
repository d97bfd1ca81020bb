// The changes of a folder, as the agent tells them, over whatever happens to the agent.
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../shared/client/index.ts';
import type { HelloFrame, ServerFrame, Status } from '../../shared/index.ts';
import { alertTopic, isPrivatePath, type ReloadBatches } from '../../shared/livereload/index.ts';
import type { CommandContext } from '../command.ts';
import { AgentError, CliError, NoAgentError, UnusableAgentError } from '../errors.ts';
import { noteOtherProtocol } from '../protocol-check.ts';
import { EventStream, type ReviveAgent, type StreamListener } from '../stream/index.ts';
import { FolderState } from './folder-state.ts';

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
export class FollowedFolder implements StreamListener {
  readonly #context: CommandContext;
  readonly #folder: string;
  readonly #events: FolderEvents;
  readonly #revive: ReviveAgent | undefined;
  readonly #state = new FolderState();
  #wasConnected = false;
  #stream: EventStream | undefined;
  #isStopped = false;
  #lastNote = '';

  /**
   * @param folder by its real path
   * @param revive starts the next agent where one died; undefined to wait for one
   */
  constructor(
    context: CommandContext,
    folder: string,
    events: FolderEvents,
    revive: ReviveAgent | undefined,
  ) {
    this.#context = context;
    this.#folder = folder;
    this.#events = events;
    this.#revive = revive;
  }

  /** @throws CliError when the agent can't be followed from the first, or lets this client go on purpose */
  async run(): Promise<void> {
    const backoff = new Backoff();
    while (!this.#isStopped) {
      this.#stream = this.#newStream();
      try {
        await this.#stream.run();
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

  connected(hello: HelloFrame, cameBack: boolean): void {
    const { output, connection } = this.#context;
    this.#state.begin();
    if (!this.#wasConnected) this.#events.following?.();
    this.#wasConnected = true;
    this.#lastNote = '';
    if (!cameBack) return;
    noteOtherProtocol(hello, connection, output);
    output.note(`found the agent "${connection.instance.name}" again`);
  }

  lost(reason: string): void {
    const { output, connection } = this.#context;
    output.note(
      `lost the agent "${connection.instance.name}": ${reason}; files are served, and pages reload once it is back`,
    );
  }

  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'snapshot':
        this.#changed(this.#state.takeSnapshot(frame.files, frame.done));
        break;
      case 'file':
        this.#state.apply(frame.changes);
        this.#changed(frame.changes);
        break;
      case 'message':
        this.#events.alert(frame.data);
        break;
      default:
      // After a gap the differences come, as events or as a snapshot.
    }
  }

  #changed(changes: Parameters<ReloadBatches['add']>[0]): void {
    this.#events.batches.add(changes.filter(({ path }) => !isPrivatePath(path)));
  }

  #newStream(): EventStream {
    const query = {
      topic: ['file', alertTopic],
      root: this.#folder,
      snapshot: true,
      name: 'agent-cli serve',
    };
    return new EventStream(this.#context.connection.instance, query, this, new Backoff(), this.#revive);
  }

  /** Whether an error is that of an agent that came back for other directories, or went again just then. */
  #isPassing(error: unknown): boolean {
    if (error instanceof AgentError) return error.code === 'unknown_root';
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
