// The default view of an index and its clock as bytes, and back: columns of numbers, and names in one text each. Only the
// version that wrote them can read them; whoever keeps them sees to that, and checks that they are whole.
import { constants } from 'node:fs';
import type { Change, EntryKind } from '../../shared/index.ts';
import type { SavedClock, TreeClock } from './clock.ts';
import type { EntryStat, Youth } from './entry-stat.ts';
import type { KeptIndex } from './kept-index.ts';
import type { Lifetime } from './lifetimes.ts';
import { pathKey, splitPath } from './names.ts';
import { numbersPerStat, putNumbers, statAtRow, youths } from './stat-columns.ts';
import { Directory, type TreeIndex } from './tree-index.ts';
import { youthOf } from './youth.ts';

const kinds: readonly EntryKind[] = ['file', 'dir', 'symlink'];
const modesPerEntry = 3;
/** Entries between two steps. */
const entriesPerStep = 256;
/** An inode number that no file has: nothing but what an event says is known of the entry. */
const unknownInode = -1;
/** No name has one, and no path begins or ends with one. */
const betweenNames = '/';
const betweenPaths = '//';

/** Counts at the beginning. */
const countBytes = 4 * 8;

/**
 * Writes an index into pieces, in steps. It has to be held still.
 * @param pieces is added to
 * @param isSettled whether no hint waits to be looked at: then an entry is young no longer once its time has passed
 */
export function* saveImage(
  index: TreeIndex,
  clock: SavedClock,
  isSettled: boolean,
  pieces: Buffer[],
): Generator<void, void> {
  const directories = [...index.directories.values()].filter(({ stat }) => !stat.outside);
  const count = directories.length + index.files;
  const numbers = new Float64Array(count * numbersPerStat);
  const modes = new Uint32Array(count * modesPerEntry);
  const youngs = new Uint8Array(count);
  const parents = new Uint32Array(directories.length);
  const fileCounts = new Uint32Array(directories.length);
  const names: string[] = [];
  let at = 0;
  const put = (name: string, stat: EntryStat, youth: Youth): void => {
    putNumbers(numbers, at, stat);
    modes[at * modesPerEntry] = stat.mode;
    modes[at * modesPerEntry + 1] = stat.uid;
    modes[at * modesPerEntry + 2] = stat.gid;
    youngs[at] = youths.indexOf(youth);
    names.push(name);
    at += 1;
  };
  const places = new Map<Directory, number>();
  for (const [place, directory] of directories.entries()) {
    places.set(directory, place);
    if (directory.parent !== undefined) parents[place] = places.get(directory.parent) ?? 0;
    put(splitPath(directory.path).name, directory.stat, 'none');
    if (place % entriesPerStep === 0) yield;
  }
  for (const [place, { entries }] of directories.entries()) {
    let files = 0;
    for (const [name, entry] of entries) {
      if (entry instanceof Directory || index.isOutside(entry)) continue;
      const stat = index.fileStat(entry);
      const youth = index.youth(entry);
      put(name, stat, youth !== 'none' && isSettled ? youthOf(stat) : youth);
      files += 1;
      if (at % entriesPerStep === 0) yield;
    }
    fileCounts[place] = files;
  }
  const stamped: string[] = [];
  const stamps: number[] = [];
  for (const { path, came, changed } of clock.entries) {
    stamped.push(path);
    stamps.push(came, changed);
    if (stamped.length % entriesPerStep === 0) yield;
  }
  const ended: string[] = [];
  const lives: number[] = [];
  for (const { path, kind, came, went } of clock.lifetimes) {
    ended.push(path);
    lives.push(kinds.indexOf(kind), came, went);
    if (ended.length % entriesPerStep === 0) yield;
  }
  const counts = Buffer.alloc(countBytes);
  const texts = [names.join(betweenNames), stamped.join(betweenPaths), ended.join(betweenPaths)].map((text) =>
    Buffer.from(text, 'utf8'),
  );
  const [nameBytes = 0, stampedBytes = 0, endedBytes = 0] = texts.map(({ length }) => length);
  const all = [directories.length, index.files, stamped.length, ended.length];
  for (const [place, number] of [...all, nameBytes, stampedBytes, endedBytes].entries()) {
    counts.writeUInt32LE(number, place * 4);
  }
  const rest = [clock.since, clock.dropped.came, clock.dropped.floor, ...stamps, ...lives];
  pieces.push(counts);
  for (const column of [numbers, Float64Array.from(rest), modes, parents, fileCounts, youngs]) {
    pieces.push(Buffer.from(column.buffer));
  }
  pieces.push(...texts);
}

