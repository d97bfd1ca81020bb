import { describe, expect, it } from '@jest/globals';
import type { FileRecord } from '../../shared/index.ts';
import { FolderState } from './folder-state.ts';

function file(path: string, mtime = 1): FileRecord {
  return { path, kind: 'file', size: 1, mtime };
}

describe("a folder's state", () => {
  it('is no change when it is told for the first time, and the difference when it is told again', () => {
    const state = new FolderState();
    expect(state.takeSnapshot([file('same'), file('gone')], false)).toEqual([]);
    expect(state.takeSnapshot([file('other'), file('changed')], true)).toEqual([]);
    state.apply([{ event: 'unlink', path: 'other', kind: 'file' }]);
    state.apply([{ event: 'change', path: 'changed', kind: 'file', size: 2, mtime: 2 }]);
    state.begin();
    expect(state.takeSnapshot([file('half of one that broke off')], false)).toEqual([]);
    state.begin();
    const files = [file('same'), { ...file('changed', 3), size: 2 }, file('new')];
    expect(state.takeSnapshot(files, true)).toEqual([
      { event: 'unlink', path: 'gone', kind: 'file' },
      { event: 'change', path: 'changed', kind: 'file' },
      { event: 'add', path: 'new', kind: 'file' },
    ]);
    state.begin();
    expect(state.takeSnapshot(files, true)).toEqual([]);
  });
});
