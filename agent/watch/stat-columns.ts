// How stats lie in columns: in the index, and in what is kept of it.
import type { EntryKind } from '../../shared/index.ts';
import { type EntryStat, kindOf, type Youth } from './entry-stat.ts';

/** Numbers of a stat: its size, three times, and the inode. */
export const numbersPerStat = 5;

/** A youth is written as its place here. */
export const youths: readonly Youth[] = ['none', 'ctime', 'mtime'];

/** Writes the numbers of a stat, as those of row `row`. */
export function putNumbers(numbers: Float64Array, row: number, stat: EntryStat): void {
  const base = row * numbersPerStat;
  numbers[base] = stat.size;
  numbers[base + 1] = stat.mtimeMs;
  numbers[base + 2] = stat.ctimeMs;
  numbers[base + 3] = stat.birthtimeMs;
  numbers[base + 4] = stat.ino;
}

/** The stat with the numbers of row `row`. */
export function statAtRow(
  numbers: Float64Array,
  row: number,
  mode: number,
  uid: number,
  gid: number,
  outside: boolean,
): EntryStat {
  const base = row * numbersPerStat;
  return {
    kind: kindOf(mode) as EntryKind, // of another kind there is no entry
    size: numbers[base] as number,
    mtimeMs: numbers[base + 1] as number,
    ctimeMs: numbers[base + 2] as number,
    birthtimeMs: numbers[base + 3] as number,
    ino: numbers[base + 4] as number,
    mode,
    uid,
    gid,
    outside,
  };
}
