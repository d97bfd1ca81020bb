import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { FileRecord } from '../../shared/index.ts';
import { slowGlob, slowName } from '../../test/support/slow-glob.ts';
import { until } from '../../test/support/wait.ts';
import { Filter, type SnapshotPlace } from '../hub/index.ts';
import { Snapshots } from './snapshots.ts';

/** An index of two files, and how often it was copied. */
class Index {
  rootsVersion = 0;
  copies = 0;
  read = 0;
  private readonly files: number;
  private readonly nameOf: (index: number) => string;

  constructor(files = 2, nameOf = (index: number) => `f${index}`) {
    this.files = files;
    this.nameOf = nameOf;
  }

  async withIndexes<T>(
    root: string | undefined,
    use: (indexes: ReadonlyMap<string, () => Generator<FileRecord>>) => Promise<T>,
  ): Promise<T> {
    this.copies += 1;
    const records = this.records.bind(this);
    return use(new Map([[root ?? '/r', records]]));
  }

  private *records(): Generator<FileRecord> {
    for (let n = 0; n < this.files; n++) {
      this.read += 1;
      yield { path: this.nameOf(n), kind: 'file', size: 0, mtime: 0 };
    }
  }
}

/** The default view, in which nothing happens. */
const course = { journal: { headSeq: 7 }, view: undefined };

/** Somebody who wants a snapshot. */
class Reader {
  readonly name: string;
  slow = false;
  has = false;
  evicted = false;
  readonly place: SnapshotPlace;

  constructor(snapshots: Snapshots, name: string, match = name) {
    this.name = name;
    this.place = snapshots.take(new Filter({ match: ['*', match] }), course, {
      isSlow: () => this.slow,
      evict: () => {
        this.evicted = true;
        this.place.leave();
      },
    });
    this.place.taken.then(
      () => {
        this.has = true;
      },
      () => {},
    );
  }
}

function makeSnapshots(index = new Index()): { snapshots: Snapshots; index: Index } {
  return { snapshots: new Snapshots(index), index };
}

const readers = (snapshots: Snapshots, names: string): Reader[] =>
  [...names].map((name) => new Reader(snapshots, name));
const having = (all: readonly Reader[]): string => all.map(({ name, has }) => (has ? name : '')).join('');

describe('Snapshots', () => {
  it('holds four at a time, and gives a place that is free to who waits longest', async () => {
    const { snapshots, index } = makeSnapshots();
    const all = readers(snapshots, 'abcdef');
    await until('the first', () => having(all) === 'abcd');
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(having(all)).toBe('abcd');
    expect(index.copies).toBe(4);
    all[1]?.place.leave();
    all[1]?.place.leave();
    await until('the next', () => having(all) === 'abcde');
    all[0]?.place.leave();
    await until('the last', () => having(all) === 'abcdef');
    for (const { place } of all) place.leave();
    const again = readers(snapshots, 'ghij');
    await until('all of them', () => having(again) === 'ghij');
  });

  it('is shared by those who want the same, and let go of by the last', async () => {
    const { snapshots, index } = makeSnapshots();
    const same = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => new Reader(snapshots, name, 'same'));
    await until('all of them', () => having(same) === 'abcdef');
    expect(index.copies).toBe(1);
    const others = readers(snapshots, 'xyz');
    await until('the others', () => having(others) === 'xyz');
    const next = new Reader(snapshots, 'n');
    for (const { place } of same.slice(1)) place.leave();
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(next.has).toBe(false);
    same[0]?.place.leave();
    await until('the next', () => next.has);
  });

  it('is made anew when a root came or went, though the journal has nothing new', async () => {
    const { snapshots, index } = makeSnapshots();
    const before = new Reader(snapshots, 'b', 'same');
    await until('the first', () => before.has);
    index.rootsVersion += 1;
    const after = new Reader(snapshots, 'a', 'same');
    expect(await after.place.taken).toMatchObject({ rootsVersion: 1 });
    expect(index.copies).toBe(2);
  });

  it('takes no more places from slow readers than are waited for, and none from others', async () => {
    const { snapshots } = makeSnapshots();
    const all = readers(snapshots, 'abcd');
    const beside = new Reader(snapshots, 'A', 'a');
    await until('the first', () => having([...all, beside]) === 'abcdA');
    const next = new Reader(snapshots, 'n');
    // Somebody who keeps up reads the same as the slow one.
    for (const [index, reader] of all.entries()) reader.slow = index !== 3;
    await until('the one who waits', () => next.has);
    expect(all.map(({ evicted }) => evicted)).toEqual([false, true, false, false]);
    beside.place.leave();
    const last = new Reader(snapshots, 'l');
    await until('the one who waits', () => last.has);
    expect(all.map(({ evicted }) => evicted)).toEqual([true, true, false, false]);
  });

  it('leaves others their turns while a slow filter takes nothing of a whole tree', async () => {
    const { snapshots } = makeSnapshots(new Index(200, (index) => slowName(600, index)));
    const place = snapshots.take(new Filter({ match: [slowGlob] }), course, {
      isSlow: () => false,
      evict: () => {},
    });
    let turns = 0;
    let isTaken = false;
    const taken = place.taken.finally(() => {
      isTaken = true;
    });
    for (; !isTaken; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(10);
    expect((await taken).frames.map((frame) => JSON.parse(frame.toString()).files)).toEqual([[]]);
  });

  it('is not made for those who have left', async () => {
    const { snapshots, index } = makeSnapshots(new Index(50_000));
    const all = readers(snapshots, 'abcdefgh');
    for (const { place } of all.slice(4)) place.leave();
    await nextTurn();
    const before = index.read;
    expect(before).toBeGreaterThan(0);
    for (const { place } of all.slice(1)) place.leave();
    await until('the first', () => having(all) === 'a');
    expect(index.copies).toBe(4);
    // One whole copy, and of the three others what was read by then and a piece that was under way.
    expect(index.read).toBeLessThan(before + 50_000 + 3 * 2_000);
    const later = readers(snapshots, 'xyz');
    await until('those who come later', () => having(later) === 'xyz');
  });
});
