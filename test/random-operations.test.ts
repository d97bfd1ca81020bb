// The promise that everything else serves: whoever applies the events has the disk.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { TreeModel } from './support/model.ts';
import { RandomOperations, randomFrom } from './support/random-operations.ts';
import { until } from './support/wait.ts';

/** Seeds that once failed stay here; a fresh one joins them in each run, and is in the test's name. */
const keptSeeds = [1, 2, 3];
const seeds = [...keptSeeds, Math.floor(Math.random() * 2 ** 31)];
const operations = 500;

describe.each(['directories', 'chokidar', 'polling'])('with the backend %s', (backend) => {
  it.each(seeds)('a model built from events alone equals the disk, seed %i', async (seed) => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots, flags: ['--backend', backend] });
    const client = await connect(agent);
    const random = randomFrom(seed ^ 0x5f3759df);
    const trees = roots.map((root, index) => new RandomOperations(root, seed + index));
    for (let step = 0; step < operations; step++) {
      trees[step % trees.length]?.step();
      // Pauses of 0 to 5 ms: within a batch, across batches, and in the middle of the engine's looking.
      if (random() < 0.3) await delay(random() * 5);
    }
    await agent.sync();
    const models = new Map(roots.map((root) => [root, new TreeModel()]));
    let applied = 0;
    await until(
      () => roots.map((root) => models.get(root)?.differences(root).join(', ')).join('; '),
      () => {
        for (const event of client.files.slice(applied)) models.get(event.root)?.apply(event.changes);
        applied = client.files.length;
        return roots.every((root) => models.get(root)?.differences(root).length === 0);
      },
      10_000,
    );
    expect([...models.values()].flatMap(({ faults }) => faults)).toEqual([]);
  });
});
