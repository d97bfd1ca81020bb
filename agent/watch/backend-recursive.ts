// One fs.watch a root, for all that is below it: FSEvents on macOS, ReadDirectoryChangesW on Windows. Elsewhere Node
// makes up for it with a watch a file, by names. Hints can be missing on all of them:
//
// - macOS: libuv passes over the events that say that others were dropped (kFSEventsSystem in src/unix/fsevents.c).
//   It has one stream a process, made anew by another thread, from "now" on, whenever a watch comes or goes
//   (uv__fsevents_reschedule); what happens meanwhile is in neither.
// - Windows says when its buffer was full, by a hint without a name (uv__process_fs_event_req in src/win/fs-event.c).
// - Linux: Node (lib/internal/fs/recursive_watch.js) keeps the dead watches of entries that others replaced, and with
//   a removed `ab` drops the watches of `abc`.
//
// So the engine crawls after each storm of hints, and takes none of them for more than a reason to look.
import type { EventEmitter } from 'node:events';
import { watch } from 'node:fs';
import { posix, win32 } from 'node:path';
import { afterStorms, type BackendFactory, type HintSink, type WatchBackend } from './backend.ts';
import { mayBeLossy, splitPath } from './names.ts';

/** Where Node makes up for it, the tree is crawled this often even without a hint: silence means nothing there. */
const emulatedCrawlMs = 10_000;

/** What `fs.watch` gives: `change` with an event and a name or null, and `error`. */
export interface Watching extends EventEmitter {
  close(): void;
}

/** Where hints come from, and what they are worth. */
export interface RecursiveSource {
  readonly platform: NodeJS.Platform;
  /** @throws NodeJS.ErrnoException as the system gives it */
  readonly watch: (root: string) => Watching;
  /** How soon a watch that could not be made, or that died, is tried again. */
  readonly retryMs: number;
}

const fromSystem: RecursiveSource = {
  platform: process.platform,
  watch: (root) => watch(root, { recursive: true }),
  // Until then the tree is crawled as often.
  retryMs: 1000,
};

/** Errors of a system that has no more watches to give. */
const isExhausted = ({ code }: NodeJS.ErrnoException): boolean => code === 'ENOSPC' || code === 'EMFILE';

class RecursiveBackend implements WatchBackend {
  readonly name = 'recursive';
  readonly ordered = false;
  readonly namesAsListed = false;
  readonly crawls = afterStorms;
  private readonly root: string;
  private readonly sink: HintSink;
  private readonly source: RecursiveSource;
  /** Those that watch at the moment, of all roots: on macOS they share a stream. */
  private readonly streaming: Set<RecursiveBackend>;
  private readonly isEmulated: boolean;
  private watcher: Watching | undefined;
  private rearming: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private doubts: NodeJS.Timeout | undefined;
  /** Whether the last try failed: a failure is reported once. */
  private failing = false;
  private closed = false;

  constructor(root: string, sink: HintSink, source: RecursiveSource, streaming: Set<RecursiveBackend>) {
    const { platform } = source;
    this.root = root;
    this.sink = sink;
    this.source = source;
    this.streaming = streaming;
    this.isEmulated = platform !== 'darwin' && platform !== 'win32';
  }

  get watches(): number {
    return this.watcher === undefined ? 0 : 1;
  }

  async start(): Promise<void> {
    this.open();
    if (this.isEmulated) this.doubts = setInterval(() => this.sink.doubt(false), emulatedCrawlMs).unref();
  }

  /** Of several in one turn the last one counts, and all wait for that. */
  async rearm(directory: string): Promise<void> {
    // The system goes by the root: whatever is below it is watched, whichever directory that is.
    if (directory !== '' && !this.isEmulated) return;
    this.rearming ??= new Promise((resolve) => {
      setImmediate(() => {
        this.rearming = undefined;
        this.open();
        resolve();
      });
    });
    await this.rearming;
  }

  watchDirectory(): void {}

  unwatchDirectory(): void {}

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.doubts);
    this.shut();
  }

  /** Watches the root that is there now, in place of what was watched before. */
  private open(): void {
    this.shut();
    if (this.closed) return;
    try {
      const watcher = this.source.watch(this.root);
      watcher.on('change', (_event, name: string | null) => {
        if (watcher === this.watcher) this.take(name);
      });
      watcher.on('error', (error: NodeJS.ErrnoException) => {
        if (watcher === this.watcher) this.onError(error);
      });
      this.watcher = watcher;
      this.failing = false;
      this.streaming.add(this);
      this.doubtOthers();
    } catch (error) {
      this.onFailure(error as NodeJS.ErrnoException);
    }
  }

  private shut(): void {
    clearTimeout(this.retry);
    const { watcher } = this;
    if (watcher === undefined) return;
    this.watcher = undefined;
    watcher.close();
    this.streaming.delete(this);
    this.doubtOthers();
  }

  /** The stream of all roots is made anew. The engine crawls its own root when it has been armed. */
  private doubtOthers(): void {
    if (this.source.platform !== 'darwin') return;
    for (const other of this.streaming) if (other !== this) other.sink.doubt(false);
  }

  private take(name: string | null): void {
    const isWindows = this.source.platform === 'win32';
    if (name === null) {
      this.sink.doubt(isWindows);
      return;
    }
    const { isAbsolute, relative } = isWindows ? win32 : posix;
    const inside = isAbsolute(name) ? relative(this.root, name) : name;
    const path = isWindows ? inside.replaceAll('\\', '/') : inside;
    // Of a root that is being removed Node on Linux gives an empty name, and Windows the whole path. Whatever else is
    // not in the root is a reason to look at it, and never the name of an entry.
    if (path === '' || path === '..' || path.startsWith('../') || isAbsolute(inside)) {
      this.sink.hintItself('');
      return;
    }
    const { directory, name: last } = splitPath(path);
    // Whether it is of a write can't be told: FSEvents joins what happened to a file, and so do the others' words.
    this.sink.hint(directory, mayBeLossy(last) ? undefined : last, true);
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (!this.isEmulated) {
      // The handle is closed by now.
      this.shut();
      this.onFailure(error);
    } else if (isExhausted(error)) this.sink.failed('', error);
    // A directory could not be gone through to its end. The rest is watched.
    else this.sink.doubt(false);
  }

  /** Without a watch the tree is crawled until there is one. */
  private onFailure(error: NodeJS.ErrnoException): void {
    if (isExhausted(error)) {
      this.sink.failed('', error);
      return;
    }
    // That the root is gone, the engine finds and says by itself.
    if (!this.failing && error.code !== 'ENOENT') this.sink.failed('', error);
    this.failing = true;
    this.retry = setTimeout(() => {
      this.open();
      this.sink.doubt(false);
    }, this.source.retryMs).unref();
  }
}

/**
 * The default on macOS and Windows.
 * @returns a factory for all roots of a process
 */
export function recursiveBackend(source: RecursiveSource = fromSystem): BackendFactory {
  const streaming = new Set<RecursiveBackend>();
  return (root, sink) => new RecursiveBackend(root, sink, source, streaming);
}
