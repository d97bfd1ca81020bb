// While git holds the lock on its index (a checkout, a rebase, a merge), its changes are one thing and
// should be one batch. Whether it does is asked when a batch is due: a look at a path that is not there
// takes 2 µs, and needs no watch in a directory that git writes to all the time.
import { SliceClock } from '../../shared/index.ts';
import { indexLock } from './git-directories.ts';
import type { Directory } from './tree-index.ts';

/** A lock held longer than this is a crashed git's, or not worth waiting for. */
const longestHoldMs = 10_000;
/** How soon after the lock's end a held batch is told, at most. */
export const holdCheckMs = 10;

/** For so long locks are looked for in one turn of the loop: there can be thousands of repositories. */
const searchMs = 4;
/** What a directory costs, and a look for a lock, in steps (SliceClock). */
const directorySteps = 40;
const lockSteps = 1500;

/** Says whether a batch has to wait for git. */
export class GitHold {
  private heldSinceMs: number | undefined;
  /** Locks that were waited for in vain, by git directory: they hold nothing any more. */
  private readonly stale = new Map<string, string>();
  private readonly enclosing: string | undefined;
  /** Searches that took longer than their turn, by what they are for. */
  private readonly searches = new Map<string, Generator<number, Map<string, string>>>();

  /** @param enclosing the git directory of the repository that the root itself lies in, if any */
  constructor(enclosing: string | undefined) {
    this.enclosing = enclosing;
  }

  /**
   * Whether git is at work in a repository that one of the directories belongs to.
   * @param what waits for it: questions about different things may be open at the same time
   * @returns undefined if that takes longer: ask again in the next turn of the loop
   */
  holds(what: 'batch' | 'crawl', directories: Iterable<Directory>, nowMs: number): boolean | undefined {
    const locked = this.locked(what, directories);
    if (locked === undefined) return undefined;
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

  private locked(what: string, directories: Iterable<Directory>): Map<string, string> | undefined {
    const search = this.searches.get(what) ?? this.search(directories);
    const clock = new SliceClock(searchMs);
    for (let step = search.next(); ; step = search.next()) {
      if (step.done === true) {
        this.searches.delete(what);
        return step.value;
      }
      if (!clock.spend(step.value)) continue;
      this.searches.set(what, search);
      return undefined;
    }
  }

  /** Yields what it cost since it did so last. */
  private *search(directories: Iterable<Directory>): Generator<number, Map<string, string>> {
    const seen = new Set<Directory>();
    const candidates = new Set<string>();
    if (this.enclosing !== undefined) candidates.add(this.enclosing);
    for (const directory of directories) {
      for (let at: Directory | undefined = directory; at !== undefined && !seen.has(at); at = at.parent) {
        seen.add(at);
        if (at.gitDirectory !== undefined) candidates.add(at.gitDirectory);
      }
      yield directorySteps;
    }
    const locked = new Map<string, string>();
    for (const gitDirectory of candidates) {
      const lock = indexLock(gitDirectory);
      if (lock === undefined) this.stale.delete(gitDirectory);
      else if (this.stale.get(gitDirectory) !== lock) locked.set(gitDirectory, lock);
      yield lockSteps;
    }
    return locked;
  }
}
