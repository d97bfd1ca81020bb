// Which entry is which: an inode number alone proves nothing, and neither do times.
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { until } from './support/wait.ts';
import { brief, watched, watchedByOne } from './support/watched.ts';

const watchedHere = watchedByOne();

it('a directory removed and made again at once is watched, 1,000 times over', async () => {
  const { root, expectTrue, changes } = await watchedHere((at) => mkdirSync(join(at, 'd')));
  for (let round = 0; round < 1000; round++) {
    rmSync(join(root, 'd'), { recursive: true });
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd', `f${round}`), '');
  }
  await expectTrue();
  await changes();
  writeFileSync(join(root, 'd', 'afterwards'), 'x');
  expect(brief(await changes())).toEqual(['add d/afterwards']);
});

it('a file deleted and another made in its place is a change of the one or has no from', async () => {
  const { root, changes } = await watchedHere((at) => writeFileSync(join(at, 'old'), 'old'));
  rmSync(join(root, 'old'));
  writeFileSync(join(root, 'new'), 'new');
  expect(brief(await changes())).toEqual(['unlink old', 'add new']);
});

it('a renamed file says where it comes from', async () => {
  const { root, changes } = await watchedHere((at) => writeFileSync(join(at, 'a'), 'x'));
  renameSync(join(root, 'a'), join(root, 'b'));
  expect(brief(await changes())).toEqual(['unlink a', 'add b from a']);
});

it('two files that change places are a change of each', async () => {
  const { root, changes, expectTrue } = await watchedHere((at) => {
    writeFileSync(join(at, 'a'), 'a');
    writeFileSync(join(at, 'b'), 'bb');
  });
  renameSync(join(root, 'a'), join(root, 'c'));
  renameSync(join(root, 'b'), join(root, 'a'));
  renameSync(join(root, 'c'), join(root, 'b'));
  expect(brief(await changes())).toEqual(['change a', 'change b']);
  await expectTrue();
});

it('a moved directory says so of everything in it, and is watched where it is now', async () => {
  const { root, changes } = await watchedHere((at) => {
    mkdirSync(join(at, 'a/deep'), { recursive: true });
    writeFileSync(join(at, 'a/one'), '1');
    writeFileSync(join(at, 'a/deep/two'), '2');
  });
  renameSync(join(root, 'a'), join(root, 'b'));
  expect(brief(await changes())).toEqual([
    'unlink a/one',
    'unlink a/deep/two',
    'unlinkDir a/deep',
    'unlinkDir a',
    'addDir b from a',
    'addDir b/deep from a/deep',
    'add b/deep/two from a/deep/two',
    'add b/one from a/one',
  ]);
  appendFileSync(join(root, 'b/deep/two'), 'more');
  expect(brief(await changes())).toEqual(['change b/deep/two']);
});

it('directories that change places are each watched where they are now', async () => {
  const { root, changes, expectTrue } = await watchedHere((at) => {
    for (const name of ['a', 'b']) {
      mkdirSync(join(at, name));
      writeFileSync(join(at, name, `of-${name}`), '');
    }
  });
  renameSync(join(root, 'a'), join(root, 'c'));
  renameSync(join(root, 'b'), join(root, 'a'));
  renameSync(join(root, 'c'), join(root, 'b'));
  expect(brief(await changes())).toEqual([
    'unlink b/of-b',
    'unlink a/of-a',
    'add a/of-b from b/of-b',
    'add b/of-a from a/of-a',
  ]);
  for (const name of ['a', 'b']) writeFileSync(join(root, name, 'later'), '');
  expect(brief(await changes())).toEqual(['add a/later', 'add b/later']);
  await expectTrue();
});

it('a file that becomes a directory is unlinked and added, and back', async () => {
  const { root, changes } = await watchedHere((at) => writeFileSync(join(at, 'a'), 'x'));
  rmSync(join(root, 'a'));
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/in'), '');
  expect(brief(await changes())).toEqual(['unlink a', 'addDir a', 'add a/in']);
  rmSync(join(root, 'a'), { recursive: true });
  writeFileSync(join(root, 'a'), 'y');
  expect(brief(await changes())).toEqual(['unlink a/in', 'unlinkDir a', 'add a']);
});

it('of two writes of the same length within a millisecond the last one is told', async () => {
  const { root, client, agent } = await watched((at) => writeFileSync(join(at, 'a'), '0'), { settleMs: 0 });
  for (let round = 0; round < 50; round++) {
    const before = client.files.length;
    writeFileSync(join(root, 'a'), '1');
    await until('the first write', () => client.files.length > before);
    const between = client.files.length;
    writeFileSync(join(root, 'a'), '2');
    await agent.sync();
    await until('the second write', () => client.files.length > between);
  }
  expect(new Set(client.changes)).toEqual(new Set(['change a']));
});

it('a change of mode is a change', async () => {
  const { root, changes } = await watchedHere((at) => writeFileSync(join(at, 'a'), ''));
  chmodSync(join(root, 'a'), 0o755);
  expect(brief(await changes())).toEqual(['change a']);
});
