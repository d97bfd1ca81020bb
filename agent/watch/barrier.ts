// The cookie: a file written in a private directory that the same inotify instance watches. The kernel
// queues hints in the order of the changes, so when the cookie's comes, every earlier one has come.
// The idea is Watchman's: https://facebook.github.io/watchman/docs/cookies
import { type FSWatcher, mkdirSync, rmSync, unlinkSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A cookie whose hint the kernel dropped is written again after this long. */
const rewriteMs = 500;

interface Waiting {
  readonly resolve: () => void;
  readonly promise: Promise<void>;
}

function waiting(): Waiting {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { resolve, promise };
}

/** Tells when every hint of the changes made so far has come. */
export class Barrier {
  private readonly directory: string;
  private readonly watcher: FSWatcher;
  private readonly baked = new Map<string, Waiting>();
  private next: Waiting | undefined;
  private serial = 0;
  private rewriter: NodeJS.Timeout | undefined;

  /**
   * @param directory its own, which it makes; one that a dead agent left is cleared away
   * @throws NodeJS.ErrnoException where there are no more watches
   */
  constructor(directory: string) {
    this.directory = directory;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { mode: 0o700 });
    this.watcher = watch(this.directory, (_event, name) => this.taste(name));
    this.watcher.on('error', () => {
      // The rewriter goes on; a caller gets its time-out.
    });
  }

  /** Resolves when the hints of everything changed before the call have been delivered. */
  pass(): Promise<void> {
    // Calls of the same turn share a cookie; one that is baked already is no proof for a later call.
    if (this.next === undefined) {
      const shared = waiting();
      this.next = shared;
      setImmediate(() => this.bake(shared));
    }
    return this.next.promise;
  }

  close(): void {
    this.stopRewriting();
    this.watcher.close();
    for (const { resolve } of this.baked.values()) resolve();
    this.baked.clear();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private bake(shared: Waiting): void {
    this.next = undefined;
    const name = `c${++this.serial}`;
    this.baked.set(name, shared);
    // Only while it has something to do: an idle process shall sleep.
    this.rewriter ??= setInterval(() => this.rewrite(), rewriteMs).unref();
    writeFileSync(join(this.directory, name), '');
  }

  private taste(name: string | null): void {
    const cookie = name === null ? undefined : this.baked.get(name);
    if (name === null || cookie === undefined) return;
    this.baked.delete(name);
    if (this.baked.size === 0) this.stopRewriting();
    unlinkSync(join(this.directory, name));
    cookie.resolve();
  }

  private stopRewriting(): void {
    clearInterval(this.rewriter);
    this.rewriter = undefined;
  }

  private rewrite(): void {
    for (const name of this.baked.keys()) writeFileSync(join(this.directory, name), '');
  }
}
