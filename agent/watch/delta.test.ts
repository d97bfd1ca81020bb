import { describe, expect, it } from '@jest/globals';
import type { Change } from '../../shared/index.ts';
import { Delta, untold } from './delta.ts';
import { stat } from './fixtures/entry-stat.ts';
import type { EntryStat } from './tree-index.ts';

const brief = (delta: Delta): string[] =>
  delta
    .changes()
    .map(({ event, path, from }) => `${event} ${path}${from === undefined ? '' : ` from ${from}`}`);

describe('the net of a batch', () => {
  it('is from what a path was first to what it is last', () => {
    const delta = new Delta();
    delta.record('a', stat(1), undefined);
    delta.record('b', undefined, stat(2));
    delta.record('a', undefined, stat(3));
    delta.record('b', stat(2), undefined);
    expect(brief(delta)).toEqual(['change a']);
  });

  it('is nothing where a path is again what it was, unless a write is known', () => {
    const delta = new Delta();
    for (const path of ['a', 'b']) {
      delta.record(path, stat(1), undefined);
      delta.record(path, undefined, stat(1), path === 'b');
    }
    expect(brief(delta)).toEqual(['change b']);
  });

  it('has children before parents where they go, and parents first where they come', () => {
    const delta = new Delta();
    const dir = (ino: number): EntryStat => stat(ino, { kind: 'dir', mode: 0o40755 });
    delta.record('x', dir(1), undefined);
    delta.record('x/a', stat(2), undefined);
    delta.record('y/a', undefined, stat(2));
    delta.record('y', undefined, dir(1));
    expect(brief(delta)).toEqual(['unlink x/a', 'unlinkDir x', 'addDir y from x', 'add y/a from x/a']);
  });

  it('has a path twice where its kind changed', () => {
    const delta = new Delta();
    delta.record('a', stat(1), stat(2, { kind: 'symlink' }));
    expect(brief(delta)).toEqual(['unlink a', 'add a']);
  });

  it('says from only where inode and birth time are the same', () => {
    const delta = new Delta();
    delta.record('a', stat(1), undefined);
    delta.record('b', undefined, stat(1, { birthtimeMs: 950_000 }));
    delta.record('c', stat(2, { birthtimeMs: 0 }), undefined);
    delta.record('d', undefined, stat(2, { birthtimeMs: 0 }));
    expect(brief(delta)).toEqual(['unlink c', 'unlink a', 'add b', 'add d']);
  });

  it('has what goes in the reverse order of names, however it was found', () => {
    const delta = new Delta();
    for (const path of ['b', 'd/x', 'a', 'd', 'c']) delta.record(path, stat(1), undefined);
    expect(brief(delta)).toEqual(['unlink d/x', 'unlink d', 'unlink c', 'unlink b', 'unlink a']);
  });

  it('has no change of a directory, whatever differs', () => {
    const delta = new Delta();
    const dir = (ino: number): EntryStat => stat(ino, { kind: 'dir', mode: 0o40755 });
    delta.record('d', dir(1), dir(2));
    delta.record('e', dir(3), dir(3), true);
    expect(brief(delta)).toEqual([]);
  });

  it('says from only of what is new: another name of a file that goes stays what it is', () => {
    const delta = new Delta();
    delta.record('a', stat(1), undefined);
    delta.record('link', stat(1, { size: 0 }), stat(1));
    expect(brief(delta)).toEqual(['unlink a', 'change link']);
  });

  it('gives each path with what it was first and is last', () => {
    const delta = new Delta();
    delta.record('a', stat(1), undefined);
    delta.record('a', undefined, stat(2));
    expect([...delta.paths]).toEqual([['a', expect.objectContaining({ before: stat(1), after: stat(2) })]]);
  });

  it('is worked out in steps of 256 paths', () => {
    const delta = new Delta();
    for (let number = 0; number < 512; number++) {
      // Half of them go, half come.
      const [before, after] = number % 2 === 0 ? [stat(number), undefined] : [undefined, stat(number)];
      delta.record(`f${number}`, before, after);
    }
    const changes: Change[] = [];
    const lengths: number[] = [];
    for (const _step of delta.collect(changes)) lengths.push(changes.length);
    expect(lengths).toEqual([0, 0, 256, 512]);
  });
});

it('of what is not told nothing is kept', () => {
  expect(untold.record('a', undefined, stat(1))).toBeUndefined();
});
