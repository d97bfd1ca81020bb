// Watches of single directories outside of the tree. They are a help only: what they miss is found by looking.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename } from 'node:path';

/** What the watches depend on. */
export interface AboveHost {
  /**
   * A hint came, through the same queue as those of the tree.
   * @returns whether they come as fast as they are read: then the watch has to be closed at once
   */
  hinted(): boolean;
  /** A watch was closed: of its hints that are queued nobody will hear. */
  unheard(): void;
}

interface Watch {
  readonly identity: string;
  /** Undefined if the system gives none. */
  readonly watcher: FSWatcher | undefined;
}

/** The watches that one directory of the tree needs. */
export class WatchAbove {
  private readonly host: AboveHost;
  private readonly onChange: () => void;
  private readonly watches = new Map<string, Watch>();

  /** @param onChange something of interest may have changed */
  constructor(host: AboveHost, onChange: () => void) {
    this.host = host;
    this.onChange = onChange;
  }

  /** Whether there is a watch for each of the directories, as far as is known. */
  covers(wanted: ReadonlyMap<string, unknown>): boolean {
    return [...wanted.keys()].every((path) => this.watches.get(path)?.watcher !== undefined);
  }

  /** Whether each of the directories is still the one that a watch was asked for. */
  isCurrent(wanted: ReadonlyMap<string, unknown>): boolean {
    return [...wanted.keys()].every((path) => this.watches.get(path)?.identity === identityOf(path));
  }

  /** Watches these directories and no others, for entries of the names given. */
  set(wanted: ReadonlyMap<string, readonly string[]>): void {
    for (const path of this.watches.keys()) if (!wanted.has(path)) this.drop(path);
    for (const [path, names] of wanted) {
      const identity = identityOf(path);
      if (this.watches.get(path)?.identity === identity) continue;
      this.drop(path);
      this.watches.set(path, { identity, watcher: identity === '' ? undefined : this.open(path, names) });
    }
  }

  close(): void {
    for (const path of this.watches.keys()) this.drop(path);
  }

  private open(path: string, names: readonly string[]): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        const isFlood = this.host.hinted();
        if (isFlood && this.watches.get(path)?.watcher === watcher) this.drop(path);
        // The name of the directory itself says that it is gone, or elsewhere.
        if (isFlood || name === null || names.includes(name) || name === basename(path)) this.onChange();
      });
      watcher.on('error', () => this.drop(path));
      return watcher;
    } catch {
      // No more watches, or closed to us: it is looked at again and again.
      return undefined;
    }
  }

  private drop(path: string): void {
    const known = this.watches.get(path);
    this.watches.delete(path);
    if (known?.watcher === undefined) return;
    known.watcher.close();
    this.host.unheard();
  }
}

function identityOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
  } catch {
    return '';
  }
}
