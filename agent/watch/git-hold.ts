// While git holds the lock on its index (a checkout, a rebase, a merge), its changes are one thing and
// should be one batch. Whether it does is asked when a batch is due: a look at a path that is not there
// takes 2 µs, and needs no watch in a directory that git writes to all the time.
import { indexLock } from './git-directories.ts';
import type { Directory } from './tree-index.ts';

/** A lock held longer than this is a crashed git's, or not worth waiting for. */
const longestHoldMs = 10_000;
/** How soon after the lock's end a held batch is told, at most. */
export const holdCheckMs = 10;

/** Says whether a batch has to wait for git. */
export class GitHold {
  private heldSinceMs: number | undefined;
  /** Locks that were waited for in vain, by git directory: they hold nothing any more. */
  private readonly stale = new Map<string, string>();
  private readonly enclosing: string | undefined;

  /** @param enclosing the git directory of the repository that the root itself lies in, if any */
  constructor(enclosing: string | undefined) {
    this.enclosing = enclosing;
  }

  /** Whether git is at work in a repository that one of the directories belongs to. */
  holds(directories: Iterable<Directory>, nowMs: number): boolean {
    const locked = this.locked(directories);
    if (locked.size === 0) {
      this.heldSinceMs = undefined;
      return false;
    }
    this.heldSinceMs ??= nowMs;
    if (nowMs - this.heldSinceMs < longestHoldMs) return true;
    for (const [gitDirectory, lock] of locked) this.stale.set(gitDirectory, lock);
    this.heldSinceMs = undefined;
    return false;
  }

  private locked(directories: Iterable<Directory>): Map<string, string> {
    const seen = new Set<Directory>();
    const candidates = new Set<string>();
    if (this.enclosing !== undefined) candidates.add(this.enclosing);
    for (const directory of directories) {
      for (let at: Directory | undefined = directory; at !== undefined && !seen.has(at); at = at.parent) {
        seen.add(at);
        if (at.gitDirectory !== undefined) candidates.add(at.gitDirectory);
      }
    }
    const locked = new Map<string, string>();
    for (const gitDirectory of candidates) {
      const lock = indexLock(gitDirectory);
      if (lock === undefined) this.stale.delete(gitDirectory);
      else if (this.stale.get(gitDirectory) !== lock) locked.set(gitDirectory, lock);
    }
    return locked;
  }
}
