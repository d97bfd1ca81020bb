// chokidar as a source of hints, for the systems where fs.watch alone is no good one. It walks the tree
// and makes its watches by itself; under load it misses some, so the engine crawls after each storm.
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { afterStorms, type HintSink, type WatchBackend } from './backend.ts';
import { joinPath, mayBeLossy, splitPath } from './names.ts';

/**
 * chokidar never says that it is ready if a directory becomes something else between its lstat and its opendir. So
 * a walk that finds nothing new for this long counts as done; what it missed is found by the crawl.
 */
const walkStandsStillMs = 2_000;

class ChokidarBackend implements WatchBackend {
  readonly name = 'chokidar';
  readonly ordered = false;
  /** On Linux a name is what its bytes are; elsewhere some events give it as the system does. */
  readonly namesAsListed = process.platform === 'linux';
  readonly crawls = afterStorms;
  private readonly root: string;
  private readonly sink: HintSink;
  private readonly standsStillMs: number;
  private watcher: FSWatcher | undefined;
  private closed = false;
  private generation = 0;
  /** While chokidar tells of what it was made to do. */
  private muted = false;
  /** Ends the wait for the first walk. */
  private started = (): void => {};

  constructor(root: string, sink: HintSink, standsStillMs: number) {
    this.root = root;
    this.sink = sink;
    this.standsStillMs = standsStillMs;
  }

  get watches(): number {
    let sum = 0;
    for (const { items } of this.watcher?._watched.values() ?? []) sum += items.size;
    return sum;
  }

  async start(): Promise<void> {
    const watcher = watch(this.root, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path, stats) => {
        const inside = this.inside(path);
        // When the only thing that it watches is gone, chokidar waits for its return by watching what is above.
        if (inside === undefined) return true;
        return inside !== '' && this.sink.ignores(inside, stats?.isDirectory() ?? false);
      },
    });
    this.watcher = watcher;
    watcher.on('all', (event, path) => {
      if (!this.muted) this.hint(this.inside(path), event === 'change');
    });
    // What it makes its events of: it says nothing of a directory that another one with the same names replaced.
    watcher.on('raw', (event, name, details) => {
      // Windows gives no name when its buffer was full.
      if (name === null) return this.sink.doubt(process.platform === 'win32');
      // Its types leave open what its handler always gives.
      const { watchedPath } = details as { watchedPath: string };
      const watched = this.inside(watchedPath);
      if (watched === undefined || typeof name !== 'string') return;
      const path = joinPath(watched, name);
      if (path !== '' && !this.sink.ignores(path, false)) this.hint(path, event === 'change');
    });
    watcher.on('error', (error) => this.sink.failed('', error as NodeJS.ErrnoException));
    await this.walked(watcher);
  }

  /** Resolves when the first walk is done, or has stopped without a word. */
  private async walked(watcher: FSWatcher): Promise<void> {
    let most = 0;
    let look: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.started = resolve;
      watcher.once('ready', resolve);
      look = setInterval(() => {
        const { watches } = this;
        // The most so far, since a tree that comes and goes would never stand still.
        if (watches <= most) resolve();
        most = Math.max(most, watches);
      }, this.standsStillMs);
    });
    clearInterval(look);
  }

  async rearm(directory: string): Promise<void> {
    if (directory === '') return this.restart();
    const { watcher } = this;
    const path = join(this.root, directory);
    // chokidar goes by names: it takes the new directory for the one that it knows, and its watches stay where
    // they are. Its own way of dropping a directory that is gone is the only one that drops all below it.
    this.muted = true;
    watcher?._remove(dirname(path), basename(path), true);
    this.muted = false;
    watcher?.add(path);
  }

  private async restart(): Promise<void> {
    const generation = ++this.generation;
    await this.stop();
    // Of several at once the last one counts.
    if (!this.closed && generation === this.generation) await this.start();
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
    const closing = watcher.close();
    // It has dropped its listeners; an error of what was under way would be nobody's, and end the process.
    watcher.on('error', () => {});
    await closing;
  }

  private hint(inside: string | undefined, content: boolean): void {
    if (inside === undefined) return;
    if (inside === '') {
      this.sink.hintItself('');
      return;
    }
    const { directory, name } = splitPath(inside);
    this.sink.hint(directory, mayBeLossy(name) ? undefined : name, content);
  }

  /** Relative to the root; undefined for what is not in it. */
  private inside(path: string): string | undefined {
    const inside = relative(this.root, path);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return undefined;
    return sep === '/' ? inside : inside.split(sep).join('/');
  }
}

/**
 * The default where the `directories` backend has not been proved.
 * @param standsStillMs how long its first walk may find nothing new before it counts as done
 */
export const chokidarBackend = (
  root: string,
  sink: HintSink,
  standsStillMs = walkStandsStillMs,
): WatchBackend => new ChokidarBackend(root, sink, standsStillMs);
