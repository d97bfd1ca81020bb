// The index: what the engine knows of the disk, and so what it has told. A directory is an object; a
// file is a row in columns of numbers, because there are many, and an object each would double the agent.
import type { Difference, EntryStat, Youth } from './entry-stat.ts';
import { joinPath, splitPath } from './names.ts';
import { noStamp, Stamps } from './stamps.ts';
import { StatTable } from './stat-table.ts';

export { type Difference, differenceOf, type EntryStat, kindOf, statOf, type Youth } from './entry-stat.ts';

/** A watched directory. Its path never changes: a directory that is moved is another one. */
export class Directory {
  readonly path: string;
  readonly parent: Directory | undefined;
  /** A number is the row of a file or symlink. */
  readonly entries = new Map<string, number | Directory>();
  stat: EntryStat;
  /** Whether it was taken out of the index; hints may still hold it. */
  gone = false;
  /** Whether it was not where it belongs when it was last looked for: then nothing below it is sure. */
  doubtful = false;
  /** The turn (turns.ts) of the last look at anything below it, or of its watch. */
  lookedTurn = Number.NEGATIVE_INFINITY;
  /** The turn of the first hint, since it was last examined, that it may have been elsewhere. */
  hintedTurn: number | undefined;
  /**
   * Whether it was watched so soon after its birth that another one, made in its place with the same inode
   * number, can have the same birth time.
   */
  newborn = false;
  /** Whether it could not be listed, for want of permission. */
  unreadable = false;
  /** When it came (stamps.ts). */
  stamp = noStamp;
  /** The git directory of the repository whose top this is. */
  gitDirectory: string | undefined;

  constructor(path: string, parent: Directory | undefined, stat: EntryStat) {
    this.path = path;
    this.parent = parent;
    this.stat = stat;
  }
}

/** Is told of an entry that is taken out of the index, and of its object if it was a directory. */
export type Removed = (path: string, stat: EntryStat, directory?: Directory) => void;

/** An entry, and where it is held. */
export interface EntryPlace {
  readonly directory: Directory;
  readonly name: string;
  readonly entry: number | Directory;
}

/** Entries taken out between two steps. */
const removalsPerStep = 64;

/** The entries of one root. */
export class TreeIndex {
  readonly directories = new Map<string, Directory>();
  /** When entries came and changed, for the clock (clock.ts). */
  readonly stamps = new Stamps<Directory>();
  private readonly table = new StatTable();
  private fileCount = 0;
  private outsideFileCount = 0;
  private outsideDirectoryCount = 0;

  /** Files and symlinks in the default view. */
  get files(): number {
    return this.fileCount - this.outsideFileCount;
  }

  /** Directories in the default view, without the root. */
  get dirs(): number {
    return Math.max(0, this.directories.size - 1 - this.outsideDirectoryCount);
  }

  /** Files and symlinks, and directories, outside the default view. */
  get outside(): { readonly files: number; readonly dirs: number } {
    return { files: this.outsideFileCount, dirs: this.outsideDirectoryCount };
  }

  addDirectory(parent: Directory | undefined, name: string, stat: EntryStat): Directory {
    const directory = new Directory(parent === undefined ? '' : joinPath(parent.path, name), parent, stat);
    this.directories.set(directory.path, directory);
    parent?.entries.set(name, directory);
    if (parent !== undefined) this.comeBack(parent, name, directory);
    if (stat.outside) this.outsideDirectoryCount += 1;
    return directory;
  }

  addFile(parent: Directory, name: string, stat: EntryStat, youth: Youth): void {
    const row = this.table.add(stat, youth);
    parent.entries.set(name, row);
    this.comeBack(parent, name, row);
    this.fileCount += 1;
    if (stat.outside) this.outsideFileCount += 1;
  }

  setFile(row: number, stat: EntryStat, youth: Youth): void {
    this.outsideFileCount += Number(stat.outside) - Number(this.table.isOutside(row));
    this.table.set(row, stat, youth);
  }

  /** Whether an entry is outside the default view. */
  isOutside(entry: number | Directory): boolean {
    return typeof entry === 'number' ? this.table.isOutside(entry) : entry.stat.outside;
  }

  /** Moves a directory, and nothing that is in it, into the default view or out of it. */
  markDirectory(directory: Directory, outside: boolean): void {
    this.outsideDirectoryCount += Number(outside) - Number(directory.stat.outside);
    directory.stat = { ...directory.stat, outside };
  }

  fileStat(row: number): EntryStat {
    return this.table.get(row);
  }

