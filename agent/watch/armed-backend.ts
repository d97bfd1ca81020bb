// The backend of a root at work: which errors of a watch mean what, and what takes over where there are no more watches.
import type { Log } from '../log/index.ts';
import type { BackendFactory, HintSink, WatchBackend } from './backend.ts';
import { pollingBackend } from './backend-polling.ts';
import type { Disk } from './disk.ts';
import type { Directory } from './tree-index.ts';

/** What an error of a watch leads to. */
export interface ArmedBackendHost {
  /** The directory is elsewhere or gone, as far as its watch tells. */
  doubtDirectory(directory: Directory): void;
  /** The directory can't be watched at the moment. */
  retryLater(directory: Directory, error: NodeJS.ErrnoException): void;
  /** The kernel gives no watch for a directory outside the default view. */
  refuseOutside(directory: Directory, error: NodeJS.ErrnoException): void;
  /** Lets go of what wide views hold. Returns whether that was anything. */
  freeWatches(error: NodeJS.ErrnoException): boolean;
  /** What changed since the tree was gone through last may have given no hint. */
  wantCrawl(): void;
  /** Nothing of this is foreseen. */
  crashed(error: unknown): void;
}

/** One root's backend, and polling in its place once the kernel gives no more watches. */
export class ArmedBackend {
  private readonly root: string;
  private readonly disk: Disk;
  private readonly log: Log;
  private readonly sink: HintSink;
  private readonly host: ArmedBackendHost;
  private backend: WatchBackend;
  private hasFallenBack = false;
  /** Why the backend is not the one that was wanted. */
  private limited: string | null;

  constructor(parts: {
    disk: Disk;
    log: Log;
    /** Where hints go. */
    sink: HintSink;
    host: ArmedBackendHost;
    factory: BackendFactory;
    /** Why the backend is not the one that was wanted, if the choice was not free. */
    limited: string | null;
  }) {
    this.root = parts.disk.root;
    this.disk = parts.disk;
    this.log = parts.log;
    this.sink = parts.sink;
    this.host = parts.host;
    this.limited = parts.limited;
    this.backend = parts.factory(this.root, parts.sink);
  }

  /** The one at work at this moment. */
  get current(): WatchBackend {
    return this.backend;
  }

  /** Why it is not the one that was wanted; null if it is. */
  get trouble(): string | null {
    return this.limited;
  }

  /**
   * Waits for the hints of all changes made before the call.
   * @returns asked when the hints are acted upon: whether they vouch for all of these changes
   */
  async barrier(): Promise<() => boolean> {
    const { backend } = this;
    const vouched = (await backend.barrier?.()) ?? false;
    return () => vouched && backend === this.backend;
  }

  /** @returns false if the directory can't be watched because it is gone or closed to us */
  watchDirectory(directory: Directory): boolean {
    try {
      this.backend.watchDirectory(directory.path, this.disk.place(directory.path));
      return true;
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      switch (error.code) {
        case 'ENOSPC':
        case 'EMFILE':
          if (directory.stat.outside) {
            this.host.refuseOutside(directory, error);
            return false;
          }
          // The default view comes first.
          if (this.host.freeWatches(error)) return this.watchDirectory(directory);
          this.fallBackToPolling(error);
          return true;
        case 'ENOENT':
        case 'ENOTDIR':
          this.host.doubtDirectory(directory);
          return false;
        default:
          if (!directory.unreadable) {
            this.log.warn('directory skipped', {
              path: directory.path,
              why: 'it can not be watched',
              error: error.code,
            });
          }
          directory.unreadable = true;
          this.host.retryLater(directory, error);
          return false;
      }
    }
  }

  /**
   * Another directory is where this one was. Not waited for: a walk of a large tree takes long, and that of one that
   * is gone again may never end.
   */
  rearm(directory: Pick<Directory, 'path'>): void {
    const { backend } = this;
    backend
      .rearm(directory.path)
      // What changed since it was gone through here may have come before its watch.
      .then(() => backend === this.backend && backend.crawls?.repeats === false && this.host.wantCrawl())
      .catch((error) => this.host.crashed(error));
  }

  /** A watch could not be made or died. */
  failed(path: string, error: NodeJS.ErrnoException): void {
    if (error.code === 'ENOSPC' || error.code === 'EMFILE') {
      if (this.host.freeWatches(error)) this.rearm({ path: '' });
      else this.fallBackToPolling(error);
    } else {
      this.log.warn('watch failed', { path, error });
      this.sink.hint(path, undefined, false);
    }
  }

  private fallBackToPolling(error: NodeJS.ErrnoException): void {
    if (this.hasFallenBack) return;
    this.hasFallenBack = true;
    this.limited = noMoreWatches(error);
    this.log.error('no more watches, polling from now on', { error: error.code, degraded: this.limited });
    const old = this.backend;
    this.backend = pollingBackend(this.root, this.sink);
    void old.close(false);
    this.host.wantCrawl();
  }
}

/** What is wrong, and what helps. */
function noMoreWatches({ code }: NodeJS.ErrnoException): string {
  if (process.platform !== 'linux')
    return `the system gives no more watches (${code}), so the tree is polled: close other programs that watch files and restart the agent`;
  const limit = code === 'EMFILE' ? 'fs.inotify.max_user_instances' : 'fs.inotify.max_user_watches';
  const value = code === 'EMFILE' ? 1024 : 1048576;
  return `the kernel gives no more inotify watches (${code}), so the tree is polled: raise the limit with "sudo sysctl ${limit}=${value}" and restart the agent`;
}
