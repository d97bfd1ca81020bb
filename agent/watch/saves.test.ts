import { describe, expect, it } from '@jest/globals';
import { Delta } from './delta.ts';
import { stat } from './fixtures/entry-stat.ts';
import { holdsBackup } from './saves.ts';
import type { EntryStat } from './tree-index.ts';

describe('a batch holds a backup', () => {
  type Difference = [path: string, before: EntryStat | undefined, after: EntryStat | undefined];
  const holds = (records: Difference[], known: string[] = []): boolean => {
    const delta = new Delta();
    for (const [path, before, after] of records) delta.record(path, before, after);
    return holdsBackup(delta.paths, (path) => known.includes(path));
  };

  it('when the old file lives on under a new name beside the one that took its place', () => {
    expect(
      holds([
        ['a', stat(1), stat(2)],
        ['a.orig', undefined, stat(1)],
      ]),
    ).toBe(true);
  });

  it.each(['d/a~', 'd/a___jb_tmp___', 'd/a___jb_old___', 'd/a___jb_bak___'])(
    'when %s comes beside a file that is known',
    (path) => {
      expect(holds([[path, undefined, stat(2)]], ['d/a'])).toBe(true);
      expect(holds([[path, undefined, stat(2)]], ['a'])).toBe(false);
    },
  );

  it("when vim's trial of the directory is there", () => {
    expect(holds([['d/4913', undefined, stat(2, { size: 0 })]])).toBe(true);
    expect(holds([['d/4913', undefined, stat(2)]])).toBe(false);
  });

  it('when the file has just become its backup', () => {
    expect(
      holds([
        ['a', stat(1), undefined],
        ['a~', undefined, stat(1)],
      ]),
    ).toBe(true);
  });

  it('but not when a file is renamed, or made with a second name', () => {
    expect(
      holds([
        ['a', stat(1), undefined],
        ['b', undefined, stat(1)],
      ]),
    ).toBe(false);
    expect(
      holds([
        ['a', stat(1), stat(1, { size: 2 })],
        ['b', undefined, stat(1)],
      ]),
    ).toBe(false);
  });

  it('but not when both are new, or the backup was there before', () => {
    expect(
      holds(
        [
          ['a', undefined, stat(1)],
          ['a~', undefined, stat(2)],
        ],
        ['a', 'a~'],
      ),
    ).toBe(false);
    expect(holds([['a~', stat(1), stat(2)]], ['a', 'a~'])).toBe(false);
  });

  it('but not when it has come and gone', () => {
    const delta = new Delta();
    delta.record('a', stat(1), stat(2));
    delta.record('a~', undefined, stat(1));
    delta.record('a~', stat(1), undefined);
    expect(holdsBackup(delta.paths, () => true)).toBe(false);
  });

  it('but not when it is a directory, or one of many', () => {
    expect(holds([['a~', undefined, stat(2, { kind: 'dir' })]], ['a'])).toBe(false);
    const many = Array.from({ length: 20 }, (_unused, ino): Difference => [`f${ino}`, undefined, stat(ino)]);
    expect(holds([['a~', undefined, stat(99)], ...many], ['a'])).toBe(false);
  });
});
