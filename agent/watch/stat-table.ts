// The columns of numbers that files are kept in: a row each, in blocks, so that the table grows in step with the tree.
import type { Difference, EntryStat, Youth } from './entry-stat.ts';
import { noStamp } from './stamps.ts';
import { numbersPerStat, putNumbers, statAtRow, youths } from './stat-columns.ts';

const blockRows = 4096;
/** In a row's byte of flags: its youth, and whether it is outside the default view. */
const youthMask = 3;
const outsideFlag = 4;

/** Columns of stats. */
export class StatTable {
  private readonly numbers: Float64Array[] = [];
  private readonly modes: Uint16Array[] = [];
  private readonly owners: Uint32Array[] = [];
  private readonly flags: Uint8Array[] = [];
  /** A block is made with its first stamp: most have none. */
  private readonly stamps: (Uint32Array | undefined)[] = [];
  private readonly free: number[] = [];
  private used = 0;

  add(stat: EntryStat, youth: Youth): number {
    const row = this.free.pop() ?? this.used++;
    if (row >= this.numbers.length * blockRows) {
      this.numbers.push(new Float64Array(blockRows * numbersPerStat));
      this.modes.push(new Uint16Array(blockRows));
      this.owners.push(new Uint32Array(blockRows * 2));
      this.flags.push(new Uint8Array(blockRows));
    }
    this.set(row, stat, youth);
    return row;
  }

  set(row: number, stat: EntryStat, youth: Youth): void {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    putNumbers(this.numbers[block] as Float64Array, at, stat);
    (this.modes[block] as Uint16Array)[at] = stat.mode;
    const owners = this.owners[block] as Uint32Array;
    owners[at * 2] = stat.uid;
    owners[at * 2 + 1] = stat.gid;
    const mark = stat.outside ? outsideFlag : 0;
    (this.flags[block] as Uint8Array)[at] = youths.indexOf(youth) | mark;
  }

  get(row: number): EntryStat {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    const mode = (this.modes[block] as Uint16Array)[at] as number;
    const owners = this.owners[block] as Uint32Array;
    const uid = owners[at * 2] as number;
    const gid = owners[at * 2 + 1] as number;
    return statAtRow(this.numbers[block] as Float64Array, at, mode, uid, gid, this.isOutside(row));
  }

  youth(row: number): Youth {
    return youths[this.flagsOf(row) & youthMask] as Youth;
  }

  isOutside(row: number): boolean {
    return (this.flagsOf(row) & outsideFlag) !== 0;
  }

  private flagsOf(row: number): number {
    return (this.flags[Math.floor(row / blockRows)] as Uint8Array)[row % blockRows] as number;
  }

  /** How a stat differs from the row, without an object for the row. */
  difference(row: number, stat: EntryStat): Difference {
    const block = Math.floor(row / blockRows);
    const at = row % blockRows;
    const numbers = this.numbers[block] as Float64Array;
    const base = at * numbersPerStat;
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
