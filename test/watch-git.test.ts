// What git does at once is one batch, and what it leaves is what is told.
import { existsSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { batchesOf } from './support/batch-laws.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { commit, git } from './support/git.ts';
import { until } from './support/wait.ts';
import { backends, follow, type Watched, watched } from './support/watched.ts';

/** As short as it is by default: what is one batch here is one because of git's lock. */
const settleMs = 4;

/** A repository with a commit, in a place of its own. */
function repository(): string {
  const path = join(temporaryDirectory(), 'repository');
  git(temporaryDirectory(), 'init', '--quiet', path);
  mkdirSync(join(path, 'src'));
  for (const name of ['src/a', 'src/b', 'c']) writeFileSync(join(path, name), name);
  commit(path, 'first');
  return path;
}

describe('while git holds the lock on its index', () => {
  /** Watches a root, with a second one beside it whose changes show that time passes. */
  async function besideClock(root: string): Promise<Watched & { tick(): Promise<void> }> {
    const clock = temporaryDirectory();
    const agent = await startAgent({ roots: [root, clock], flags: ['--settle', String(settleMs)] });
    const watch = await follow(agent);
    let ticks = 0;
    return {
      ...watch,
      /** What is written there later than something here is told later, unless that is held. */
      async tick() {
        ticks += 1;
        writeFileSync(join(clock, `tick${ticks}`), '');
        await watch.client.waitForChange(`add tick${ticks}`);
      },
    };
  }

  const places: [string, () => { root: string; lock: string; file: string }][] = [
    [
      'a repository',
      () => {
        const root = repository();
        return { root, lock: join(root, '.git/index.lock'), file: 'src/a' };
      },
    ],
    [
      'a worktree',
      () => {
        const main = repository();
        const root = join(main, '../tree');
        git(main, 'worktree', 'add', '--quiet', root, '-b', 'other');
        return { root, lock: join(main, '.git/worktrees/tree/index.lock'), file: 'src/a' };
      },
    ],
    [
      'a submodule',
      () => {
        const [root, other] = [repository(), repository()];
        git(root, 'submodule', '--quiet', 'add', other, 'sub');
        commit(root, 'with a submodule');
        return { root, lock: join(root, '.git/modules/sub/index.lock'), file: 'sub/src/a' };
      },
    ],
    [
      'a repository that the root lies in',
      () => {
        const top = repository();
        return { root: join(top, 'src'), lock: join(top, '.git/index.lock'), file: 'a' };
      },
    ],
    [
      'a repository that lies in the root',
      () => {
        const top = repository();
        return { root: join(top, '..'), lock: join(top, '.git/index.lock'), file: 'repository/src/a' };
      },
    ],
  ];

  it.each(places)('the changes of %s are one batch, told when the lock is gone', async (_where, make) => {
    const { root, lock, file } = make();
    const { client, tick, expectTrue } = await besideClock(root);
    const ofRoot = () => batchesOf(client.files.filter((event) => event.root === root));
    writeFileSync(lock, '');
    for (let round = 0; round < 4; round++) {
      writeFileSync(join(root, file), `round ${round}`);
      writeFileSync(join(root, `${file}${round}`), '');
      await tick();
    }
    expect(ofRoot()).toEqual([]);
    unlinkSync(lock);
    await client.waitForChange(`change ${file}`);
    const added = [0, 1, 2, 3].map((round) => `${file}${round}`);
    expect(ofRoot().map(({ changes }) => changes.map(({ path }) => path))).toEqual([[file, ...added]]);
    await expectTrue();
  });

  it("a submodule's lock holds what is in it, and nothing outside of it", async () => {
    const [root, other] = [repository(), repository()];
    git(root, 'submodule', '--quiet', 'add', other, 'sub');
    const { client, tick, expectTrue } = await besideClock(root);
    const lock = join(root, '.git/modules/sub/index.lock');
    writeFileSync(lock, '');
    writeFileSync(join(root, 'c'), 'changed');
    // A lock that nobody removes is given up in the end, so only what comes at once shows that it holds nothing.
    for (let round = 0; round < 4; round++) await tick();
    expect(client.changes).toContain('change c');
    writeFileSync(join(root, 'sub/src/a'), 'changed');
    for (let round = 0; round < 4; round++) await tick();
    expect(client.changes).not.toContain('change sub/src/a');
    unlinkSync(lock);
    await client.waitForChange('change sub/src/a');
    await expectTrue();
  });
});

it('a checkout that changes, adds and removes 2,000 files is one batch, in pieces', async () => {
  const { root, client, expectTrue } = await watched(
    (at) => {
      git(at, 'init', '--quiet');
      mkdirSync(join(at, 'src'));
      mkdirSync(join(at, 'old'));
      for (let file = 0; file < 1500; file++) writeFileSync(join(at, `src/f${file}`), 'one');
      for (let file = 0; file < 250; file++) writeFileSync(join(at, `old/f${file}`), 'one');
      commit(at, 'one');
      git(at, 'checkout', '--quiet', '-b', 'two');
      rmSync(join(at, 'old'), { recursive: true });
      mkdirSync(join(at, 'new'));
      for (let file = 0; file < 1500; file++) writeFileSync(join(at, `src/f${file}`), 'two two');
      for (let file = 0; file < 250; file++) writeFileSync(join(at, `new/f${file}`), 'two');
      commit(at, 'two');
    },
    { settleMs },
  );
  git(root, 'checkout', '--quiet', 'main');
  await until('2,002 changes', () => client.changes.length >= 2002);
  expect(client.files.map(({ changes, more }) => [changes.length, more])).toEqual([
    [1000, true],
    [1000, true],
    [2, undefined],
  ]);
  expect(client.changes.filter((change) => /Dir /.test(change))).toEqual(['unlinkDir new', 'addDir old']);
  await expectTrue();
});

it.each(backends)('stash, rebase, merge and reset leave what is told, with %s', async (backend) => {
  const { root, expectTrue } = await watched(
    (at) => {
      git(at, 'init', '--quiet');
      for (let file = 0; file < 20; file++) writeFileSync(join(at, `f${file}`), `${file}\n`);
      commit(at, 'base');
      git(at, 'checkout', '--quiet', '-b', 'topic');
      for (let step = 0; step < 5; step++) {
        mkdirSync(join(at, `d${step}`));
        writeFileSync(join(at, `d${step}/g`), `${step}`);
        writeFileSync(join(at, `f${step}`), `changed in ${step}\n`);
        commit(at, `step ${step}`);
      }
      git(at, 'checkout', '--quiet', 'main');
      writeFileSync(join(at, 'f19'), 'changed on main\n');
      rmSync(join(at, 'f18'));
      commit(at, 'on main');
      git(at, 'checkout', '--quiet', 'topic');
    },
    { settleMs, flags: ['--backend', backend] },
  );
  writeFileSync(join(root, 'f0'), 'not committed\n');
  writeFileSync(join(root, 'untracked'), '');
  git(root, 'stash', '--quiet', '--include-untracked');
  await expectTrue();
  git(root, 'rebase', '--quiet', 'main');
  await expectTrue();
  expect(existsSync(join(root, 'f18'))).toBe(false);
  git(root, 'stash', 'pop', '--quiet');
  await expectTrue();
  git(root, 'checkout', '--quiet', '--force', 'main');
  git(root, 'merge', '--quiet', '--no-ff', 'topic');
  await expectTrue();
  git(root, 'reset', '--quiet', '--hard', 'HEAD~1');
  git(root, 'clean', '-fdq');
  await expectTrue();
  expect(git(root, 'status', '--porcelain')).toBe('');
});
