// Truth: a model of the tree, built from what a peer tells, compared with the disk; after random operations,
// and after more changes than the kernel queues for a process that stands still.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isStopped } from '../../../test/support/procfs.ts';
import { RandomOperations, randomFrom } from '../../../test/support/random-operations.ts';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import { pathsOnDisk } from './observer.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { untilQuiet } from './quiet.ts';

const operations = 4000;
/** As in the project's own test: pauses within a batch, across batches, and in the middle of a look. */
const pauses = { share: 0.3, longestMs: 5 };
const overflow = { directories: 200, filesEach: 200 };

/** How a model differs from the disk. */
export interface Differences {
  /** On disk, and not in the model. */
  readonly missing: number;
  /** In the model, and not on disk. */
  readonly ghosts: number;
  /** Entries on disk. */
  readonly entries: number;
}

/** What came out for one peer. */
export interface TruthResult {
  readonly peer: Peer;
  /** The seed, or the way to overflow. */
  readonly scenario: string;
  /** Whether the kernel had to drop events. */
  readonly kernelDrops: boolean;
  /** Absent where the peer failed. */
  readonly differences?: Differences;
  /** From the last change, or the signal to go on, to its last event. */
  readonly lastEventMs?: number;
  /** What it said of lost events. */
  readonly losses: readonly string[];
  readonly troubles: readonly string[];
}

/** One way to change a tree under a peer. */
interface Scenario {
  readonly name: string;
  readonly kernelDrops: boolean;
  /** Parent of the tree. */
  readonly parent: string;
  /** Before the peer starts. */
  prepare(root: string): void;
  /** While it runs. */
  change(root: string, running: RunningPeer): Promise<void>;
}

/** 4,000 random operations with pauses of up to 5 ms, for each seed. */
export function measureTruth(
  bench: Bench,
  peers: readonly Peer[],
  seeds: readonly number[],
): Promise<TruthResult[]> {
  const scenarios = seeds.map(
    (seed): Scenario => ({
      name: `seed ${seed}`,
      kernelDrops: false,
      parent: bench.diskDirectory,
      prepare: () => {},
      change: async (root) => {
        const tree = new RandomOperations(root, seed);
        const random = randomFrom(seed ^ 0x5f3759df);
        for (let step = 0; step < operations; step++) {
          tree.step();
          if (random() < pauses.share) await delay(random() * pauses.longestMs);
        }
      },
    }),
  );
  return measure(bench, peers, scenarios);
}

/**
 * 40,000 files made while the process is stopped: in new directories, of which the kernel tells nothing but
 * themselves, and in directories that are watched, where it drops what its queue does not hold.
 */
export function measureOverflow(bench: Bench, peers: readonly Peer[]): Promise<TruthResult[]> {
  const directories = Array.from({ length: overflow.directories }, (_, n) => `d${n}`);
  const makeDirectories = (root: string): void => {
    for (const directory of directories) mkdirSync(join(root, directory));
  };
  const stopped = async (running: RunningPeer, change: () => void): Promise<void> => {
    process.kill(running.pid, 'SIGSTOP');
    while (!isStopped(running.pid)) await delay(1);
    change();
    process.kill(running.pid, 'SIGCONT');
  };
  const makeFiles = (root: string): void => {
    for (const directory of directories) {
      for (let n = 0; n < overflow.filesEach; n++) writeFileSync(join(root, directory, `f${n}`), '');
    }
  };
  return measure(bench, peers, [
    {
      name: 'new directories',
      kernelDrops: false,
      parent: bench.memoryDirectory,
      prepare: () => {},
      change: (root, running) =>
        stopped(running, () => {
          makeDirectories(root);
          makeFiles(root);
        }),
    },
    {
      name: 'watched directories',
      kernelDrops: true,
      parent: bench.memoryDirectory,
      prepare: makeDirectories,
      change: (root, running) => stopped(running, () => makeFiles(root)),
    },
  ]);
}

async function measure(
  bench: Bench,
  peers: readonly Peer[],
  scenarios: readonly Scenario[],
): Promise<TruthResult[]> {
  const results: TruthResult[] = [];
  for (const scenario of scenarios) {
    for (const peer of peers.filter(({ latencyOnly }) => !latencyOnly)) {
      bench.progress(`${peer.name}, ${scenario.name}`);
      results.push(await measureOnce(bench, peer, scenario));
    }
  }
  return results;
}

async function measureOnce(bench: Bench, peer: Peer, scenario: Scenario): Promise<TruthResult> {
  const about = { peer, scenario: scenario.name, kernelDrops: scenario.kernelDrops };
  const { path: root, remove } = bench.cleanups.directory(scenario.parent);
  let running: RunningPeer | undefined;
  try {
    scenario.prepare(root);
    running = await peer.start(root);
    await running.observe('paths');
    await scenario.change(root, running);
    const changedMs = monotonicMs();
    const lastEventMs = (await untilQuiet(running)) - changedMs;
    return {
      ...about,
      differences: compare(pathsOnDisk(root), await running.paths()),
      lastEventMs,
      losses: await running.losses(),
      troubles: await running.troubles(),
    };
  } catch (error) {
    bench.interrupted.throwIfAborted();
    // A peer that breaks under it is a result, too.
    return { ...about, losses: [], troubles: [(error as Error).message] };
  } finally {
    await running?.stop();
    await remove();
  }
}

function compare(disk: ReadonlySet<string>, told: ReadonlySet<string>): Differences {
  return {
    missing: [...disk].filter((path) => !told.has(path)).length,
    ghosts: [...told].filter((path) => !disk.has(path)).length,
    entries: disk.size,
  };
}
