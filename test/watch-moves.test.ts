// Directories that are moved about, and whole roots, and what is above them, while the agent looks at them:
// whatever it saw meanwhile, it comes to what is there by itself, and is deaf to nothing afterwards.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FileRecord } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { TreeModel } from './support/model.ts';
import { canStorm, type Move, storm } from './support/mover.ts';
import { until } from './support/wait.ts';
import { follow } from './support/watched.ts';

/** Fresh in each run, and in the test's name. How the storm meets the agent is the clock's choice, too. */
const someSeed = Math.floor(Math.random() * 2 ** 31);
const rounds = 3;
const secondsOfRound = 0.5;
/** So many files that a directory is not looked at in one slice of the event loop. */
const many = 3000;
/** A root that was away is looked for once a second. */
const patienceMs = 10_000;

/** A tree of directories with files that are called after it, many of them in one. */
function fill(path: string, tag: string, most: number): void {
  for (const directory of ['', 'sub', 'sub/deep']) {
    mkdirSync(join(path, directory), { recursive: true });
    const count = directory === 'sub' ? most : 3;
    for (let number = 0; number < count; number++)
      writeFileSync(join(path, directory, `${tag}${number}`), tag);
  }
}

/** Waits until what the agent lists is on disk, without asking it to catch up. */
async function untilListed(agent: TestAgent, root: string): Promise<void> {
  let differences: string[] = [];
  await until(
    () => `the files of ${root} to be listed; ${differences.slice(0, 5).join(', ')}`,
    async () => {
      const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
      const lines = text.split('\n').slice(1, -1);
      const model = TreeModel.ofRecords(lines.map((line) => JSON.parse(line) as FileRecord));
      differences = model.differences(root);
      return differences.length === 0;
    },
    patienceMs,
  );
}

const where = canStorm ? 'with renameat2' : 'NOT TRIED: no Python to call renameat2';
const whereWeCan = canStorm ? describe : describe.skip;

whereWeCan(`directories that move while they are looked at, ${where}`, () => {
  it.each([someSeed])('are what they are in the end, seed %i', async (seed) => {
    const outer = temporaryDirectory(roomForMany);
    const make = (path: string, tag: string, most = 3): string => {
      fill(join(outer, path), tag, most);
      return join(outer, path);
    };
    // A root with what moves in it, one that moves itself, and one below a directory that moves.
    const roots = ['still/root', 'moving/root', 'top/middle/root'].map((path) =>
      make(path, 'r', path.startsWith('still') ? 3 : many),
    );
    const [still = '', moving = '', below = ''] = roots;
    for (const name of ['one', 'two', 'three', 'four/inner', 'five/inner'])
      make(`still/root/${name}`, name[0] ?? '', name === 'one' ? many : 3);
    for (const name of ['moving/other', 'top/other/root', 'elsewhere']) make(name, 'o');
    const moves: Move[] = [
      { kind: 'away', a: join(still, 'one'), b: join(outer, 'away-one'), touch: join(still, 'one/sub/t') },
      { kind: 'exchange', a: join(still, 'two'), b: join(still, 'three'), touch: join(still, 'two/sub/t') },
      {
        kind: 'exchange',
        a: join(still, 'four'),
        b: join(still, 'five'),
        touch: join(still, 'four/inner/t'),
      },
      {
        kind: 'exchange',
        a: join(still, 'three'),
        b: join(outer, 'elsewhere'),
        touch: join(still, 'three/t'),
      },
      { kind: 'away', a: moving, b: `${moving}.away`, touch: join(moving, 'sub/t') },
      { kind: 'exchange', a: moving, b: join(outer, 'moving/other'), touch: join(moving, 'sub/t') },
      { kind: 'away', a: join(outer, 'top'), b: join(outer, 'top.away'), touch: join(below, 'sub/t') },
      {
        kind: 'exchange',
        a: join(outer, 'top/middle'),
        b: join(outer, 'top/other'),
        touch: join(below, 'sub/t'),
      },
    ];
    const agent = await startAgent({ roots, flags: ['--settle', '0'] });
    const { expectTrue, status } = await follow(agent, roots);
    for (let round = 0; round < rounds; round++) {
      await storm(secondsOfRound, seed + round, moves);
      for (const root of roots) await untilListed(agent, root);
      const probes = [
        ...roots.flatMap((root) => ['', 'sub', 'sub/deep'].map((directory) => join(root, directory))),
        ...['one/sub', 'two', 'two/sub/deep', 'three', 'four', 'four/inner/sub'].map((path) =>
          join(still, path),
        ),
      ].map((directory) => join(directory, `probe${round}`));
      for (const probe of probes) writeFileSync(probe, '');
      for (const root of roots) await untilListed(agent, root);
      await expectTrue();
      for (const probe of probes) rmSync(probe);
    }
    for (const root of roots) expect(await status(root)).toMatchObject({ auditFindings: 0, degraded: null });
  });
});
