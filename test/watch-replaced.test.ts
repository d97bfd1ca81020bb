// A directory is replaced, or the root, or what is above it: what is in the new one is told, and what happens in it
// from then on, too, without anybody asking, and whatever the backend knows the old one by.
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { findProgram } from './support/find-program.ts';
import { pythonRun } from './support/mover.ts';
import { until } from './support/wait.ts';
import { backends, follow } from './support/watched.ts';

function fill(root: string): void {
  mkdirSync(join(root, 'd/e'), { recursive: true });
  for (const name of ['a', 'd/b', 'd/e/c']) writeFileSync(join(root, name), 'x');
}

/** Another one, made at `spare`, takes the place of `place`. */
function swap(place: string, spare: string, make: (path: string) => void): void {
  make(spare);
  renameSync(place, `${place}.before`);
  renameSync(spare, place);
  rmSync(`${place}.before`, { recursive: true });
}

/** By what is replaced; all in the same moment. */
const ways: [string, (root: string) => void][] = [
  [
    'a directory is made again',
    (root) => {
      rmSync(join(root, 'd'), { recursive: true });
      fill(root);
    },
  ],
  [
    'a directory of another tree with the same names takes its place',
    (root) => {
      fill(`${root}.other`);
      renameSync(join(root, 'd'), `${root}.before`);
      renameSync(`${root}.other/d`, join(root, 'd'));
    },
  ],
  [
    'a directory goes and comes back',
    (root) => {
      renameSync(join(root, 'd'), `${root}.aside`);
      renameSync(`${root}.aside`, join(root, 'd'));
    },
  ],
  [
    'the root is made again',
    (root) => {
      rmSync(root, { recursive: true });
      fill(root);
    },
  ],
  ['another takes the place of the root', (root) => swap(root, `${root}.other`, fill)],
  [
    'another takes the place of the directory above the root',
    (root) => swap(dirname(root), `${dirname(root)}.other`, (path) => fill(join(path, 'root'))),
  ],
];

describe.each(backends)('with the backend %s', (backend) => {
  it('nothing is missed in a directory that replaced another', async () => {
    const roots = ways.map(() => join(temporaryDirectory(), 'above/root'));
    for (const root of roots) fill(root);
    const agent = await startAgent({ roots, flags: ['--backend', backend] });
    const { client, expectTrue } = await follow(agent, roots);
    for (const [index, [, replace]] of ways.entries()) replace(roots[index] ?? '');
    // A root that was replaced by way of what is above it is noticed once a second.
    for (const root of roots) writeFileSync(join(root, 'mark'), '');
    const told = (change: string, root: string): boolean =>
      client.files.some(
        (event) =>
          event.root === root && event.changes.some(({ event: what, path }) => `${what} ${path}` === change),
      );
    for (const [index, root] of roots.entries()) {
      await until(`the mark: ${ways[index]?.[0]}`, () => told('add mark', root));
    }
    // What comes now can be found by no crawl that is still due: it has to give hints.
    for (const name of ['one', 'd/two', 'd/e/three']) {
      await quiet(agent);
      for (const root of roots) writeFileSync(join(root, name), '');
      for (const [index, root] of roots.entries()) {
        await until(`${name}: ${ways[index]?.[0]}`, () => told(`add ${name}`, root), 5000);
      }
      await quiet(agent);
      for (const root of roots) appendFileSync(join(root, name), 'more');
      for (const [index, root] of roots.entries()) {
        await until(`change of ${name}: ${ways[index]?.[0]}`, () => told(`change ${name}`, root), 5000);
      }
    }
    await expectTrue();
  });
});

/** Waits until the agent has worked off what was: two barriers pass without a batch between them. */
async function quiet(agent: TestAgent): Promise<void> {
  for (let before = ''; ; ) {
    const cursor = await agent.sync();
    if (cursor === before) return;
    before = cursor;
    // The crawl after a storm of hints.
    await delay(300);
  }
}

it('a file with the name of the root is told no sooner than another', async () => {
  const roots = ['same', 'root'].map((name) => join(temporaryDirectory(), name));
  for (const root of roots) mkdirSync(root);
  const agent = await startAgent({ roots });
  const { client } = await follow(agent, roots);
  for (let round = 0; round < 100; round++) {
    for (const root of roots) appendFileSync(join(root, 'same'), 'x');
    await delay(1);
  }
  await agent.sync();
  const eventsOf = (root = ''): number => client.files.filter((event) => event.root === root).length;
  await until('both', () => eventsOf(roots[0]) > 0 && eventsOf(roots[1]) > 0);
  expect(eventsOf(roots[0])).toBeLessThanOrEqual(2 * eventsOf(roots[1]) + 2);
});

const python = findProgram('python3');
const itWithPython = python === undefined ? it.skip : it;

itWithPython('chokidar misses some changes, which are found soon, however busy another file is', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'mapped'), 'x'.repeat(4096));
  const agent = await startAgent({ roots: [root], flags: ['--backend', 'chokidar'] });
  const { client, expectTrue } = await follow(agent);
  let busy = true;
  cleanUpWith(() => {
    busy = false;
  });
  const writer = (async () => {
    for (; busy; await delay(50)) appendFileSync(join(root, 'log'), 'line\n');
  })();
  await client.waitForChange('add log');
  // Written through memory: there is no hint.
  pythonRun(
    `
import mmap, sys
with open(sys.argv[1], 'r+b') as file:
  with mmap.mmap(file.fileno(), 0) as memory:
    memory[0] = 89
    memory.flush()
`,
    join(root, 'mapped'),
  );
  await client.waitForChange('change mapped');
  busy = false;
  await writer;
  await expectTrue();
});
