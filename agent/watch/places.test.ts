// When what is known below a directory is in doubt. What comes of it is tested in moved-meanwhile.test.ts.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Disk } from './disk.ts';
import { Places } from './places.ts';
import { Directory, type EntryStat } from './tree-index.ts';
import { Turns } from './turns.ts';

const stat: EntryStat = {
  kind: 'dir',
  size: 4096,
  mtimeMs: 2_000_000,
  ctimeMs: 2_000_000,
  birthtimeMs: 1_000_000,
  ino: 7,
  mode: 0o40755,
  uid: 1000,
  gid: 1000,
  outside: false,
};

describe('a directory that a hint names', () => {
  let turns: Turns;
  let places: Places;
  let root: Directory;
  let directory: Directory;
  let below: Directory;

  /** As the engine does at a hint. */
  const hint = (): void => {
    directory.hintedTurn ??= turns.now;
  };
  const pass = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await nextTurn();
  };

  beforeEach(() => {
    turns = new Turns();
    const host = { watch: () => true, unwatch: () => {}, doubt: () => {} };
    places = new Places(new Disk('/'), host, turns);
    root = new Directory('', undefined, stat);
    directory = new Directory('d', root, stat);
    below = new Directory('d/below', directory, stat);
  });

  it('is in doubt if anything below it was looked at in this turn or the one before, once', async () => {
    for (const turn of [0, 1]) {
      places.noteLook(below);
      await pass(turn);
      hint();
      expect(places.takeDoubt(directory)).toBe(true);
      expect(places.takeDoubt(directory)).toBe(false);
      await pass(5);
    }
  });

  it('is not in doubt if the queue was read since, or if only what is beside it was looked at', async () => {
    places.noteLook(below);
    await pass(2);
    places.noteLook(root);
    hint();
    expect(places.takeDoubt(directory)).toBe(false);
  });

  it('is in doubt if anything was looked at between the hint and its examination', async () => {
    hint();
    await pass(5);
    places.noteLook(below);
    await pass(5);
    hint();
    expect(places.takeDoubt(directory)).toBe(true);
  });

  it('is in doubt if its birth time proves nothing', () => {
    for (const unproven of [
      new Directory('e', root, { ...stat, birthtimeMs: 0 }),
      Object.assign(new Directory('f', root, stat), { newborn: true }),
    ]) {
      expect(places.takeDoubt(unproven)).toBe(false);
      unproven.hintedTurn = turns.now;
      expect(places.takeDoubt(unproven)).toBe(true);
    }
  });
});
