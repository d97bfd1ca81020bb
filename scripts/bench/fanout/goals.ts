// What the agent is meant to reach, and whether it did.
import { type Goal, goal } from '../support/goals.ts';
import { median, percentile, type Spread, spread } from '../support/numbers.ts';
import { cell, count } from '../support/table.ts';
import {
  cpuUs,
  fanoutOf,
  type Results,
  type Round,
  type Stuck,
  spreadOf,
  spreadOfRatio,
  type Wide,
} from './results.ts';
import type { ServerKey } from './server.ts';

const bytesPerMiB = 2 ** 20;

/** The sizes of the goal about growth. */
export const smallCrowd = 1000;
export const largeCrowd = 5000;

/** Judges a run; `clients` is the size at which all servers were compared. */
export function judge(results: Results, clients: number): Goal[] {
  const agent = fanoutOf(results, 'agentd', clients);
  const at = `${count(clients)} clients: `;
  /** What is told of a peer has to hold in every round. */
  const cheaper = (key: ServerKey, times: number): Goal => {
    const { least, median: middle } = spreadOfRatio(fanoutOf(results, key, clients), agent, burstUs);
    const text = `${at}bursts, CPU a delivery ≥ ${times} times cheaper than ${key}, in each round`;
    return goal(text, `${cell(least, 2)} times, median ${cell(middle, 2)}`, times, least);
  };
  /** One at a time most of the cost is the kernel's, the same for all: which is cheaper differs by the round. */
  const close = (what: string, of: (round: Round) => number, key: ServerKey): Goal => {
    const { least, median: middle, most } = spreadOfRatio(agent, fanoutOf(results, key, clients), of);
    const text = `${at}${what}, CPU a delivery ≤ 1.25 times that of ${key}, by the median`;
    return goal(text, `${cell(middle, 2)} times, from ${cell(least, 2)} to ${cell(most, 2)}`, middle, 1.25);
  };
  const p99Ms = spreadOf(agent, ({ single }) => percentile(single.latenciesMs, 0.99));
  const idleKiB = spreadOf(agent, (round) => round.idleKiB);
  return [
    close('one at a time', singleUs, 'ws'),
    close('one at a time', singleUs, 'gorilla'),
    close('bursts', burstUs, 'uws'),
    cheaper('ws', 20),
    cheaper('gorilla', 15),
    goal(
      `${at}one at a time, p99 of the last client ≤ 25 ms, in each round`,
      `${cell(p99Ms.most, 1)} ms, median ${cell(p99Ms.median, 1)}`,
      p99Ms.most,
      25,
    ),
    goal(
      `${at}memory a connected idle client ≤ 20 KiB, in each round`,
      `${cell(idleKiB.most, 1)} KiB, median ${cell(idleKiB.median, 1)}`,
      idleKiB.most,
      20,
    ),
    ...judgeStuck(results.stuck.filter(({ server }) => server.key === 'agentd')),
    judgeGrowth(results),
    judgeReplay(results),
    ...judgeWide(results.wide),
    ...judgeStore(results, clients),
  ];
}

function judgeStuck(measured: readonly Stuck[]): Goal[] {
  const [without, stuck] = [false, true].map((wanted) => measured.find((result) => result.stuck === wanted));
  const factor = percentile(stuck?.latenciesMs ?? [], 0.99) / percentile(without?.latenciesMs ?? [], 0.99);
  const moreMiB = (((stuck?.grownMB ?? Number.NaN) - (without?.grownMB ?? Number.NaN)) * 1e6) / bytesPerMiB;
  return [
    goal('one stuck client: p99 of the others within 1.5 times', `${cell(factor, 2)} times`, factor, 1.5),
    goal('one stuck client: memory at most 2 MiB more', `${cell(moreMiB, 1)} MiB`, moreMiB, 2),
  ];
}

function judgeGrowth(results: Results): Goal {
  const [large, small] = [largeCrowd, smallCrowd].map((size) => fanoutOf(results, 'agentd', size));
  const { median: factor, most } = spreadOfRatio(large, small, singleUs);
  const text = `${count(largeCrowd)} clients: CPU a delivery within 1.3 times that to ${count(smallCrowd)}, by the median`;
  return goal(text, `${cell(factor, 2)} times, at most ${cell(most, 2)}`, factor, 1.3);
}

function judgeWide(wide: Wide | undefined): Goal[] {
  if (wide === undefined) return [];
  const factor = (of: (round: Round) => number): Spread =>
    spread(wide.beside.map((round, index) => of(round) / of(wide.without[index] ?? round)));
  const costs = (what: string, of: (round: Round) => number): Goal => {
    const { median: middle, least, most } = factor(of);
    const text = `beside one wide view: ${what}, CPU a delivery ≤ 1.05 times that without, by the median`;
    return goal(text, `${cell(middle, 2)} times, from ${cell(least, 2)} to ${cell(most, 2)}`, middle, 1.05);
  };
  const text = 'changes that only a wide view holds: events handed to other clients';
  return [
    costs('one at a time', singleUs),
    costs('bursts', burstUs),
    goal(text, count(wide.otherDeliveries), wide.otherDeliveries, 0),
  ];
}

/** What it costs to keep every event on disk before anyone sees it. */
function judgeStore(results: Results, clients: number): Goal[] {
  const [on, off] = (['agentd', 'agentd-no-store'] as const).map((key) => fanoutOf(results, key, clients));
  const { median: times, least, most } = spreadOfRatio(on, off, burstUs);
  const p50Ms = (round: Round): number => percentile(round.single.latenciesMs, 0.5);
  const moreMs = spreadOf(on, p50Ms).median - spreadOf(off, p50Ms).median;
  return [
    goal(
      `${count(clients)} clients: bursts, CPU a delivery ≤ 1.1 times that with --no-store, by the median`,
      `${cell(times, 2)} times, from ${cell(least, 2)} to ${cell(most, 2)}`,
      times,
      1.1,
    ),
    goal(
      `${count(clients)} clients: one at a time, p50 at most 0.2 ms more than with --no-store`,
      `${cell(moreMs, 2)} ms`,
      moreMs,
      0.2,
    ),
  ];
}

function judgeReplay({ replays }: Results): Goal {
  const speed = median(replays.find(({ clients }) => clients === 1)?.megabytesPerSecond ?? []);
  return goal('replay of a full journal to one client ≥ 200 MB/s', `${cell(speed, 0)} MB/s`, 200, speed);
}

function singleUs({ single }: Round): number {
  return cpuUs(single);
}

function burstUs({ bursts }: Round): number {
  return cpuUs(bursts);
}
