// What runs out: descriptors, inodes and room where the agent keeps its own files, and the kernel's watches. It may
// refuse what it is asked, but not answer what is untrue, and it is as it was when there is enough again.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inotifyWatches, openDescriptors } from '../../../test/support/procfs.ts';
import type { Disagreement } from '../comparison.ts';
import { limitDescriptors, limitWatches } from '../namespace.ts';
import { below, type Special, type Stage } from '../stage.ts';

/** How long a barrier is waited for that may not come. */
const barrierMs = 2000;
const mostMs = 800;

/** Small operations go on, and the barrier is asked for: if it answers, it has to be true. Returns where it is not. */
async function operateWithout(stage: Stage): Promise<Disagreement[]> {
  const { agent } = stage;
  stage.burst(1 + below(stage, 300));
  await stage.during(delay(below(stage, mostMs)));
  const cursor = await agent.trySync(barrierMs);
  agent.assertAlive();
  return cursor === undefined ? [] : stage.compareAt(cursor);
}

async function noDescriptors(stage: Stage): Promise<void> {
  const { agent, vitals } = stage;
  await agent.holdConnection();
  const limit = openDescriptors(agent.pid) + below(stage, 3);
  stage.note(`${limit} descriptors`);
  let found: Disagreement[] = [];
  vitals.watch(false);
  limitDescriptors(agent.pid, limit);
  try {
    found = await operateWithout(stage);
  } finally {
    limitDescriptors(agent.pid, undefined);
    vitals.watch(true);
  }
  if (found.length > 0) await stage.agrees(found);
}

/** Fills the file system that holds the agent's own files, with empty ones or with bytes. */
async function noRoom(stage: Stage): Promise<void> {
  const filler = join(stage.workplace.limited, 'filler');
  mkdirSync(filler, { recursive: true });
  const bytes = stage.random() < 0.5 ? 0 : 2 ** 20;
  stage.note(bytes === 0 ? 'no inodes' : 'no room', filler);
  try {
    for (let number = 0; ; number++) writeFileSync(join(filler, String(number)), Buffer.alloc(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  let found: Disagreement[] = [];
  try {
    found = await operateWithout(stage);
  } finally {
    rmSync(filler, { recursive: true });
  }
  if (found.length > 0) await stage.agrees(found);
}

/** The watches that the agent has are all that there are. It polls from then on, and says so; another one begins. */
async function noWatches(stage: Stage): Promise<void> {
  const { agent } = stage;
  const limit = inotifyWatches(agent.pid) + below(stage, 20);
  stage.note(`${limit} watches`);
  const before = limitWatches(limit);
  let found: Disagreement[] = [];
  try {
    found = await operateWithout(stage);
  } finally {
    limitWatches(before);
  }
  await stage.agrees(found.length > 0 ? found : undefined);
  await agent.end('SIGTERM');
  await stage.start();
}

export const limits: readonly Special[] = [
  { name: 'descriptors exhausted', weight: 6, needs: 'namespace', run: noDescriptors },
  { name: 'room exhausted', weight: 6, needs: 'namespace', run: noRoom },
  { name: 'watches exhausted', weight: 3, needs: 'namespace', run: noWatches },
];
