import { describe, expect, it } from '@jest/globals';
import { Delta } from './delta.ts';
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
});
