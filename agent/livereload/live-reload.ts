import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { compileGlobs, type PathTest } from '../../shared/globs/index.ts';
import { type Change, isEditorFile } from '../../shared/index.ts';
import {
  alertTopic,
  isPrivatePath,
  PageSessions,
  ReloadBatches,
  readScript,
} from '../../shared/livereload/index.ts';
import type { Log } from '../log/index.ts';
import { PagesOnDisk } from './pages-on-disk.ts';

/** Pages that are told what changes. */
export class LiveReload {
  private readonly log: Log;
  private readonly takesPath: PathTest;
  private readonly sessions = new PageSessions();
  private readonly batches: ReloadBatches;
  private readonly pagesOnDisk: PagesOnDisk;

  /**
   * @param match globs of the paths that pages are told of; none for all that pages could be made of
   * @param roots the real paths of the roots: pages that lie in them are told as well
   */
  constructor(match: readonly string[], roots: () => readonly string[], log: Log) {
    this.log = log;
    this.pagesOnDisk = new PagesOnDisk(roots);
    const matches = match.length > 0 ? compileGlobs(match) : undefined;
    this.takesPath = (path) =>
      matches === undefined ? !isPrivatePath(path) : !isEditorFile(path) && matches(path);
    this.batches = new ReloadBatches((reloads) => {
      this.log.debug('reload', { paths: reloads.map(({ path }) => path), pages: this.sessions.size });
      this.sessions.reload(reloads);
    });
  }

  /** Connected pages. */
  get size(): number {
    return this.sessions.size;
  }

  /** Whether another page would be one too many. */
  get isFull(): boolean {
    return this.sessions.isFull;
  }

  /** The reference client's own file. */
  script(): Promise<Buffer> {
    return readScript();
  }

  /** Takes over the upgrade of a page. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, address: string): void {
    const { origin } = request.headers;
    // No origin at all is a program's, which could say what it likes.
    if (origin !== 'null') this.sessions.accept(request, socket, head);
    else this.sessions.accept(request, socket, head, (page) => this.pagesOnDisk.includes(page));
    this.log.info('page connected', { address, origin, pages: this.size });
    socket.once('close', () => this.log.info('page left', { address, origin, pages: this.size }));
  }

  /** Takes in a settled batch of a root, or a piece of one. */
  changed(changes: readonly Change[]): void {
    // Without pages there is nobody to be told, and one that comes later has loaded what is there by then.
    if (this.size === 0) return;
    this.batches.add(changes.filter(({ path }) => this.takesPath(path)));
  }

  /** Takes in a message, which pages show if it is meant for them. */
  published(topic: string, data: unknown): void {
    if (topic === alertTopic) this.sessions.alert(data);
  }

  /** Tells no more, and closes all pages' connections in order. */
  close(): void {
    this.batches.close();
    this.sessions.close();
  }

  /** Ends whatever is left. */
  terminate(): void {
    this.sessions.terminate();
  }
}
