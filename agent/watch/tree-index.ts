// The index: what the engine knows of the disk, and so what it has told. A directory is an object; a
// file is a row in columns of numbers, because there are many, and an object each would double the agent.
import { constants, type Stats } from 'node:fs';
import type { EntryKind } from '../../shared/index.ts';
import { joinPath } from './names.ts';

/** What is compared to tell whether an entry changed, and to tell which entry it is. */
export interface EntryStat {
  readonly kind: EntryKind;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, fractional, as are the other two times. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** 0 where the file system gives none. */
  readonly birthtimeMs: number;
  readonly ino: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * How an entry differs from what is known of it: not at all; in nothing but its ctime, which an attribute that
 * was set to what it was moves, and a write whose mtime was set back, too; or in more.
 */
export type Difference = 'none' | 'ctime' | 'more';

/**
 * How young an entry was when it was looked at: a later write may not show in its times at all (`mtime`), may
 * not show if its mtime is set back (`ctime`), or has to show.
 */
export type Youth = 'mtime' | 'ctime' | 'none';

/** The kind of what lstat saw; undefined for FIFOs, sockets and devices, which are no entries. */
export function kindOf(mode: number): EntryKind | undefined {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file';
    case constants.S_IFDIR:
      return 'dir';
    case constants.S_IFLNK:
      return 'symlink';
    default:
      return undefined;
  }
}

/** An EntryStat of what lstat saw. */
export function statOf(stats: Stats, kind: EntryKind): EntryStat {
  const { size, mtimeMs, ctimeMs, birthtimeMs, ino, mode, uid, gid } = stats;
  return { kind, size, mtimeMs, ctimeMs, birthtimeMs, ino, mode, uid, gid };
}

/** How `after` differs from `before`. The birth time is left out: some systems give the ctime in its place. */
export function differenceOf(before: EntryStat, after: EntryStat): Difference {
  const same =
    before.size === after.size &&
    before.mtimeMs === after.mtimeMs &&
    before.ino === after.ino &&
    before.mode === after.mode &&
    before.uid === after.uid &&
    before.gid === after.gid;
  if (!same) return 'more';
  return before.ctimeMs === after.ctimeMs ? 'none' : 'ctime';
}

const blockRows = 4096;
const numbersPerRow = 5;
const youths: readonly Youth[] = ['none', 'ctime', 'mtime'];

/** Columns of stats, in blocks, so that the table grows in step with the tree. */
class StatTable {
  private readonly numbers: Float64Array[] = [];
  private readonly modes: Uint16Array[] = [];
  private readonly owners: Uint32Array[] = [];
  private readonly youths: Uint8Array[] = [];
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

  release(row: number): void {
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

/** Entries taken out between two steps. */
const removalsPerStep = 64;

/** The entries of one root. */
export class TreeIndex {
  readonly directories = new Map<string, Directory>();
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
    return directory;
  }

  addFile(parent: Directory, name: string, stat: EntryStat, youth: Youth): void {
    parent.entries.set(name, this.table.add(stat, youth));
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

  /** Whether a file or symlink is known at `path`. */
  hasFile(path: string): boolean {
    const slash = path.lastIndexOf('/');
    const directory = this.directories.get(slash === -1 ? '' : path.slice(0, slash));
    return typeof directory?.entries.get(path.slice(slash + 1)) === 'number';
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
