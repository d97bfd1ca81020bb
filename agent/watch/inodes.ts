// Inode numbers in 53 bits, which is what a double has room for. NTFS, ReFS and overlayfs use all 64: rounded to
// doubles, the numbers of neighbors are the same.
import { lstatSync, type Stats } from 'node:fs';

/** 2^64 divided by the golden ratio, as an odd number: Knuth, The Art of Computer Programming, volume 3, section 6.4. */
const multiplier = 0x9e3779b97f4a7c15n;
const hashBits = 53n;

/**
 * Hashes an inode number of 64 bits.
 * @returns a safe integer; two numbers have the same one with a chance of about one in 2^53
 */
export function hashedInode(ino: bigint): number {
  return Number(BigInt.asUintN(64, ino * multiplier) >> (64n - hashBits));
}

/**
 * lstat, but an inode number that was rounded is read in full and hashed. Only then does it take a second call.
 * @param lstat the system's
 * @returns undefined if nothing is at `place`
 * @throws NodeJS.ErrnoException as the system gives it
 */
export function lstatExactly(place: string | Buffer, lstat: typeof lstatSync = lstatSync): Stats | undefined {
  const stats = lstat(place, { throwIfNoEntry: false });
  if (stats === undefined || stats.ino <= Number.MAX_SAFE_INTEGER) return stats;
  const exact = lstat(place, { throwIfNoEntry: false, bigint: true });
  if (exact === undefined) return undefined;
  // Another entry has come in between, and the number has to belong to the rest.
  if (Number(exact.ino) !== stats.ino) return lstatExactly(place, lstat);
  stats.ino = hashedInode(exact.ino);
  return stats;
}
