import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { compileGlobs, type PathMatcher } from '../../shared/globs/index.ts';
import { type Change, isEditorFile, SliceClock } from '../../shared/index.ts';
import {
  alertTopic,
  isPrivatePath,
  PageSessions,
  ReloadBatches,
  readScript,
} from '../../shared/livereload/index.ts';
import type { Log } from '../log/index.ts';
import { PagesOnDisk } from './pages-on-disk.ts';

/** Changes are looked at for so long before others get their turn. */
const sliceMs = 5;
/** What a change costs beside its globs, in steps (SliceClock). */
const changeSteps = 400;

/** Pages that are told what changes. */
export class LiveReload {
  readonly #log: Log;
  readonly #matches: PathMatcher | undefined;
  readonly #sessions = new PageSessions();
  readonly #batches: ReloadBatches;
  readonly #pagesOnDisk: PagesOnDisk;

  /**
   * @param match globs of the paths that pages are told of; none for all that pages could be made of
   * @param roots the real paths of the roots: pages that lie in them are told as well
   */
  constructor(match: readonly string[], roots: () => readonly string[], log: Log) {
    this.#log = log;
    this.#pagesOnDisk = new PagesOnDisk(roots);
    this.#matches = match.length > 0 ? compileGlobs(match) : undefined;
    this.#batches = new ReloadBatches((reloads) => {
      this.#log.debug('reload', { paths: reloads.map(({ path }) => path), pages: this.#sessions.size });
      this.#sessions.reload(reloads);
    });
  }

  /** Connected pages. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether another page would be one too many. */
  get isFull(): boolean {
    return this.#sessions.isFull;
  }

  /** The reference client's own file. */
  script(): Promise<Buffer> {
    return readScript();
  }

  /** Takes over the upgrade of a page. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, address: string): void {
    const { origin } = request.headers;
    // No origin at all is a program's, which could say what it likes.
    if (origin !== 'null') this.#sessions.accept(request, socket, head);
    else this.#sessions.accept(request, socket, head, (page) => this.#pagesOnDisk.includes(page));
    this.#log.info('page connected', { address, origin, pages: this.size });
    socket.once('close', () => this.#log.info('page left', { address, origin, pages: this.size }));
  }

  /** Takes in a settled batch of a root. Resolves when all of it was looked at. */
  async changed(changes: readonly Change[]): Promise<void> {
    // Without pages there is nobody to be told, and one that comes later has loaded what is there by then.
    if (this.size === 0) return;
    const clock = new SliceClock(sliceMs);
    let taken: Change[] = [];
    for (const change of changes) {
      if (this.#takesPath(change.path)) taken.push(change);
      if (!clock.spend(changeSteps + (this.#matches?.cost ?? 0) * change.path.length)) continue;
      this.#batches.add(taken);
      taken = [];
      await clock.pause();
    }
    this.#batches.add(taken);
  }

  /** Takes in a message, which pages show if it is meant for them. */
  published(topic: string, data: unknown): void {
    if (topic === alertTopic) this.#sessions.alert(data);
  }

  #takesPath(path: string): boolean {
    if (this.#matches === undefined) return !isPrivatePath(path);
    return !isEditorFile(path) && this.#matches(path);
  }

  /** Tells no more, and closes all pages' connections in order. */
  close(): void {
    this.#batches.close();
    this.#sessions.close();
  }

  /** Ends whatever is left. */
  terminate(): void {
    this.#sessions.terminate();
  }
}
