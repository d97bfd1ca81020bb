// The life of a root: it can be removed, come back, and be replaced by another directory under the same name. Its parent
// is not watched, so none of that gives a hint: it has to be looked for.
import type { Stats } from 'node:fs';
import type { Log } from '../log/index.ts';
import type { Disk } from './disk.ts';
import type { Places } from './places.ts';
import { type Directory, kindOf, statOf, type TreeIndex } from './tree-index.ts';

const goneText = 'the root is gone: it is watched again as soon as it is back';
const closedText = 'the root can not be read: what is in it is told as soon as it can';

/**
 * What became of a root since it was looked at last: it is there for the first time, the same, just gone, still gone,
 * back, or another one.
 */
export type RootFate = 'first' | 'same' | 'lost' | 'gone' | 'back' | 'replaced';

/** Knows the directory that the index is of, and whether it is where it belongs. */
export class RootLife {
  private readonly disk: Disk;
  private readonly index: TreeIndex;
  private readonly places: Places;
  private readonly log: Log;
  private directory: Directory | undefined;
  private isGone = false;

  constructor(parts: { disk: Disk; index: TreeIndex; places: Places; log: Log }) {
    this.disk = parts.disk;
    this.index = parts.index;
    this.places = parts.places;
    this.log = parts.log;
  }

  /** The root, if it is there as far as is known. */
  get root(): Directory | undefined {
    return this.isGone ? undefined : this.directory;
  }

  /** The root in the index, be it there or not. */
  get known(): Directory | undefined {
    return this.directory;
  }

  /** The index was loaded: its root is the one that was watched. */
  adopt(): void {
    this.directory = this.index.directories.get('');
  }

  /** What is wrong with it, in words. */
  get trouble(): string | undefined {
    if (this.isGone) return goneText;
    return this.directory?.unreadable === true ? closedText : undefined;
  }

  /** Whether a look shows anything else than what is known. */
  hasChanged(): boolean {
    const seen = this.look();
    return this.isGone ? seen !== undefined : seen === undefined || !this.isRoot(seen);
  }

  /**
   * Looks what became of it, and takes that for known: the caller mends the index.
   * @returns also whether what is known below it is in doubt, though it is the same
   */
  check(): { fate: RootFate; doubted: boolean } {
    const seen = this.look();
    if (seen === undefined) {
      if (this.isGone) return { fate: 'gone', doubted: false };
      this.isGone = true;
      this.log.warn('root is gone');
      return { fate: 'lost', doubted: false };
    }
    const stat = statOf(seen, 'dir', false);
    const isFirst = this.directory === undefined && !this.isGone;
    this.directory ??= this.index.addDirectory(undefined, '', stat);
    if (isFirst) return { fate: 'first', doubted: false };
    const doubted = this.places.takeDoubt(this.directory);
    const wasGone = this.isGone;
    if (!wasGone && this.isRoot(seen)) return { fate: 'same', doubted };
    if (wasGone) this.log.info('root is back');
    this.isGone = false;
    this.directory.stat = stat;
    return { fate: wasGone ? 'back' : 'replaced', doubted };
  }

  /**
   * Enters the root (see `Disk.enter`) if it is still the one that the index is of.
   * @returns whether it was entered; if not, but it should be there, all below it is in doubt
   */
  enter(): boolean {
    if (this.root === undefined) return false;
    const stats = this.disk.enter();
    if (stats !== undefined && ('unseen' in stats || this.isRoot(stats))) return true;
    this.disk.leave();
    this.root.doubtful = true;
    return false;
  }

  private look(): Stats | undefined {
    const stats = this.disk.look('');
    return stats !== undefined && !('unseen' in stats) && kindOf(stats.mode) === 'dir' ? stats : undefined;
  }

  private isRoot(stats: Stats): boolean {
    return stats.ino === this.directory?.stat.ino && stats.birthtimeMs === this.directory.stat.birthtimeMs;
  }
}
