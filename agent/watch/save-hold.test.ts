import { copyFileSync, linkSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { Disk } from './disk.ts';
import { isSaveUnderWay } from './save-hold.ts';
import { type Directory, kindOf, statOf, TreeIndex } from './tree-index.ts';

describe('a save is under way', () => {
  let root: string;
  let disk: Disk;
  let index: TreeIndex;
  let top: Directory;

  const stat = (name: string) => {
    const stats = disk.look(name);
    if (stats === undefined || 'unseen' in stats) throw new Error(`${name} can't be seen`);
    return statOf(stats, kindOf(stats.mode) ?? 'file');
  };

  beforeEach(() => {
    root = temporaryDirectory();
    disk = new Disk(root);
    index = new TreeIndex();
    top = index.addDirectory(undefined, '', stat(''));
    writeFileSync(join(root, 'a'), 'old');
    index.addFile(top, 'a', stat('a'), false);
  });

  const underWay = (...names: string[]): boolean =>
    isSaveUnderWay(new Map([[top, new Map(names.map((name) => [name, true]))]]), index, disk);

  it.each(['a~', 'backup'])('while the old file lives on as %s beside the new one', (backup) => {
    renameSync(join(root, 'a'), join(root, backup));
    writeFileSync(join(root, 'a'), 'new');
    expect(underWay('a', backup)).toBe(true);
  });

  it.each(['a~', 'a___jb_tmp___', 'a___jb_old___'])('while a copy called %s is there', (copy) => {
    copyFileSync(join(root, 'a'), join(root, copy));
    expect(underWay(copy)).toBe(true);
  });

  it('no more when the backup is gone', () => {
    writeFileSync(join(root, 'a'), 'new');
    expect(underWay('a', 'a~', 'backup')).toBe(false);
  });

  it('no more once the backup has been told of', () => {
    copyFileSync(join(root, 'a'), join(root, 'a~'));
    index.addFile(top, 'a~', stat('a~'), false);
    expect(underWay('a', 'a~')).toBe(false);
  });

  it('not when a file is renamed', () => {
    renameSync(join(root, 'a'), join(root, 'b'));
    expect(underWay('a', 'b')).toBe(false);
  });

  it('not when a file gets a second name', () => {
    linkSync(join(root, 'a'), join(root, 'b'));
    expect(underWay('a', 'b')).toBe(false);
  });

  it('not when a new file, or a directory, only looks like a backup', () => {
    writeFileSync(join(root, 'other~'), '');
    mkdirSync(join(root, 'a~'));
    expect(underWay('other~', 'a~')).toBe(false);
  });

  it('not when more is dirty than a save touches', () => {
    copyFileSync(join(root, 'a'), join(root, 'a~'));
    const many = Array.from({ length: 20 }, (_unused, number) => `f${number}`);
    expect(underWay('a~', ...many)).toBe(false);
  });
});
