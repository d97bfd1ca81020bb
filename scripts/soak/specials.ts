// What hits a watcher hardest, each in one function.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from './agent.ts';
import type { Follower } from './follower.ts';
import { type LargeTrees, overflowDirectories } from './large-trees.ts';
import { branches, type Workplace } from './workplace.ts';

/** Everything that a special has to do with. */
export interface Stage {
  readonly workplace: Workplace;
  readonly agent: Agent;
  readonly follower: Follower;
  readonly large: LargeTrees;
  readonly random: () => number;
  readonly note: (what: string, ...paths: readonly string[]) => void;
  /** Does small operations for as long as the work is going on. */
  during(work: Promise<void>): Promise<void>;
  /** Does some small operations without a pause. */
  burst(operations: number): void;
}

/** One kind of calamity. */
export interface Special {
  /** In the plural, for the summary. */
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  run(stage: Stage): Promise<void>;
}

const below = (stage: Stage, limit: number): number => Math.floor(stage.random() * limit);

/** Makes things while the agent stands still: more than the kernel keeps hints of. */
async function overflow(stage: Stage): Promise<void> {
  const { agent, large } = stage;
  const watched = stage.random() < 0.6;
  const path = await large.place();
  if (watched) {
    for (let number = 0; number < overflowDirectories; number++) {
      mkdirSync(join(path, `d${number}`), { recursive: true });
    }
    await agent.sync();
  }
  agent.hold(true);
  try {
    stage.burst(below(stage, 500));
    large.fill(path, watched);
    stage.burst(below(stage, 2000));
    // Some of the standstills are short of what the agent takes for one.
    await delay(below(stage, 600));
  } finally {
    agent.hold(false);
  }
  // What comes while it catches up is heard in part.
  await stage.during(delay(below(stage, 300)));
}

/** Files that are tracked are written or removed, and git brings another branch about. */
async function checkOut(stage: Stage): Promise<void> {
  const { workplace } = stage;
  for (let disturbed = below(stage, 50); disturbed > 0; disturbed--) {
    const path = join(workplace.repository, workplace.trackedFile(below(stage, 3000)));
    rmSync(path, { recursive: true, force: true });
    if (stage.random() < 0.5) {
      // Its directory is gone while a branch is checked out that has nothing there.
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, 'disturbed');
    }
    stage.note('disturb', path);
  }
  const names = Object.keys(branches);
  for (let checkouts = 1 + below(stage, 2); checkouts > 0; checkouts--) {
    const branch = names[below(stage, names.length)] as string;
    stage.note(`git checkout ${branch}`, workplace.repository);
    await stage.during(workplace.git('checkout', '-qf', branch));
  }
}

async function restart(stage: Stage, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { agent, follower, workplace } = stage;
  stage.note(`restart ${signal}`, ...workplace.roots);
  follower.disconnect();
  await stage.during(agent.end(signal));
  stage.burst(below(stage, 500));
  await stage.during(agent.start());
  // The index is read while it goes on changing.
  await stage.during(follower.begin(workplace.roots));
}

async function reconnect(stage: Stage): Promise<void> {
  const { follower } = stage;
  follower.disconnect();
  stage.burst(below(stage, 1000));
  await stage.during(delay(below(stage, 100)));
  await stage.during(follower.resume());
}

/** Directories removed and made again at once: on most disks with the same inode number. */
async function directoriesAnew(stage: Stage): Promise<void> {
  for (let round = 0; round < 200; round++) {
    for (const root of stage.workplace.roots) {
      const directory = join(root, `anew${round % 3}`);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(join(directory, 'deep'), { recursive: true });
      writeFileSync(join(directory, `f${round % 7}`), '');
      writeFileSync(join(directory, 'deep', `f${round % 7}`), '');
      stage.note('rm and mkdir', directory);
    }
    if (stage.random() < 0.05) await delay(stage.random() * 5);
  }
}

/** Files become directories, and those files. */
async function swapKinds(stage: Stage): Promise<void> {
  for (const root of stage.workplace.roots) {
    const directory = join(root, 'swap');
    mkdirSync(directory, { recursive: true });
    for (let round = 0; round < 600; round++) {
      const path = join(directory, `s${round % 200}`);
      rmSync(path, { recursive: true, force: true });
      if (stage.random() < 0.5) writeFileSync(path, 'file');
      else {
        mkdirSync(join(path, 'a'), { recursive: true });
        writeFileSync(join(path, 'a', 'b'), 'in a directory');
      }
      stage.note('swap', path);
      if (stage.random() < 0.02) await delay(stage.random() * 5);
    }
  }
}

/** The nested root is moved away; it comes back, or another one takes its place. */
async function rootAnew(stage: Stage): Promise<void> {
  const { nested, outer } = stage.workplace;
  const aside = join(outer, `aside${below(stage, 1000)}`);
  // Long enough for the agent to see it gone, or too short.
  const pauseMs = stage.random() < 0.5 ? 0 : below(stage, 1200);
  renameSync(nested, aside);
  stage.note('mv', nested, aside);
  writeFileSync(join(aside, 'while away'), String(below(stage, 1000)));
  if (pauseMs > 0) await delay(pauseMs);
  if (stage.random() < 0.5) {
    renameSync(aside, nested);
    stage.note('mv', aside, nested);
    return;
  }
  mkdirSync(nested);
  writeFileSync(join(nested, 'first'), '');
  stage.note('mkdir', nested);
  if (stage.random() < 0.5) stage.burst(below(stage, 200));
  await stage.during(stage.large.discard(nested, aside));
}

/** All of them. */
export const specials: readonly Special[] = [
  { name: 'overflows', weight: 7, run: overflow },
  { name: 'checkouts', weight: 18, run: checkOut },
  { name: 'tars', weight: 5, run: ({ during, large }) => during(large.extract()) },
  { name: 'rm -rf', weight: 6, run: ({ during, large }) => during(large.removeOldest()) },
  { name: 'moves of large trees', weight: 12, run: async ({ large }) => large.move() },
  { name: 'restarts', weight: 6, run: (stage) => restart(stage, 'SIGTERM') },
  { name: 'kills', weight: 6, run: (stage) => restart(stage, 'SIGKILL') },
  { name: 'reconnects', weight: 18, run: reconnect },
  { name: 'storms of directories made anew', weight: 10, run: directoriesAnew },
  { name: 'storms of files made directories', weight: 8, run: swapKinds },
  { name: 'nested roots moved', weight: 6, run: rootAnew },
];
