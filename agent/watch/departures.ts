// What leaves the index, and what leaves the default view but stays for the sake of a wider one. Either takes all below it
// along, and a tree can be large: so looking only begins it, and the rest is done in steps before anything else is looked at.
import type { DifferenceSink } from './delta.ts';
import type { Interests } from './interests.ts';
import { joinPath } from './names.ts';
import { Directory, type Removed, type TreeIndex } from './tree-index.ts';

/** Entries that leave the default view between two steps. */
const entriesPerStep = 64;

/** Takes entries of one root's index out. */
export class Departures {
  private readonly index: TreeIndex;
  private readonly interests: Interests;
  private readonly forget: (path: string, directory: Directory | undefined) => void;
  private readonly forgetRules: (directory: Directory) => void;
  /** Directories that were taken out of the index while what was below them is still in it. */
  private readonly removed: Directory[] = [];
  /** Directories that left the default view while what is below them has not. */
  private readonly left: Directory[] = [];

  /**
   * @param parts.forget drops what is known of an entry that is taken out
   * @param parts.forgetRules drops the rules of a directory that leaves the default view: they count in that alone
   */
  constructor(parts: {
    index: TreeIndex;
    interests: Interests;
    forget: (path: string, directory: Directory | undefined) => void;
    forgetRules: (directory: Directory) => void;
  }) {
    this.index = parts.index;
    this.interests = parts.interests;
    this.forget = parts.forget;
    this.forgetRules = parts.forgetRules;
  }

  /** Whether nothing is half done. */
  get areDone(): boolean {
    return this.removed.length === 0 && this.left.length === 0;
  }

  /** Begins to take an entry out of the index. */
  remove(parent: Directory, name: string, delta: DifferenceSink): void {
    const directory = this.index.remove(parent, name, this.removal(delta));
    if (directory !== undefined) this.removed.push(directory);
  }

  /** Begins to take everything below a directory out. */
  empty(top: Directory): void {
    this.removed.push(top);
  }

  /** Begins to take a directory out of the default view. */
  leave(directory: Directory, delta: DifferenceSink): void {
    this.mark(directory, delta);
    this.left.push(directory);
  }

  /** Finishes what was begun. If this is broken off, the next one goes on. */
  *finish(delta: DifferenceSink): Generator<void, void> {
    yield* this.leaveBelow(delta);
    yield* this.index.removeBelow(this.removed, this.removal(delta));
  }

  private *leaveBelow(delta: DifferenceSink): Generator<void, void> {
    let steps = 0;
    for (let next = this.left.at(-1); next !== undefined; next = this.left.at(-1)) {
      for (const [name, entry] of next.entries) {
        if (++steps % entriesPerStep === 0) yield;
        if (this.index.isOutside(entry)) continue;
        const path = joinPath(next.path, name);
        if (!this.interests.wants(path, entry instanceof Directory)) this.remove(next, name, delta);
        else if (entry instanceof Directory) {
          this.mark(entry, delta);
          // Beneath the one that is worked at.
          this.left.splice(-1, 0, entry);
        } else {
          const before = this.index.fileStat(entry);
          const after = { ...before, outside: true };
          this.index.setFile(entry, after, this.index.youth(entry));
          delta.record(path, before, after);
        }
      }
      this.left.pop();
    }
  }

  private mark(directory: Directory, delta: DifferenceSink): void {
    const before = directory.stat;
    this.index.markDirectory(directory, true);
    delta.record(directory.path, before, directory.stat);
    this.forgetRules(directory);
  }

  private removal(delta: DifferenceSink): Removed {
    return (path, stat, directory) => {
      this.forget(path, directory);
      delta.record(path, stat, undefined);
    };
  }
}
