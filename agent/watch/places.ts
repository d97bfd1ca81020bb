// Whether a directory is where it belongs, and watched there.
//
// A directory can be elsewhere while something below it is looked at or watched, and be back, the same as
// before, when it is examined itself. Each move gives a hint in the directory that it is an entry of. So
// everything below a directory is watched and compared anew if any of it was looked at since just before the
// oldest hint that named it (turns.ts). From the root down this makes every watch and every look right in the
// end. For the root itself there is no such hint: Disk.enter sees to it that all looks are into the same one.
import type { Disk } from './disk.ts';
import { type Directory, type EntryStat, kindOf, statOf } from './tree-index.ts';
import type { Turns } from './turns.ts';
import { clockGrainMs } from './youth.ts';

/** What has to be done about a directory. */
export interface PlacesHost {
  /** Watches the directory. Returns false if that can't be done because it is gone or closed to us. */
  watch(directory: Directory): boolean;
  unwatch(directory: Directory): void;
  /** The place is not what it was a moment ago: look again, in the next batch. */
  doubt(directory: Directory): void;
}

/** How often a directory that is replaced while it is being watched is tried again at once. */
const watchTries = 4;

/** Keeps the watches of one root's directories where they belong. */
export class Places {
  private readonly disk: Disk;
  private readonly host: PlacesHost;
  private readonly turns: Turns;
  private readonly watched = new WeakSet<Directory>();

  constructor(disk: Disk, host: PlacesHost, turns: Turns) {
    this.disk = disk;
    this.host = host;
    this.turns = turns;
  }

  /**
   * Begins the examination of a directory that is where it belongs: hints that come from now on lead to another.
   * @returns whether what is known below it is in doubt, and has to be watched and compared anew
   */
  takeDoubt(directory: Directory): boolean {
    const { doubtful, hintedTurn, lookedTurn, newborn } = directory;
    directory.doubtful = false;
    directory.hintedTurn = undefined;
    if (hintedTurn === undefined) return doubtful;
    // The hint may be of the end of another that could not be told from this one by its birth time.
    const unproven = newborn || directory.stat.birthtimeMs === 0;
    return doubtful || unproven || this.turns.mayConcern(lookedTurn, hintedTurn);
  }

  /** Whether the directory is where it was; otherwise it is looked at again through its parent. */
  stillThere(directory: Directory): boolean {
    this.noteLook(directory);
    const stats = this.disk.look(directory.path);
    if (stats !== undefined && !('unseen' in stats) && kindOf(stats.mode) === 'dir') {
      const stat = statOf(stats, 'dir', directory.stat.outside);
      // Without birth times this can't be told. If it is another one, a hint of its parent says so as well.
      const maybe = stat.birthtimeMs === 0 && stat.ino === directory.stat.ino;
      if (maybe || isSameDirectory(directory.stat, stat)) {
        directory.stat = stat;
        return true;
      }
    }
    directory.doubtful = true;
    this.host.doubt(directory);
    return false;
  }

  /**
   * Watches a directory and makes sure that the watch is on the one that is there now: an inode number is
   * given again at once when a directory is removed and made anew, and the old watch is dead then.
   */
  watchTruly(directory: Directory): boolean {
    this.noteLook(directory);
    for (let tries = 0; tries < watchTries; tries++) {
      const before = directory.stat;
      if (!this.watched.has(directory)) {
        if (!this.host.watch(directory)) {
          // It may be elsewhere for this moment and the same when it is looked at again: nothing in it is known.
          directory.doubtful = true;
          return false;
        }
        this.watched.add(directory);
        directory.newborn = Date.now() - before.birthtimeMs < clockGrainMs;
      }
      const stats = this.disk.look(directory.path);
      if (stats === undefined || 'unseen' in stats || kindOf(stats.mode) !== 'dir') break;
      directory.stat = statOf(stats, 'dir', before.outside);
      if (isSameDirectory(before, directory.stat)) return true;
      this.watched.delete(directory);
      // No birth time to compare: a watch made twice in a row is as sure as it gets.
      if (directory.stat.birthtimeMs === 0 && tries > 0 && before.ino === directory.stat.ino) return true;
    }
    directory.doubtful = true;
    this.host.doubt(directory);
    return false;
  }

  /** A look at something in the directory, or its watch, is only as good as the way to it is at this moment. */
  noteLook(directory: Directory): void {
    const turn = this.turns.looked();
    for (
      let at: Directory | undefined = directory;
      at !== undefined && at.lookedTurn !== turn;
      at = at.parent
    ) {
      at.lookedTurn = turn;
    }
  }

  /** Whether it is watched, as far as is known. */
  isWatched(directory: Directory): boolean {
    return this.watched.has(directory);
  }

  /** The watch may be on another directory, or dead: the next one is made anew. */
  distrust(directory: Directory): void {
    this.watched.delete(directory);
  }

  /** Stops watching a directory that is still known. Returns whether it was watched. */
  abandon(directory: Directory): boolean {
    if (!this.watched.delete(directory)) return false;
    this.host.unwatch(directory);
    return true;
  }

  /** The directory is gone. */
  forget(directory: Directory): void {
    this.host.unwatch(directory);
    this.watched.delete(directory);
  }
}

/** An inode number alone is no identity; with no birth time beside it nothing is known to be the same. */
export function isSameDirectory(a: EntryStat, b: EntryStat): boolean {
  return a.ino === b.ino && a.birthtimeMs === b.birthtimeMs && a.birthtimeMs !== 0;
}
