import { describe, expect, it } from '@jest/globals';
import type { FileEvent, FileRecord } from '../protocol.ts';
import type { AgentEvent, ConnectedEvent, SnapshotEvent } from './events.ts';
import { Tree, type TreeChange } from './tree.ts';

function file(path: string, size = 1): FileRecord {
  return { path, kind: 'file', size, mtime: 1 };
}

function connected(resumed: boolean, roots = ['/w']): ConnectedEvent {
  const cursor = 'e:1';
  return {
    type: 'connected',
    protocol: 1,
    version: '',
    client: 'c1',
    cursor,
    head: cursor,
    oldest: cursor,
    resumed,
    roots,
  };
}

function snapshot(files: FileRecord[], whole = true, root = '/w'): SnapshotEvent {
  return { type: 'snapshot', root, files, done: whole, whole };
}

function changes(...list: FileEvent['changes']): FileEvent {
  return { type: 'file', cursor: 'e:2', time: 0, topic: 'file', root: '/w', changes: list };
}

/** A tree after some events, and what it told of each. */
function treeOf(...events: AgentEvent[]): { tree: Tree; told: string[][] } {
  const tree = new Tree();
  const told: string[][] = [];
  tree.on('change', (list: readonly TreeChange[]) =>
    told.push(list.map(({ event, record }) => `${event} ${record.path}`)),
  );
  for (const event of events) tree.apply(event);
  return { tree, told };
}

describe('Tree', () => {
  it('is whole after the last piece of the snapshot', () => {
    const { tree, told } = treeOf(connected(false), snapshot([file('a')], false));
    expect(tree.whole).toBe(false);
    tree.apply(snapshot([file('b')]));
    expect(tree.whole).toBe(true);
    expect([...tree.files().keys()]).toEqual(['a', 'b']);
    expect(told).toEqual([['add a', 'add b']]);
  });

  it('is whole at once where nothing is watched', () => {
    expect(treeOf(connected(false, [])).tree.whole).toBe(true);
  });

  it('applies changes in their order', () => {
    const { tree, told } = treeOf(
      connected(false),
      snapshot([file('a'), file('b')]),
      changes(
        { event: 'unlink', path: 'a', kind: 'file' },
        { event: 'addDir', path: 'a', kind: 'dir', size: 2, mtime: 3 },
        { event: 'change', path: 'b', kind: 'file', size: 5, mtime: 2 },
        { event: 'add', path: 'a/c', kind: 'file', size: 1, mtime: 1, from: 'c' },
      ),
    );
    expect([...tree]).toEqual([
      ['/w', { path: 'b', kind: 'file', size: 5, mtime: 2 }],
      ['/w', { path: 'a', kind: 'dir', size: 2, mtime: 3 }],
      ['/w', file('a/c')],
    ]);
    expect(told[1]).toEqual(['unlink a', 'add a', 'change b', 'add a/c']);
  });

  it('keeps what it has over a gap until the snapshot is complete, and tells the differences', () => {
    const { tree, told } = treeOf(
      connected(false),
      snapshot([file('a'), file('a/b'), file('c'), file('d')]),
      { type: 'gap', cursor: 'e:9', reason: 'slow' },
      snapshot([file('c', 7)], false),
    );
    expect(tree.whole).toBe(false);
    expect(tree.size).toBe(4);
    // Cut off, and begun anew.
    tree.apply(connected(false));
    tree.apply(snapshot([file('d'), file('c', 2), file('e')]));
    expect(tree.whole).toBe(true);
    expect(told[1]).toEqual(['unlink a/b', 'unlink a', 'change c', 'add e']);
  });

  it('stays whole over a recrawl and a connection that was resumed', () => {
    const { tree } = treeOf(connected(false), snapshot([file('a')]), connected(true), {
      type: 'gap',
      cursor: 'e:9',
      reason: 'recrawl',
    });
    expect(tree.whole).toBe(true);
    expect(tree.size).toBe(1);
  });

  it('forgets a root that is not in the fresh snapshot', () => {
    const { tree } = treeOf(
      connected(false, ['/w', '/x']),
      snapshot([file('a')], false, '/x'),
      snapshot([file('a')]),
      { type: 'gap', cursor: 'e:9', reason: 'slow' },
      snapshot([file('a')], false),
      changes({ event: 'add', path: 'b', kind: 'file', size: 1, mtime: 1 }),
    );
    expect(tree.whole).toBe(true);
    expect(tree.roots).toEqual(['/w']);
    expect(tree.size).toBe(2);
  });

  it('keeps names apart that are not UTF-8 and look the same', () => {
    const { tree } = treeOf(
      connected(false),
      snapshot([
        { ...file('\ufffd'), pathBytes: '/w==' },
        { ...file('\ufffd'), pathBytes: '/g==' },
      ]),
    );
    expect(tree.size).toBe(2);
  });
});
