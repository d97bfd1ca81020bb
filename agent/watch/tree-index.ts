// The index: what the engine knows of the disk, and so what it has told. A directory is an object; a
// file is a row in columns of numbers, because there are many, and an object each would double the agent.
import type { EntryKind } from '../../shared/index.ts';
import { type Difference, type EntryStat, kindOf, type Youth } from './entry-stat.ts';
import { joinPath } from './names.ts';
import { noStamp, Stamps } from './stamps.ts';

export { type Difference, differenceOf, type EntryStat, kindOf, statOf, type Youth } from './entry-stat.ts';

const blockRows = 4096;
const numbersPerRow = 5;
const youths: readonly Youth[] = ['none', 'ctime', 'mtime'];

/** Columns of stats, in blocks, so that the table grows in step with the tree. */
class StatTable {
  private readonly numbers: Float64Array[] = [];
  private readonly modes: Uint16Array[] = [];
  private readonly owners: Uint32Array[] = [];
  private readonly youths: Uint8Array[] = [];
  /** A block is made with its first stamp: most have none. */
  private readonly stamps: (Uint32Array | undefined)[] = [];
  private readonly free: number[] = [];
  private used = 0;

  add(stat: EntryStat, youth: Youth): number {
    const row = this.free.pop() ?? this.used++;
    if (row >= this.numbers.length * blockRows) {
      this.numbers.push(new Float64Array(blockRows * numbersPerRow));
      this.modes.push(new Uint16Array(blockRows));
      this.owners.push(new Uint32Array(blockRows * 2));
      this.youths.push(new Uint8Array(blockRows));
    }
    this.set(row, stat, youth);
    return row;
  }

  set(row: number, stat: EntryStat, youth: Youth): void {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    const numbers = this.numbers[block] as Float64Array;
    const base = at * numbersPerRow;
    numbers[base] = stat.size;
    numbers[base + 1] = stat.mtimeMs;
    numbers[base + 2] = stat.ctimeMs;
    numbers[base + 3] = stat.birthtimeMs;
    numbers[base + 4] = stat.ino;
    (this.modes[block] as Uint16Array)[at] = stat.mode;
    const owners = this.owners[block] as Uint32Array;
    owners[at * 2] = stat.uid;
    owners[at * 2 + 1] = stat.gid;
    (this.youths[block] as Uint8Array)[at] = youths.indexOf(youth);
  }

  get(row: number): EntryStat {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    const numbers = this.numbers[block] as Float64Array;
    const base = at * numbersPerRow;
    const mode = (this.modes[block] as Uint16Array)[at] as number;
    const owners = this.owners[block] as Uint32Array;
    return {
      kind: kindOf(mode) as EntryKind,
      size: numbers[base] as number,
      mtimeMs: numbers[base + 1] as number,
      ctimeMs: numbers[base + 2] as number,
      birthtimeMs: numbers[base + 3] as number,
      ino: numbers[base + 4] as number,
      mode,
      uid: owners[at * 2] as number,
      gid: owners[at * 2 + 1] as number,
    };
  }

  youth(row: number): Youth {
    const youth = (this.youths[Math.floor(row / blockRows)] as Uint8Array)[row % blockRows] as number;
    return youths[youth] as Youth;
  }

  /** How a stat differs from the row, without an object for the row. */
  difference(row: number, stat: EntryStat): Difference {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    const numbers = this.numbers[block] as Float64Array;
    const base = at * numbersPerRow;
    const owners = this.owners[block] as Uint32Array;
    const same =
      numbers[base] === stat.size &&
      numbers[base + 1] === stat.mtimeMs &&
      numbers[base + 4] === stat.ino &&
      (this.modes[block] as Uint16Array)[at] === (stat.mode & 0xffff) &&
      owners[at * 2] === stat.uid &&
      owners[at * 2 + 1] === stat.gid;
    if (!same) return 'more';
    return numbers[base + 2] === stat.ctimeMs ? 'none' : 'ctime';
  }

  stamp(row: number): number {
    return this.stamps[Math.floor(row / blockRows)]?.[row % blockRows] ?? noStamp;
  }

  setStamp(row: number, stamp: number): void {
    const block = Math.floor(row / blockRows);
    let stamps = this.stamps[block];
    if (stamps === undefined) {
      if (stamp === noStamp) return;
      stamps = new Uint32Array(blockRows);
      this.stamps[block] = stamps;
    }
    stamps[row % blockRows] = stamp;
  }

  release(row: number): void {
    this.setStamp(row, noStamp);
    this.free.push(row);
  }
}

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

  /** Files and symlinks. */
  get files(): number {
    return this.fileCount;
  }

  addDirectory(parent: Directory | undefined, name: string, stat: EntryStat): Directory {
    const directory = new Directory(parent === undefined ? '' : joinPath(parent.path, name), parent, stat);
    this.directories.set(directory.path, directory);
    parent?.entries.set(name, directory);
    if (parent !== undefined) this.comeBack(parent, name, directory);
    return directory;
  }

  addFile(parent: Directory, name: string, stat: EntryStat, youth: Youth): void {
    const row = this.table.add(stat, youth);
    parent.entries.set(name, row);
    this.comeBack(parent, name, row);
    this.fileCount += 1;
  }

  setFile(row: number, stat: EntryStat, youth: Youth): void {
    this.table.set(row, stat, youth);
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

  /** Takes out everything below a directory, parents first. */
  *removeBelow(top: Directory, removed: Removed): Generator<void, void> {
    const directories = [top];
    let steps = 0;
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      for (const [name, entry] of next.entries) {
        const directory = this.forget(joinPath(next.path, name), entry, removed);
        if (directory !== undefined) directories.push(directory);
        if (++steps % removalsPerStep === 0) yield;
      }
      next.entries.clear();
    }
  }

  private forget(path: string, entry: number | Directory, removed: Removed): Directory | undefined {
    const stamp = this.stampOf(entry);
    if (stamp !== noStamp) this.stamps.leave(path, stamp);
    if (typeof entry === 'number') {
      removed(path, this.table.get(entry));
      this.table.release(entry);
      this.fileCount -= 1;
      return undefined;
    }
    removed(path, entry.stat, entry);
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

  /** The entry at `path`, if there is one; the root is none. */
  placeOf(path: string): EntryPlace | undefined {
    const slash = path.lastIndexOf('/');
    const directory = this.directories.get(slash === -1 ? '' : path.slice(0, slash));
    const name = path.slice(slash + 1);
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

  /** Every entry but the root, parents first. */
  *all(): Generator<{ path: string; stat: EntryStat }> {
    for (const directory of this.directories.values()) {
      if (directory.parent !== undefined) yield { path: directory.path, stat: directory.stat };
      for (const [name, entry] of directory.entries) {
        if (typeof entry === 'number') {
          yield { path: joinPath(directory.path, name), stat: this.table.get(entry) };
        }
      }
    }
  }
}
