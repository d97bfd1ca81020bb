// One fs.watch a directory and none a file: on Linux that is one inotify watch each, all in the one
// instance of the event loop, so that hints come in the order of the changes whatever directory they are
// in. Two roots that overlap share the kernel's watches too, since those go by inode.
import { type FSWatcher, watch } from 'node:fs';
import type { BackendFactory, HintSink, WatchBackend } from './backend.ts';
import { diskPath, mayBeLossy } from './names.ts';

class DirectoriesBackend implements WatchBackend {
  readonly name = 'directories';
  readonly ordered = true;
  readonly crawlEveryMs = undefined;
  readonly lossy = false;
  private readonly root: string;
  private readonly sink: HintSink;
  private readonly watchers = new Map<string, FSWatcher>();

  constructor(root: string, sink: HintSink) {
    this.root = root;
    this.sink = sink;
  }

  get watches(): number {
    return this.watchers.size;
  }

  async start(): Promise<void> {}

  watchDirectory(directory: string): void {
    this.unwatchDirectory(directory);
    const watcher = watch(diskPath(this.root, directory), (event, name) => {
      // A name that lost bytes in decoding can't be looked up: the directory has to be listed.
      const known = name === null || mayBeLossy(name) ? undefined : name;
      this.sink.hint(directory, known, event === 'change');
    });
    watcher.on('error', (error) => {
      this.unwatchDirectory(directory);
      this.sink.failed(directory, error);
    });
    this.watchers.set(directory, watcher);
  }

  unwatchDirectory(directory: string): void {
    this.watchers.get(directory)?.close();
    this.watchers.delete(directory);
  }

  async close(): Promise<void> {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }
}

/** The Linux default. */
export const directoriesBackend: BackendFactory = (root, sink) => new DirectoriesBackend(root, sink);
