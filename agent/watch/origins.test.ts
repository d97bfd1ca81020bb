import { describe, expect, it } from '@jest/globals';
import { stat } from './fixtures/entry-stat.ts';
import { Origins } from './origins.ts';
import { clockGrainMs } from './youth.ts';

describe('the origin of an added entry', () => {
  it('is the gone entry with its inode and birth time, and is given once', () => {
    const origins = new Origins();
    origins.add('other', stat(2));
    origins.add('old', stat(1));
    expect(origins.take(stat(1))).toBe('old');
    expect(origins.take(stat(1))).toBeUndefined();
    expect(origins.take(stat(3))).toBeUndefined();
  });

  it('is each of several gone names of one file, one after the other', () => {
    const origins = new Origins();
    for (const name of ['first', 'second']) origins.add(name, stat(1));
    expect([origins.take(stat(1)), origins.take(stat(1)), origins.take(stat(1))]).toEqual([
      'first',
      'second',
      undefined,
    ]);
  });

  it('is of the same kind: one of another is passed over', () => {
    const origins = new Origins();
    origins.add('link', stat(1, { kind: 'symlink' }));
    expect(origins.take(stat(1))).toBeUndefined();
    origins.add('file', stat(1));
    expect(origins.take(stat(1))).toBe('file');
    expect(origins.take(stat(1, { kind: 'symlink' }))).toBe('link');
  });

  it('is nothing without a birth time', () => {
    const origins = new Origins();
    origins.add('old', stat(1, { birthtimeMs: 0 }));
    expect(origins.take(stat(1, { birthtimeMs: 0 }))).toBeUndefined();
  });

  /** An entry that was changed last so long after its birth. */
  const aged = (ageMs: number, fields = {}) =>
    stat(1, { birthtimeMs: 900_000, ctimeMs: 900_000 + ageMs, ...fields });

  it.each([
    [clockGrainMs - 1, {}, true],
    [clockGrainMs - 1, { size: 2 }, false],
    [clockGrainMs - 1, { mtimeMs: 1 }, false],
    // Older than a tick of the clock, another file can't have its inode number and birth time.
    [clockGrainMs, { size: 2, mtimeMs: 1 }, true],
  ])('%i ms after its birth, with %j different, is the same: %s', (ageMs, fields, isSame) => {
    const origins = new Origins();
    origins.add('old', aged(0));
    expect(origins.take(aged(ageMs, fields))).toBe(isSame ? 'old' : undefined);
  });
});
