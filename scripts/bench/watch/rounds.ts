// Starts and saves: every peer is started on the same tree in turn, several times over; each start gives a
// time to ready, the memory and the watches held after it, and the latency of some single writes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inotifyWatches, residentMB } from '../../../test/support/procfs.ts';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { shuffled, type Tree, type Trees } from './trees.ts';

/** Between ready and the reading of memory and watches: what a peer does just after it said ready counts, too. */
const restMs = 2000;
/** Between two writes; more than any settle here, so that each is told for itself. */
const gapMs = { least: 30, most: 60 };
/** A write that nobody told of by then counts as missed. */
const patienceMs = 2000;

/** What is measured. */
export interface RoundsWanted {
  readonly sizes: readonly number[];
  /** How often each peer is started. */
  readonly rounds: number;
  /** Single writes in each round; 0 to measure no latency. */
  readonly writesPerRound: number;
}

/** What one peer gave on one tree, a number for each round, or for each write. */
export interface Measured {
  readonly peer: Peer;
  readonly files: number;
  readonly directories: number;
  readonly readyMs: number[];
  readonly residentMB: number[];
  readonly watches: number[];
  readonly latenciesMs: number[];
  missedWrites: number;
  readonly troubles: string[];
}

/** Measures every peer on a tree of each size. */
export async function measureRounds(
  bench: Bench,
  trees: Trees,
  peers: readonly Peer[],
  wanted: RoundsWanted,
): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const size of wanted.sizes) {
    const tree = await trees.ofSize(size);
    const ofThisSize = peers
      .filter(({ latencyOnly }) => !latencyOnly || wanted.writesPerRound > 0)
      .map(
        (peer): Measured => ({
          peer,
          files: size,
          directories: tree.directories,
          readyMs: [],
          residentMB: [],
          watches: [],
          latenciesMs: [],
          missedWrites: 0,
          troubles: [],
        }),
      );
    // No file is written twice, by whichever peer: what is told of it is told of this write.
    const unwritten = shuffled(tree.files, size);
    for (let round = 1; round <= wanted.rounds; round++) {
      for (const measured of ofThisSize) {
        bench.progress(`${measured.peer.name}, ${size} files, round ${round} of ${wanted.rounds}`);
        const files = unwritten.splice(0, wanted.writesPerRound);
        try {
          await measureOnce(measured, tree, files);
        } catch (error) {
          bench.interrupted.throwIfAborted();
          measured.troubles.push((error as Error).message);
        }
      }
    }
    all.push(...ofThisSize);
  }
  return all;
}

async function measureOnce(measured: Measured, tree: Tree, files: readonly string[]): Promise<void> {
  const running = await measured.peer.start(tree.root);
  try {
    measured.readyMs.push(running.readyMs);
    if (!measured.peer.latencyOnly) {
      await delay(restMs);
      measured.residentMB.push(residentMB(running.pid));
      measured.watches.push(inotifyWatches(running.pid));
    }
    if (files.length > 0) await writeFiles(measured, running, tree.root, files);
  } finally {
    try {
      measured.troubles.push(...(await running.troubles()));
    } finally {
      await running.stop();
    }
  }
}

async function writeFiles(
  measured: Measured,
  running: RunningPeer,
  root: string,
  files: readonly string[],
): Promise<void> {
  await running.observe('arrivals');
  const writtenMs = new Map<string, number>();
  for (const file of files) {
    await delay(gapMs.least + Math.random() * (gapMs.most - gapMs.least));
    writtenMs.set(file, monotonicMs());
    writeFileSync(join(root, file), `export const at = ${Date.now()};\n`);
  }
  const giveUpMs = monotonicMs() + patienceMs;
  let arrivalsMs = await running.arrivalsMs();
  while (files.some((file) => !arrivalsMs.has(file)) && monotonicMs() < giveUpMs) {
    await delay(50);
    arrivalsMs = await running.arrivalsMs();
  }
  for (const [file, atMs] of writtenMs) {
    const arrivedMs = arrivalsMs.get(file);
    if (arrivedMs === undefined) measured.missedWrites += 1;
    else measured.latenciesMs.push(arrivedMs - atMs);
  }
}
