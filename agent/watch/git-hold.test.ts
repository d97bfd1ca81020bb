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
    expect(hold.holds('batch', [src], 0)).toBe(false);
    writeFileSync(lock, '');
    expect(hold.holds('batch', [src], 1)).toBe(true);
    expect(hold.holds('batch', [], 2)).toBe(false);
    unlinkSync(lock);
    expect(hold.holds('batch', [src], 3)).toBe(false);
  });

  it('is given up after ten seconds, as that of a git that crashed', () => {
    writeFileSync(lock, '');
    expect(hold.holds('batch', [src], 1000)).toBe(true);
    expect(hold.holds('batch', [src], 10_999)).toBe(true);
    expect(hold.holds('batch', [src], 11_000)).toBe(false);
    expect(hold.holds('batch', [src], 11_001)).toBe(false);
    expect(hold.holds('batch', [src], 100_000)).toBe(false);
  });

  it('holds again once it is another one', () => {
    writeFileSync(lock, '');
    hold.holds('batch', [src], 0);
    expect(hold.holds('batch', [src], 10_000)).toBe(false);
    // Another file under the same name: git writes a lock anew each time.
    writeFileSync(`${lock}.new`, '');
    renameSync(`${lock}.new`, lock);
    expect(hold.holds('batch', [src], 10_001)).toBe(true);
    expect(hold.holds('batch', [src], 20_000)).toBe(true);
    expect(hold.holds('batch', [src], 20_001)).toBe(false);
  });

  it('begins its ten seconds anew after a moment without', () => {
    writeFileSync(lock, '');
    expect(hold.holds('batch', [src], 0)).toBe(true);
    unlinkSync(lock);
    expect(hold.holds('batch', [src], 9_000)).toBe(false);
    writeFileSync(lock, '');
    expect(hold.holds('batch', [src], 9_001)).toBe(true);
    expect(hold.holds('batch', [src], 12_000)).toBe(true);
  });
});

it('looks for the locks of many repositories in many turns, whatever else it is asked meanwhile', () => {
  const parent = temporaryDirectory();
  const stat = { kind: 'dir' } as EntryStat;
  const root = new Directory('', undefined, stat);
  const tops = Array.from({ length: 20_000 }, (_, index) => {
    const top = new Directory(`r${index}`, root, stat);
    top.gitDirectory = join(parent, `r${index}`);
    return top;
  });
  const lockedTop = tops.at(-1) as Directory;
  mkdirSync(lockedTop.gitDirectory as string);
  writeFileSync(join(lockedTop.gitDirectory as string, 'index.lock'), '');
  const hold = new GitHold(undefined);
  let turns = 0;
  let answer: boolean | undefined;
  for (; answer === undefined; turns++) {
    answer = hold.holds('batch', tops, turns);
    expect(hold.holds('crawl', tops.slice(0, 10), turns)).toBe(false);
  }
  expect(turns).toBeGreaterThan(4);
  expect(answer).toBe(true);
});
