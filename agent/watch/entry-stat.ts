// What lstat says of an entry, and how two of these differ.
import { constants, type Stats } from 'node:fs';
import type { EntryKind } from '../../shared/index.ts';

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
  /** Whether it is outside the default view, there for the sake of a wider one. */
  readonly outside: boolean;
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
export function statOf(stats: Stats, kind: EntryKind, outside: boolean): EntryStat {
  const { size, mtimeMs, ctimeMs, birthtimeMs, ino, mode, uid, gid } = stats;
  return { kind, size, mtimeMs, ctimeMs, birthtimeMs, ino, mode, uid, gid, outside };
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
