import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { hashedInode, lstatExactly } from './inodes.ts';

/** What lstat says, but with each of these numbers in turn, and rounded where it does not give them in full. */
function lstatWith(...inos: bigint[]): typeof lstatSync {
  let calls = 0;
  const lstat = (path: string, options: { bigint?: boolean }) => {
    const ino = inos[Math.min(calls++, inos.length - 1)] ?? 0n;
    const stats = lstatSync(path, options);
    return stats && Object.assign(stats, { ino: options.bigint === true ? ino : Number(ino) });
  };
  // Of its many signatures these are the two that are used.
  return lstat as unknown as typeof lstatSync;
}

describe('lstat', () => {
  let file = '';
  beforeEach(() => {
    file = join(temporaryDirectory(), 'f');
    writeFileSync(file, 'four');
  });

  it('leaves a number alone that a double holds', () => {
    const largest = BigInt(Number.MAX_SAFE_INTEGER);
    expect(lstatExactly(file, lstatWith(largest, 1n))?.ino).toBe(Number.MAX_SAFE_INTEGER);
    expect(lstatExactly(file)).toEqual(lstatSync(file));
  });

  it('tells two entries apart whose numbers are rounded to the same', () => {
    const [one, other] = [2n ** 53n, 2n ** 53n + 1n].map((ino) => lstatExactly(file, lstatWith(ino)));
    expect([one, other].map((stats) => stats?.ino)).toEqual([
      hashedInode(2n ** 53n),
      hashedInode(2n ** 53n + 1n),
    ]);
    expect(one?.ino).not.toBe(other?.ino);
    expect(one?.size).toBe(4);
  });

  it('looks again when another entry came between the number and the rest', () => {
    const [first, second] = [2n ** 60n, 2n ** 61n];
    expect(lstatExactly(file, lstatWith(first, second, second, second))?.ino).toBe(hashedInode(second));
    expect(lstatExactly(file, lstatWith(first, 7n, 7n))?.ino).toBe(7);
  });

  it('finds nothing where nothing is, or is left', () => {
    expect(lstatExactly(`${file}.gone`)).toBeUndefined();
    const lstat = lstatWith(2n ** 60n);
    const removing = (path: string, options: { bigint?: boolean }) => {
      if (options.bigint === true) rmSync(path);
      return lstat(path, options);
    };
    expect(lstatExactly(file, removing as typeof lstatSync)).toBeUndefined();
  });
});

describe('inode numbers of 64 bits', () => {
  it('become numbers that a double holds exactly', () => {
    for (const ino of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(Number.isSafeInteger(hashedInode(ino))).toBe(true);
      expect(hashedInode(ino)).toBe(hashedInode(ino));
    }
  });

  it('stay different where a double makes them the same: neighbours, and the same place used again', () => {
    // NTFS counts in the upper 16 bits how often a record has been used; overlayfs has the layer in the top bits.
    const uses = Array.from({ length: 256 }, (_unused, use) => (BigInt(use) + 0x1000n) << 48n);
    const records = Array.from({ length: 256 }, (_unused, record) => BigInt(record) + 0x1234_5678n);
    const all = uses.flatMap((use) => records.map((record) => use | record));
    expect(new Set(all.map(Number)).size).toBeLessThan(all.length);
    expect(new Set(all.map(hashedInode)).size).toBe(all.length);
  });
});
