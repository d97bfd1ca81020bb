// Real locks, and times that are given.
import { mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { GitHold } from './git-hold.ts';
import { Directory, type EntryStat } from './tree-index.ts';

describe('a lock on the index', () => {
  let lock: string;
  let src: Directory;
  let hold: GitHold;

  beforeEach(() => {
    const gitDirectory = join(temporaryDirectory(), '.git');
    mkdirSync(gitDirectory);
    lock = join(gitDirectory, 'index.lock');
    const stat = { kind: 'dir' } as EntryStat;
    const top = new Directory('', undefined, stat);
    top.gitDirectory = gitDirectory;
    src = new Directory('src', top, stat);
    hold = new GitHold(undefined);
  });

  it('holds what lies below the top of its repository', () => {
    expect(hold.holds([src], 0)).toBe(false);
    writeFileSync(lock, '');
    expect(hold.holds([src], 1)).toBe(true);
    expect(hold.holds([], 2)).toBe(false);
    unlinkSync(lock);
    expect(hold.holds([src], 3)).toBe(false);
  });

  it('is given up after ten seconds, as that of a git that crashed', () => {
    writeFileSync(lock, '');
    expect(hold.holds([src], 1000)).toBe(true);
    expect(hold.holds([src], 10_999)).toBe(true);
    expect(hold.holds([src], 11_000)).toBe(false);
    expect(hold.holds([src], 11_001)).toBe(false);
    expect(hold.holds([src], 100_000)).toBe(false);
  });

  it('holds again once it is another one', () => {
    writeFileSync(lock, '');
    hold.holds([src], 0);
    expect(hold.holds([src], 10_000)).toBe(false);
    // Another file under the same name: git writes a lock anew each time.
    writeFileSync(`${lock}.new`, '');
    renameSync(`${lock}.new`, lock);
    expect(hold.holds([src], 10_001)).toBe(true);
    expect(hold.holds([src], 20_000)).toBe(true);
    expect(hold.holds([src], 20_001)).toBe(false);
  });

  it('begins its ten seconds anew after a moment without', () => {
    writeFileSync(lock, '');
    expect(hold.holds([src], 0)).toBe(true);
    unlinkSync(lock);
    expect(hold.holds([src], 9_000)).toBe(false);
    writeFileSync(lock, '');
    expect(hold.holds([src], 9_001)).toBe(true);
    expect(hold.holds([src], 12_000)).toBe(true);
  });
});
