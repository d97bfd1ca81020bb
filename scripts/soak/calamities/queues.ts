// More than the kernel keeps hints of: while the agent stands still, and while it runs and can't keep up.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { overflowDirectories } from '../large-trees.ts';
import { flood } from '../programs.ts';
import { below, type Special, type Stage } from '../stage.ts';

/** Directories that are flooded: enough that hints do not fall into one another, few enough to be made at once. */
const floodDirectories = 40;

/** Makes things while the agent stands still. */
async function overflow(stage: Stage): Promise<void> {
  const { agent, large, vitals } = stage;
  const watched = stage.random() < 0.6;
  const path = await large.place();
  if (watched) {
    for (let number = 0; number < overflowDirectories; number++) {
      mkdirSync(join(path, `d${number}`), { recursive: true });
    }
    await agent.sync();
  }
  vitals.watch(false);
  agent.hold(true);
  try {
    stage.burst(below(stage, 500));
    large.fill(path, watched);
    stage.burst(below(stage, 2000));
    // Some of the standstills are short of what the agent takes for one.
    await delay(below(stage, 600));
  } finally {
    agent.hold(false);
    vitals.watch(true);
  }
  // What comes while it catches up is heard in part.
  await stage.during(delay(below(stage, 300)));
}

/** Floods it while it has a large tree to drop, to list, or to move, and small operations besides. */
async function floodIt(stage: Stage): Promise<void> {
  const { workplace, large, agent } = stage;
  const base = join(workplace.outer, 'flood');
  if (!existsSync(base)) {
    for (let number = 0; number < floodDirectories; number++) {
      mkdirSync(join(base, `d${number}`), { recursive: true });
    }
    await agent.sync();
  }
  stage.note('flood', base);
  const rounds = 200 + below(stage, 600);
  const floods = [0, 1].map(() => stage.run(flood(base, floodDirectories, rounds)));
  const choice = below(stage, 3);
  if (choice === 0) large.move();
  else if (choice === 1) await large.moveOut(workplace.stock);
  await stage.during(Promise.all(choice === 2 ? [...floods, large.removeOldest()] : floods));
}

export const queues: readonly Special[] = [
  { name: 'overflows', weight: 7, run: overflow },
  { name: 'floods', weight: 7, needs: 'programs', run: floodIt },
];
