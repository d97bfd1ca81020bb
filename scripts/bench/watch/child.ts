// The process of an in-process watcher: a small Node program that uses it as its README shows. Bundled to
// plain JavaScript before it is started, so that no loader of TypeScript weighs on it.
//
// Arguments: KEY ROOT
import { lstatSync, watch as watchRecursively } from 'node:fs';
import { relative } from 'node:path';
import { monotonicMs } from '../support/clock.ts';
import type { LibraryKey, Question, Reply } from './child-protocol.ts';
import { Observer } from './observer.ts';

const [key, root] = process.argv.slice(2) as [LibraryKey, string];
const observer = new Observer();
/** Each error with how often it came: with too few watches there is one for each file. */
const troubles = new Map<string, number>();

/** What is used of @parcel/watcher, which the project does not depend on. */
interface ParcelWatcher {
  subscribe(
    directory: string,
    callback: (error: Error | null, events: { path: string; type: 'create' | 'update' | 'delete' }[]) => void,
    options: { backend: 'inotify' },
  ): Promise<unknown>;
}

/** Each watches the root from now on, and resolves when it says that it is ready. */
const starts: Record<LibraryKey, () => Promise<void>> = {
  async chokidar() {
    const { watch } = await import('chokidar');
    // Links are not followed, as by all the others.
    const watcher = watch(root, { ignoreInitial: true, followSymlinks: false });
    watcher.on('all', (event, path) => {
      observer.told(relative(root, path), monotonicMs(), () => !event.startsWith('unlink'));
    });
    watcher.on('error', (error) => complain(error));
    await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  },
  async parcel() {
    // Computed, for the compiler and knip: it is there only when the benchmark has installed it.
    const name: string = '@parcel/watcher';
    const { subscribe } = (await import(name)) as ParcelWatcher;
    const take: Parameters<typeof subscribe>[1] = (error, events) => {
      const atMs = monotonicMs();
      if (error !== null) complain(error);
      for (const { path, type } of events ?? []) {
        observer.told(relative(root, path), atMs, () => type !== 'delete');
      }
    };
    // Left to itself it would use Watchman where that is installed, and leave its daemon running.
    await subscribe(root, take, { backend: 'inotify' });
  },
  async 'fs.watch'() {
    const watcher = watchRecursively(root, { recursive: true });
    watcher.on('change', (_event, path) => {
      // `rename` is all that it says of a path that came or went, so whoever uses it has to look.
      observer.told(String(path), monotonicMs(), () => exists(`${root}/${path}`));
    });
    watcher.on('error', (error) => complain(error));
  },
};

function complain(error: unknown): void {
  const { code = String(error), syscall = '' } = error as NodeJS.ErrnoException;
  const what = `${code} ${syscall}`.trim();
  troubles.set(what, (troubles.get(what) ?? 0) + 1);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // ENOTDIR: what was a directory above it is a file now.
    return false;
  }
}

function answer(question: Question): unknown {
  switch (question.ask) {
    case 'observe':
      return observer.begin(question.observed, root);
    case 'told':
      return observer.tally;
    case 'arrivals':
      return [...observer.arrivalsMs];
    case 'paths':
      return [...observer.paths];
    case 'losses':
      return observer.losses;
    case 'troubles':
      return [...troubles].map(([code, times]) => `${code} (${times} errors)`);
  }
}

function say(reply: Reply): void {
  process.send?.(reply);
}

process.on('message', (question: Question) => say({ id: question.id, answer: answer(question) }));
// Without the benchmark there is nobody to end it.
process.on('disconnect', () => process.exit());
await starts[key]();
say({ ready: true });