/** Takes columns and texts off the front of an image. */
class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(bytes: number): Buffer {
    if (this.at + bytes > this.bytes.length) throw new Error('the image is cut off');
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }

  numbers(count: number): Float64Array {
    return new Float64Array(Uint8Array.from(this.take(count * 8)).buffer);
  }

  integers(count: number): Uint32Array {
    return new Uint32Array(Uint8Array.from(this.take(count * 4)).buffer);
  }

  texts(bytes: number, count: number, between: string): string[] {
    const text = this.take(bytes).toString('utf8');
    return count === 0 ? [] : text.split(between);
  }
}

/** Fills an empty index and its clock with what was kept, in steps. */
export function* loadImage(
  { image, events }: KeptIndex,
  index: TreeIndex,
  clock: TreeClock,
): Generator<void, void> {
  const reader = new Reader(image);
  const counts = reader.take(countBytes);
  const countAt = (place: number): number => counts.readUInt32LE(place * 4);
  const [directoryCount, fileCount, stampCount, lifeCount] = [countAt(0), countAt(1), countAt(2), countAt(3)];
  const count = directoryCount + fileCount;
  const numbers = reader.numbers(count * numbersPerStat);
  const rest = reader.numbers(3 + stampCount * 2 + lifeCount * 3);
  const modes = reader.integers(count * modesPerEntry);
  const parents = reader.integers(directoryCount);
  const fileCounts = reader.integers(directoryCount);
  const youngs = reader.take(count);
  const names = reader.texts(countAt(4), count, betweenNames);
  yield;
  const stamped = reader.texts(countAt(5), stampCount, betweenPaths);
  const ended = reader.texts(countAt(6), lifeCount, betweenPaths);
  const statAt = (at: number): EntryStat => {
    const base = at * modesPerEntry;
    const mode = modes[base] as number;
    const uid = modes[base + 1] as number;
    const gid = modes[base + 2] as number;
    return statAtRow(numbers, at, mode, uid, gid, false);
  };
  const directories: Directory[] = [];
  for (let at = 0; at < directoryCount; at++) {
    const parent = at === 0 ? undefined : directories[parents[at] as number];
    directories.push(index.addDirectory(parent, names[at] as string, statAt(at)));
    if (at % entriesPerStep === 0) yield;
  }
  let at = directoryCount;
  for (const [place, directory] of directories.entries()) {
    for (const end = at + (fileCounts[place] as number); at < end; at++) {
      index.addFile(directory, names[at] as string, statAt(at), youths[youngs[at] as number] as Youth);
      if (at % entriesPerStep === 0) yield;
    }
  }
  const [since = 0, came = 0, floor = 0] = rest;
  const livesAt = 3 + stampCount * 2;
  clock.load({
    since,
    dropped: { came, floor },
    entries: stamped.map((path, n) => ({
      path,
      came: rest[3 + n * 2] as number,
      changed: rest[4 + n * 2] as number,
    })),
    lifetimes: ended.map(
      (path, n): Lifetime => ({
        path,
        kind: kinds[rest[livesAt + n * 3] as number] as EntryKind,
        came: rest[livesAt + n * 3 + 1] as number,
        went: rest[livesAt + n * 3 + 2] as number,
      }),
    ),
  });
  yield;
  for (const { seq, changes } of events) {
    for (const change of changes) redo(index, change);
    clock.placed(seq, changes);
    yield;
  }
}

/** Applies an event to the index. Of an entry that an event added or changed, only the size and time are known. */
function redo(index: TreeIndex, change: Change): void {
  const path = pathKey(change);
  const { directory: at, name } = splitPath(path);
  const parent = index.directories.get(at);
  if (parent === undefined) return;
  const known = parent.entries.get(name);
  if (change.event === 'unlink' || change.event === 'unlinkDir') {
    const directory = index.remove(parent, name, () => {});
    if (directory !== undefined) for (const _step of index.removeBelow([directory], () => {}));
    return;
  }
  const stat = toldStat(change);
  if (change.kind === 'dir') {
    if (known === undefined) index.addDirectory(parent, name, stat);
  } else if (typeof known === 'number') index.setFile(known, stat, 'mtime');
  else if (known === undefined) index.addFile(parent, name, stat, 'mtime');
}

const formats = { file: constants.S_IFREG, dir: constants.S_IFDIR, symlink: constants.S_IFLNK } as const;

function toldStat({ kind, size = 0, mtime = 0 }: Change): EntryStat {
  const mode = formats[kind];
  const unknown = { ctimeMs: 0, birthtimeMs: 0, ino: unknownInode, uid: 0, gid: 0, outside: false };
  return { ...unknown, kind, size, mtimeMs: mtime, mode };
}
