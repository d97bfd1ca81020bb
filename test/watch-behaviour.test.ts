// What every backend promises, whatever the quality of its hints. Where one honestly can't do a thing, the
// test's name says so; what only the best of them does is in the other watch-*.test.ts.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Change, FileRecord } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { TreeModel } from './support/model.ts';
import { until } from './support/wait.ts';
import { backends, behindItsBack, brief, follow, type Watched, watchedByOne } from './support/watched.ts';

describe.each(backends)('with the backend %s', (backend) => {
  // The hints of these come late and one by one, so the first of a rename may be told before the second.
  const inOneBatch = backend !== 'chokidar' && backend !== 'recursive';

  const watchedBy = watchedByOne(['--backend', backend]);

  /**
   * What is told at the barrier, but for changes that say again what was said or found last: without hints in
   * order a file that is only milliseconds old is told twice rather than not at all.
   */
  function newsOf(watch: Watched): () => Promise<string[]> {
    const saying = ({ kind, size, mtime }: Pick<Change, 'kind' | 'size' | 'mtime'>): string =>
      `${kind} ${size} ${mtime}`;
    const found = TreeModel.ofDisk(watch.root).entries;
    const last = new Map([...found].map(([path, entry]) => [path, saying(entry)]));
    const isNews = ({ event, path, ...change }: Change): boolean => {
      const said = saying(change);
      const repeated = event === 'change' && last.get(path) === said;
      last.set(path, said);
      return !repeated;
    };
    return async () => {
      const news = brief((await watch.changes()).filter(isNews));
      return inOneBatch ? news : news.map((line) => line.replace(/ from .*/, ''));
    };
  }

  it('tells what is made, changed and removed, without being asked', async () => {
    const { root, client, expectTrue } = await watchedBy();
    const steps: [string, () => void][] = [
      ['add a', () => writeFileSync(join(root, 'a'), '1')],
      ['change a', () => appendFileSync(join(root, 'a'), '2')],
      ['addDir d', () => mkdirSync(join(root, 'd'))],
      ['add d/in', () => writeFileSync(join(root, 'd/in'), '')],
      ['unlink a', () => unlinkSync(join(root, 'a'))],
      ['unlink d/in', () => unlinkSync(join(root, 'd/in'))],
      ['unlinkDir d', () => rmdirSync(join(root, 'd'))],
    ];
    for (const [change, act] of steps) {
      act();
      await client.waitForChange(change);
    }
    await expectTrue();
  });

  it(`a rename is an unlink and an add${inOneBatch ? ' in one batch, with from' : ', not always in one batch, nor with from'}`, async () => {
    const watch = await watchedBy((at) => writeFileSync(join(at, 'b'), 'x'));
    const news = newsOf(watch);
    renameSync(join(watch.root, 'b'), join(watch.root, 'a'));
    const told = await news();
    expect(inOneBatch ? told : told.sort()).toEqual(
      inOneBatch ? ['unlink b', 'add a from b'] : ['add a', 'unlink b'],
    );
    await watch.expectTrue();
  });

  it('a moved directory is told with all that is in it, and watched where it is now', async () => {
    const watch = await watchedBy((at) => {
      mkdirSync(join(at, 'from/deep'), { recursive: true });
      mkdirSync(join(at, 'other'));
      writeFileSync(join(at, 'from/deep/a'), '1');
    });
    const news = newsOf(watch);
    renameSync(join(watch.root, 'from'), join(watch.root, 'other/to'));
    const added = inOneBatch
      ? [
          'addDir other/to from from',
          'addDir other/to/deep from from/deep',
          'add other/to/deep/a from from/deep/a',
        ]
      : ['addDir other/to', 'addDir other/to/deep', 'add other/to/deep/a'];
    const gone = ['unlink from/deep/a', 'unlinkDir from/deep', 'unlinkDir from'];
    const told = await news();
    expect(told.filter((line) => line.startsWith('unlink'))).toEqual(gone);
    expect(told.filter((line) => line.startsWith('add'))).toEqual(added);
    appendFileSync(join(watch.root, 'other/to/deep/a'), '2');
    await watch.client.waitForChange('change other/to/deep/a');
    await watch.expectTrue();
  });

  it('a directory becomes a file, and a directory again', async () => {
    const watch = await watchedBy((at) => {
      mkdirSync(join(at, 'a'));
      writeFileSync(join(at, 'a/in'), '');
    });
    const news = newsOf(watch);
    await behindItsBack(watch.agent, () => {
      rmSync(join(watch.root, 'a'), { recursive: true });
      writeFileSync(join(watch.root, 'a'), 'file');
    });
    expect(await news()).toEqual(['unlink a/in', 'unlinkDir a', 'add a']);
    await behindItsBack(watch.agent, () => {
      unlinkSync(join(watch.root, 'a'));
      mkdirSync(join(watch.root, 'a'));
      writeFileSync(join(watch.root, 'a/in'), '');
    });
    expect(await news()).toEqual(['unlink a', 'addDir a', 'add a/in']);
    writeFileSync(join(watch.root, 'a/later'), '');
    await watch.client.waitForChange('add a/later');
    await watch.expectTrue();
  });

  it('a root that is deleted is degraded until it is back, and then watched again', async () => {
    const watch = await watchedBy((at) => writeFileSync(join(at, 'a'), ''));
    const { root, client } = watch;
    rmSync(root, { recursive: true });
    await client.waitForChange('unlink a');
    expect((await watch.status()).degraded).toMatch(/gone/);
    mkdirSync(root);
    writeFileSync(join(root, 'b'), '');
    await client.waitForChange('add b');
    expect((await watch.status()).degraded).toBeNull();
    for (const name of ['c', 'd']) {
      writeFileSync(join(root, name), '');
      await client.waitForChange(`add ${name}`);
    }
    await watch.expectTrue();
  });

  it('symlinks are entries, and not followed', async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, 'f'), '');
    const watch = await watchedBy();
    const news = newsOf(watch);
    const link = join(watch.root, 'link');
    symlinkSync(outside, link);
    expect(await news()).toEqual(['add link']);
    writeFileSync(join(outside, 'g'), '');
    expect(await news()).toEqual([]);
    await behindItsBack(watch.agent, () => {
      unlinkSync(link);
      symlinkSync('nowhere', link);
    });
    expect(await news()).toEqual(['change link']);
    unlinkSync(link);
    expect(await news()).toEqual(['unlink link']);
    await watch.expectTrue();
  });

  it('a save by rename is a change of the file that was saved, and of nothing else', async () => {
    const watch = await watchedBy((at) => writeFileSync(join(at, 'a'), 'old'));
    const news = newsOf(watch);
    await behindItsBack(watch.agent, () => {
      writeFileSync(join(watch.root, '.a.tmp'), 'new text');
      renameSync(join(watch.root, '.a.tmp'), join(watch.root, 'a'));
    });
    expect(await news()).toEqual(['change a']);
    await watch.expectTrue();
  });

  it('what .gitignore names is not told, until it no longer names it', async () => {
    const watch = await watchedBy((at) => {
      writeFileSync(join(at, '.gitignore'), 'out\n*.log\n');
      mkdirSync(join(at, 'out'));
    });
    const news = newsOf(watch);
    for (const name of ['out/a', 'b.log', 'c']) writeFileSync(join(watch.root, name), '');
    expect(await news()).toEqual(['add c']);
    writeFileSync(join(watch.root, '.gitignore'), 'c\n');
    const told = ['addDir out', 'add out/a', 'add b.log', 'unlink c', 'change .gitignore'];
    expect((await news()).sort()).toEqual(told.sort());
    writeFileSync(join(watch.root, 'out/d'), '');
    await watch.client.waitForChange('add out/d');
  });

  it('roots in each other are each told in their own terms', async () => {
    const outer = temporaryDirectory();
    const inner = join(outer, 'inner');
    mkdirSync(inner);
    const agent = await startAgent({ roots: [outer, inner], flags: ['--backend', backend] });
    const { client, expectTrue } = await follow(agent);
    writeFileSync(join(inner, 'f'), '');
    const told = (): string[] =>
      client.files.flatMap(({ root, changes }) => changes.map(({ path }) => `${root} ${path}`));
    await until(
      () => `both; got ${told().join(', ')}`,
      () => told().includes(`${outer} inner/f`) && told().includes(`${inner} f`),
    );
    rmSync(inner, { recursive: true });
    await client.waitForChange('unlink f');
    await client.waitForChange('unlinkDir inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'again'), '');
    await client.waitForChange('add again');
    await client.waitForChange('add inner/again');
    await expectTrue();
  });

  it('after the barrier the index holds what was written before it', async () => {
    const { root, agent, expectTrue } = await watchedBy();
    for (let round = 1; round <= 50; round++) {
      writeFileSync(join(root, `f${round % 5}`), 'x'.repeat(round));
      await agent.sync();
      const [, ...records] = (await agent.request(`/v1/files?root=${root}`)).text.trim().split('\n');
      const written = records
        .map((line) => JSON.parse(line) as FileRecord)
        .find(({ path }) => path === `f${round % 5}`);
      expect(written).toMatchObject({ size: round });
    }
    expect(readFileSync(join(root, 'f0'), 'utf8')).toHaveLength(50);
    await expectTrue();
  });
});
