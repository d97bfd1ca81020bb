// One fs.watch a directory and none a file: on Linux that is one inotify watch each, all in the one
// instance of the event loop, so that hints come in the order of the changes whatever directory they are
// in. Two roots that overlap share the kernel's watches too, since those go by inode.
import { type FSWatcher, watch } from 'node:fs';
import type { BackendFactory, HintSink, WatchBackend } from './backend.ts';
import { mayBeLossy } from './names.ts';
import { RetiredWatches } from './retired-watches.ts';

/**
 * The directory itself, as it is watched. The kernel tells of a watched directory itself without a name, and
 * libuv puts the last part of the watched path in its place: this one can't be an entry's.
 */
const itself = '.';

class DirectoriesBackend implements WatchBackend {
  readonly name = 'directories';
  readonly ordered = true;
  readonly namesAsListed = true;
  readonly crawls = undefined;
  readonly barrier: () => Promise<boolean>;
  private readonly sink: HintSink;
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly retired: RetiredWatches;

  constructor(sink: HintSink, barrier: () => Promise<boolean>) {
    this.sink = sink;
    this.barrier = barrier;
    this.retired = new RetiredWatches(() => sink.unheard());
  }

  get watches(): number {
    return this.watchers.size;
  }

  async start(): Promise<void> {}

  async rearm(): Promise<void> {}

  watchDirectory(directory: string, place: string | Buffer): void {
    const watcher = this.watch(insideOf(place));
    watcher.on('change', (event, name) => {
      if (this.watchers.get(directory) !== watcher) {
        this.retired.hint();
        if (!this.sink.passed()) return;
        watcher.close();
        this.sink.unheard();
        return;
      }
      if (name === itself) {
        this.sink.hintItself(directory);
        return;
      }
      // A name that lost bytes in decoding can't be looked up: the directory has to be listed.
      const known = typeof name !== 'string' || mayBeLossy(name) ? undefined : name;
      this.sink.hint(directory, known, event === 'change');
    });
    watcher.on('error', (error) => {
      watcher.close();
      if (this.watchers.get(directory) !== watcher) return;
      this.watchers.delete(directory);
      this.sink.failed(directory, error);
    });
    // Only now: as long as one of the two is there, the kernel queues the hints of a directory that both are on.
    this.unwatchDirectory(directory, false);
    this.watchers.set(directory, watcher);
  }

  unwatchDirectory(directory: string, atOnce: boolean): void {
    const watcher = this.watchers.get(directory);
    if (watcher === undefined) return;
    this.watchers.delete(directory);
    if (atOnce) {
      watcher.close();
      this.sink.unheard();
    } else this.retired.add(watcher);
  }

  async close(atOnce: boolean): Promise<void> {
    for (const watcher of this.watchers.values()) this.retired.add(watcher);
    this.watchers.clear();
    if (atOnce) this.retired.closeAll();
    await this.retired.drained();
  }

  private watch(path: string | Buffer): FSWatcher {
    try {
      return watch(path);
    } catch (error) {
      const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      if (isFull && this.retired.closeAll()) return watch(path);
      throw error;
    }
  }
}

/** `place/.`, which is also no path to anything but a directory. */
function insideOf(place: string | Buffer): string | Buffer {
  return typeof place === 'string' ? `${place}/${itself}` : Buffer.concat([place, Buffer.from(`/${itself}`)]);
}

/**
 * The Linux default.
 * @param barrier waits for all hints that the kernel has queued: they come in one queue, whatever root they are of
 */
export const directoriesBackend =
  (barrier: () => Promise<boolean>): BackendFactory =>
  (_root, sink) =>
    new DirectoriesBackend(sink, barrier);
