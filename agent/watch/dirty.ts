// What has to be looked at in the next batch: what hints named, and what could not be looked at before.
import { basename } from 'node:path';
import { DevagentError } from '../../shared/index.ts';
import { both, type Evidence } from './touches.ts';
import type { Directory } from './tree-index.ts';
import type { Dirty } from './visits.ts';

/** Errors of a process or system that has run out of something. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** Collects directories to look into, and which names in them. */
export class DirtyDirectories {
  private map = new Map<Directory, Dirty>();
  /** Directories to look into again though no hint will ask for it, and why they could not be. */
  private readonly retries = new Map<Directory, NodeJS.ErrnoException>();

  get size(): number {
    return this.map.size;
  }

  get hasRetries(): boolean {
    return this.retries.size > 0;
  }

  directories(): IterableIterator<Directory> {
    return this.map.keys();
  }

  /**
   * Marks one name to be looked at, or all of a directory's if none is given.
   * @param evidence what is known of a write to it
   */
  mark(directory: Directory, name: string | undefined, evidence: Evidence): void {
    const dirty = this.of(directory);
    if (name === undefined) dirty.all = both(dirty.all, evidence);
    // All of them will be looked at, and with more suspicion than any hint could raise.
    else if (!dirty.unwatched) dirty.names.set(name, both(dirty.names.get(name), evidence));
  }

  /** Marks a directory that may not be the one it was, as an entry of its parent; the root has none. */
  markItself(directory: Directory): void {
    if (directory.parent !== undefined) this.mark(directory.parent, basename(directory.path), 'none');
  }

  /** The directory is no longer watched: it has to be again, and all that is in it looked at. */
  markUnwatched(directory: Directory): void {
    this.of(directory).unwatched = true;
  }

  /** What hints that wait say about an entry. */
  evidence(directory: Directory, name: string): Evidence | undefined {
    const dirty = this.map.get(directory);
    return dirty?.unwatched === true ? 'often' : dirty?.names.get(name);
  }

  /** Permission comes with a hint of the parent, but the root has none; other reasons pass without any. */
  retryLater(directory: Directory, error: NodeJS.ErrnoException): void {
    const { code } = error;
    if (directory.parent === undefined || (code !== 'EACCES' && code !== 'EPERM'))
      this.retries.set(directory, error);
  }

  /** A directory that the last look missed because the system had no more to give, which passes. */
  get starved(): { directory: Directory; code: string } | undefined {
    for (const [directory, { code = '' }] of this.retries) {
      if (!directory.gone && passing.has(code)) return { directory, code };
    }
    return undefined;
  }

  /** Takes out everything that is to be looked at, retries included. */
  take(): ReadonlyMap<Directory, Dirty> {
    for (const directory of this.retries.keys()) this.mark(directory, undefined, 'none');
    this.retries.clear();
    const { map } = this;
    this.map = new Map();
    return map;
  }

  private of(directory: Directory): Dirty {
    let dirty = this.map.get(directory);
    if (dirty === undefined) {
      dirty = { names: new Map(), all: undefined, unwatched: false };
      this.map.set(directory, dirty);
    }
    return dirty;
  }
}

/** What a sync fails with when a directory could not be listed for want of resources; `path` is absolute. */
export function starvedError(path: string, code: string): DevagentError {
  return new DevagentError(
    'sync_failed',
    `${path} can't be listed (${code}): close some clients, or raise the limit with "ulimit -n" and restart the agent`,
  );
}
