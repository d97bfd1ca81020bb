// The promise that everything else serves: whoever applies the events has the disk. The model holds each
// event to what it knows (no add of what is there, no change or unlink of what is not, a directory before
// what is in it and after it), and each batch to the laws in support/batch-laws.ts.
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { times } from './support/long.ts';
import { RandomOperations, randomFrom } from './support/random-operations.ts';
import { testSeed } from './support/seed.ts';
import { backends, follow } from './support/watched.ts';

/** Seeds that once failed stay here; a fresh one joins them in each run, and is in the test's name. */
const keptSeeds = [1, 2, 3];
const operations = 1000;
/** How often all comes to rest, to be compared with the disk. */
const rests = 5;

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

describe.each(backends)('with the backend %s', (backend) => {
  // The others differ in what they hint at, not in what is made of it: they get the fresh seed alone.
  const kept = keptSeeds.slice(0, backend === 'directories' ? undefined : times(0, keptSeeds.length));
  const seeds = [...kept, testSeed()];
  it.each(seeds)('models built from events alone equal the disk, seed %i', async (seed) => {
    const [outer, other] = [temporaryDirectory(), temporaryDirectory()];
    // One root in another that nothing happens to, and one that is among what operations are done to: it is
    // removed, moved and replaced like anything else.
    const [quiet, troubled] = [join(outer, 'inner'), join(outer, 'n0')];
    const roots = [outer, other, quiet, troubled];
    mkdirSync(quiet);
    mkdirSync(troubled);
    const agent = await startAgent({ roots, flags: ['--backend', backend] });
    const { expectTrue } = await follow(agent, roots);
    const random = randomFrom(seed ^ 0x5f3759df);
    const trees = [outer, other, quiet].map((root, index) => new RandomOperations(root, seed + index));
    for (let step = 1; step <= operations; step++) {
      trees[step % trees.length]?.step();
      // Pauses of 0 to 5 ms: within a batch, across batches, and in the middle of the engine's looking.
      if (random() < 0.2) await delay(random() * 5);
      if (step % (operations / rests) !== 0) continue;
      // A root that is no directory can't be compared with anything.
      if (!isDirectory(troubled)) {
        rmSync(troubled, { force: true });
        mkdirSync(troubled);
      }
      await expectTrue();
    }
  });
});
