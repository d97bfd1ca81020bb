// chokidar as a source of hints, for the systems where fs.watch alone is no good one. It walks the tree
// and makes its watches by itself; under load it misses some, so the engine crawls after each storm.
import { relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { BackendFactory, HintSink, WatchBackend } from './backend.ts';
import { mayBeLossy } from './names.ts';

class ChokidarBackend implements WatchBackend {
  readonly name = 'chokidar';
  readonly ordered = false;
  readonly crawlEveryMs = undefined;
  readonly lossy = true;
  private readonly root: string;
  private readonly sink: HintSink;
  private watcher: FSWatcher | undefined;
  private closed = false;
  /** Ends the wait for the first walk. */
  private started = (): void => {};

  constructor(root: string, sink: HintSink) {
    this.root = root;
    this.sink = sink;
  }

  get watches(): number {
    const watched = this.watcher?.getWatched() ?? {};
    return Object.values(watched).reduce((sum, names) => sum + names.length, 0);
  }

  async start(): Promise<void> {
    const watcher = watch(this.root, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path, stats) => {
        const inside = this.inside(path);
        return inside !== '' && this.sink.ignores(inside, stats?.isDirectory() ?? false);
      },
    });
    this.watcher = watcher;
    watcher.on('all', (event, path) => {
      const inside = this.inside(path);
      if (inside === '') {
        this.sink.hintItself('');
        return;
      }
      const slash = inside.lastIndexOf('/');
      const directory = slash === -1 ? '' : inside.slice(0, slash);
      const name = inside.slice(slash + 1);
      this.sink.hint(directory, mayBeLossy(name) ? undefined : name, event === 'change');
    });
    watcher.on('error', (error) => this.sink.failed('', error as NodeJS.ErrnoException));
    await new Promise<void>((resolve) => {
      this.started = resolve;
      watcher.once('ready', resolve);
    });
  }

  async rearm(): Promise<void> {
    await this.stop();
    if (!this.closed) await this.start();
  }

  watchDirectory(): void {}

  unwatchDirectory(): void {}

  async close(): Promise<void> {
    this.closed = true;
    await this.stop();
  }

  private async stop(): Promise<void> {
    // One that is closed for want of watches never says that it is ready.
    this.started();
    const { watcher } = this;
    if (watcher === undefined) return;
    // A removal that it is about to tell would have it begin anew after the close.
    watcher.add = () => watcher;
    await watcher.close();
  }

  private inside(path: string): string {
    const inside = relative(this.root, path);
    return sep === '/' ? inside : inside.split(sep).join('/');
  }
}

/** The default where the `directories` backend has not been proved. */
export const chokidarBackend: BackendFactory = (root, sink) => new ChokidarBackend(root, sink);