  youth(row: number): Youth {
    return this.table.youth(row);
  }

  difference(row: number, stat: EntryStat): Difference {
    return this.table.difference(row, stat);
  }

  /**
   * Takes an entry out, and tells it to `removed`. Of a directory that is only the beginning: what is below it is
   * to be taken out by `removeBelow` before anything is added at its path.
   * @returns the directory, if it was one
   */
  remove(parent: Directory, name: string, removed: Removed): Directory | undefined {
    const entry = parent.entries.get(name);
    if (entry === undefined) return undefined;
    parent.entries.delete(name);
    return this.forget(joinPath(parent.path, name), entry, removed);
  }

  /**
   * Takes out everything below some directories, parents first.
   * @param tops emptied; what is left in it when this is broken off is yet to be taken out
   */
  *removeBelow(tops: Directory[], removed: Removed): Generator<void, void> {
    let steps = 0;
    for (let next = tops.at(-1); next !== undefined; next = tops.at(-1)) {
      for (const [name, entry] of next.entries) {
        next.entries.delete(name);
        const directory = this.forget(joinPath(next.path, name), entry, removed);
        // Beneath the one that is worked at.
        if (directory !== undefined) tops.splice(-1, 0, directory);
        if (++steps % removalsPerStep === 0) yield;
      }
      tops.pop();
    }
  }

  private forget(path: string, entry: number | Directory, removed: Removed): Directory | undefined {
    const stamp = this.stampOf(entry);
    if (stamp !== noStamp) this.stamps.leave(path, stamp);
    if (typeof entry === 'number') {
      removed(path, this.table.get(entry));
      if (this.table.isOutside(entry)) this.outsideFileCount -= 1;
      this.table.release(entry);
      this.fileCount -= 1;
      return undefined;
    }
    removed(path, entry.stat, entry);
    if (entry.stat.outside) this.outsideDirectoryCount -= 1;
    entry.gone = true;
    this.directories.delete(path);
    return entry;
  }

  /** An entry that went and came again before its end was reported is the same to everybody else. */
  private comeBack(parent: Directory, name: string, entry: number | Directory): void {
    if (!this.stamps.areAnyLeaving) return;
    const stamp = this.stamps.comeBack(joinPath(parent.path, name), parent);
    if (stamp !== noStamp) this.setStamp(entry, stamp);
  }

  /**
   * The deepest known directory on the way to `path`.
   * @returns also the name of the next entry on that way, undefined if the path is that of the directory itself
   */
  deepest(root: Directory, path: string): { directory: Directory; name: string | undefined } {
    let directory = root;
    for (const name of path.split('/')) {
      const entry = directory.entries.get(name);
      if (!(entry instanceof Directory)) return { directory, name };
      directory = entry;
    }
    return { directory, name: undefined };
  }

  /** The entry at `path`, if there is one; the root is none. */
  placeOf(path: string): EntryPlace | undefined {
    const { directory: at, name } = splitPath(path);
    const directory = this.directories.get(at);
    const entry = directory?.entries.get(name);
    return directory === undefined || entry === undefined ? undefined : { directory, name, entry };
  }

  /** What is known of an entry; undefined if there is none. */
  statAt(directory: Directory, name: string): EntryStat | undefined {
    const entry = directory.gone ? undefined : directory.entries.get(name);
    return typeof entry === 'number' ? this.table.get(entry) : entry?.stat;
  }

  stampOf(entry: number | Directory): number {
    return typeof entry === 'number' ? this.table.stamp(entry) : entry.stamp;
  }

  setStamp(entry: number | Directory, stamp: number): void {
    if (typeof entry === 'number') this.table.setStamp(entry, stamp);
    else entry.stamp = stamp;
  }

  /** Whether a file or symlink is known at `path`. */
  hasFile(path: string): boolean {
    return typeof this.placeOf(path)?.entry === 'number';
  }

  /**
   * Every entry but the root, parents first.
   * @param withOutside whether also those outside the default view
   */
  *all(withOutside: boolean): Generator<{ path: string; stat: EntryStat }> {
    for (const directory of this.directories.values()) {
      // Nothing in one that is outside is in the default view.
      if (directory.stat.outside && !withOutside) continue;
      if (directory.parent !== undefined) yield { path: directory.path, stat: directory.stat };
      for (const [name, entry] of directory.entries) {
        if (typeof entry === 'number' && (withOutside || !this.table.isOutside(entry))) {
          yield { path: joinPath(directory.path, name), stat: this.table.get(entry) };
        }
      }
    }
  }
}
