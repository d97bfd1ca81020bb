import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../test/support/cleanup.ts';
import { openRegularFile, readBeginning, readRegularFile } from './regular-file.ts';

let place = '';
beforeEach(() => {
  place = temporaryDirectory();
});

describe('the beginning of a file', () => {
  it.each([
    [0, 10, 0, true],
    [9, 10, 9, true],
    [10, 10, 10, true],
    [11, 10, 10, false],
    [1, 0, 0, false],
    // More than one chunk.
    [200_000, 200_000, 200_000, true],
    [200_001, 200_000, 200_000, false],
  ])('of %i bytes, read as far as %i, is %i, and all of it: %s', (size, limit, length, isWhole) => {
    const all = Buffer.from(Array.from({ length: size }, (_unused, index) => index % 251));
    writeFileSync(join(place, 'f'), all);
    const read = readBeginning(join(place, 'f'), limit);
    expect(read.bytes.equals(all.subarray(0, length))).toBe(true);
    expect([read.bytes.length, read.isWhole, read.stats.size]).toEqual([length, isWhole, size]);
  });

  it('is read where the system gives no size, and from a path of bytes', () => {
    const { bytes, isWhole, stats } = readBeginning(Buffer.from('/proc/self/status'), 5, { follow: true });
    expect([bytes.toString(), isWhole, stats.size]).toEqual(['Name:', false, 0]);
    expect(readBeginning('/proc/self/status', 100_000, { follow: true }).isWhole).toBe(true);
  });
});

describe('what is no regular file', () => {
  it.each([
    ['a directory', 'not_regular', (path: string) => mkdirSync(path)],
    ['a FIFO', 'not_regular', (path: string) => execFileSync('mkfifo', [path])],
    ['a symbolic link', 'is_link', (path: string) => symlinkSync('/etc/passwd', path)],
    ['a link that leads nowhere', 'is_link', (path: string) => symlinkSync('nowhere', path)],
  ])('%s is refused as %s', (_what, code, make) => {
    make(join(place, 'x'));
    expect(() => readBeginning(join(place, 'x'), 10)).toThrow(expect.objectContaining({ code }));
  });

  it('a link is followed where that is asked for, but not to what is no file', () => {
    writeFileSync(join(place, 'f'), 'text');
    symlinkSync('f', join(place, 'link'));
    expect(readRegularFile(join(place, 'link'), 4, { follow: true }).text).toBe('text');
    symlinkSync('.', join(place, 'directory'));
    expect(() => readRegularFile(join(place, 'directory'), 4, { follow: true })).toThrow(
      'not a regular file',
    );
  });
});

it('a file that is too large is refused with its limit', () => {
  writeFileSync(join(place, 'f'), 'text');
  expect(readRegularFile(join(place, 'f'), 4).text).toBe('text');
  expect(() => readRegularFile(join(place, 'f'), 3)).toThrow(
    expect.objectContaining({ code: 'too_large', message: 'is larger than 3 bytes' }),
  );
});

it('a file is made with the mode that is given', () => {
  const flags = constants.O_CREAT | constants.O_WRONLY;
  const { descriptor, stats } = openRegularFile(join(place, 'f'), flags, { mode: 0o640 });
  closeSync(descriptor);
  expect(stats.mode & 0o777).toBe(0o640 & ~process.umask());
});
