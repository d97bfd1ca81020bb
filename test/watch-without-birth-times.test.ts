// Where a file system has no birth times, an entry's inode number is all there is to know it by, and that is given
// again at once. What is told is right all the same, if sometimes less is told of where it came from.
import { appendFileSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from './support/cleanup.ts';
import { startAgentWithoutBirthTimes } from './support/confined-agent.ts';
import { RandomOperations, randomFrom } from './support/random-operations.ts';
import { testSeed } from './support/seed.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';
import { behindItsBack, brief, follow, type Watched, watched } from './support/watched.ts';

describe('to an agent that sees no birth times', () => {
  const shared = sharedAgent({ flags: ['--settle', '100'] }, startAgentWithoutBirthTimes);
  const watchedBy = (prepare?: (root: string) => void): Promise<Watched> =>
    watched(prepare, { agent: shared() });

  it('a directory removed and made again with the same number is watched, 300 times over', async () => {
    const { root, agent, client, expectTrue, changes } = await watchedBy((at) =>
      mkdirSync(join(at, 'd/in'), { recursive: true }),
    );
    const directory = join(root, 'd');
    for (let round = 0; round < 300; round++) {
      rmSync(directory, { recursive: true });
      mkdirSync(join(directory, 'in'), { recursive: true });
      writeFileSync(join(directory, 'in', `f${round}`), '');
    }
    await expectTrue();
    for (const name of ['d/once', 'd/in/twice']) {
      // Unseen by the agent until it is over: the directory is the same to it, but for its watch.
      await behindItsBack(agent, () => {
        rmSync(directory, { recursive: true });
        mkdirSync(join(directory, 'in'), { recursive: true });
      });
      await changes();
      writeFileSync(join(root, name), '');
      await client.waitForChange(`add ${name}`);
    }
    await expectTrue();
  });

  it('a root removed and made again with the same number is watched', async () => {
    const { root, agent, client, expectTrue } = await watchedBy((at) => writeFileSync(join(at, 'a'), ''));
    for (const name of ['b', 'c', 'd']) {
      await behindItsBack(agent, () => {
        rmSync(root, { recursive: true });
        mkdirSync(root);
      });
      await agent.sync();
      writeFileSync(join(root, name), '');
      await client.waitForChange(`add ${name}`);
    }
    await expectTrue();
  });

  it('a deleted file is not where a new one with its number comes from', async () => {
    const { root, agent, changes, expectTrue } = await watchedBy();
    // Others may be given the number first.
    await until('a number that is given again', async () => {
      writeFileSync(join(root, 'old'), 'same');
      await changes();
      const { ino } = lstatSync(join(root, 'old'));
      await behindItsBack(agent, () => {
        rmSync(join(root, 'old'));
        writeFileSync(join(root, 'new'), 'same');
      });
      const again = lstatSync(join(root, 'new')).ino === ino;
      expect(brief(await changes())).toEqual(['unlink old', 'add new']);
      rmSync(join(root, 'new'));
      return again;
    });
    await expectTrue();
  });

  it('a moved directory is watched where it is now, and so are two that change places', async () => {
    const { root, client, changes, expectTrue } = await watchedBy((at) => {
      for (const name of ['a', 'b']) {
        mkdirSync(join(at, name, 'deep'), { recursive: true });
        writeFileSync(join(at, name, 'deep', `of-${name}`), '');
      }
    });
    renameSync(join(root, 'a'), join(root, 'c'));
    renameSync(join(root, 'b'), join(root, 'a'));
    renameSync(join(root, 'c'), join(root, 'b'));
    await changes();
    for (const name of ['a/one', 'b/deep/two']) {
      writeFileSync(join(root, name), '');
      await client.waitForChange(`add ${name}`);
    }
    renameSync(join(root, 'a'), join(root, 'moved'));
    await changes();
    writeFileSync(join(root, 'moved/deep/three'), '');
    await client.waitForChange('add moved/deep/three');
    await expectTrue();
  });

  it('of two writes of the same length within a millisecond the last one is told, also deep in the tree', async () => {
    const { root, client, agent } = await watchedBy((at) => {
      mkdirSync(join(at, 'd/deep'), { recursive: true });
      writeFileSync(join(at, 'd/deep/a'), '0');
    });
    const path = join(root, 'd/deep/a');
    for (let round = 0; round < 20; round++) {
      const told = () => client.changes.filter((change) => change === 'change d/deep/a').length;
      const before = told();
      writeFileSync(path, '1');
      await agent.sync();
      const between = await until('the first write', () => told() > before && told());
      writeFileSync(path, '2');
      await agent.sync();
      await until('the second write', () => told() > between);
    }
  });

  it('what did not change is not told again, whatever goes on beside it', async () => {
    const { root, changes } = await watchedBy((at) => {
      mkdirSync(join(at, 'd/deep'), { recursive: true });
      for (const name of ['d/a', 'd/deep/b']) writeFileSync(join(at, name), 'x');
    });
    appendFileSync(join(root, 'd/a'), 'y');
    mkdirSync(join(root, 'd/new'));
    expect(brief(await changes())).toEqual(['change d/a', 'addDir d/new']);
  });

  const seed = testSeed();
  it(`a tree is what the events tell, after random operations from seed ${seed}`, async () => {
    const { root, expectTrue } = await watchedBy();
    const random = randomFrom(seed);
    const operations = new RandomOperations(root, seed);
    for (let step = 1; step <= 1500; step++) {
      operations.step();
      if (random() < 0.2) await delay(random() * 5);
      if (step % 300 === 0) await expectTrue();
    }
  });
});

it.each([
  ['a root', 'swapped', ''],
  ['a directory', 'root', 'swapped/'],
])(
  '%s that another one replaces just after it was watched is watched all the same',
  async (_what, top, inside) => {
    const root = join(temporaryDirectory(), top);
    const swapped = join(root, inside);
    mkdirSync(swapped, { recursive: true });
    const before = lstatSync(swapped);
    const agent = await startAgentWithoutBirthTimes({ roots: [root], env: { SWAP_WHEN_WATCHED: 'swapped' } });
    const after = lstatSync(swapped);
    expect(after.birthtimeMs).not.toBe(before.birthtimeMs);
    // Only then has the agent no way to see that it is another one. A root that it is in keeps its number to itself.
    if (top !== 'swapped') expect(after.ino).toBe(before.ino);
    const { client, expectTrue } = await follow(agent);
    for (const name of ['f', 'g']) {
      writeFileSync(join(swapped, name), '');
      await client.waitForChange(`add ${inside}${name}`);
    }
    await expectTrue();
  },
);
