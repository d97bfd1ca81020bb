// What the agent is meant to reach, and whether it did.
import { type Goal, goal } from '../support/goals.ts';
import { median, percentile } from '../support/numbers.ts';
import { cell, count } from '../support/table.ts';
import { cpuUs, fanoutOf, type Phase, type Results, type Stuck } from './results.ts';
import type { ServerKey } from './server.ts';

const bytesPerMiB = 2 ** 20;

/** The sizes of the goal about growth. */
export const smallCrowd = 1000;
export const largeCrowd = 5000;

/** Judges a run; `clients` is the size at which all servers were compared. */
export function judge(results: Results, clients: number): Goal[] {
  const agent = fanoutOf(results, 'agentd', clients);
  const at = `${count(clients)} clients: `;
  const cheaper = (what: string, phase: 'single' | 'bursts', key: ServerKey, times: number): Goal => {
    const factor = cpuOf(fanoutOf(results, key, clients)?.[phase]) / cpuOf(agent?.[phase]);
    const goalText = times === 1 ? `no dearer than ${key}` : `≥ ${times} times cheaper than ${key}`;
    return goal(`${at}${what}, CPU a delivery ${goalText}`, `${cell(factor, 2)} times`, times, factor);
  };
  const p99Ms = percentile(agent?.single.latenciesMs ?? [], 0.99);
  const idleKiB = agent?.idleKiB ?? Number.NaN;
  return [
    cheaper('one at a time', 'single', 'ws', 1.25),
    cheaper('one at a time', 'single', 'gorilla', 1),
    cheaper('bursts', 'bursts', 'ws', 20),
    cheaper('bursts', 'bursts', 'gorilla', 15),
    goal(`${at}one at a time, p99 of the last client ≤ 25 ms`, `${cell(p99Ms, 1)} ms`, p99Ms, 25),
    goal(`${at}memory a connected idle client ≤ 20 KiB`, `${cell(idleKiB, 1)} KiB`, idleKiB, 20),
    ...judgeStuck(results.stuck.filter(({ server }) => server.key === 'agentd')),
    judgeGrowth(results),
    judgeReplay(results),
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
  const cpuAt = (clients: number): number => cpuOf(fanoutOf(results, 'agentd', clients)?.single);
  const factor = cpuAt(largeCrowd) / cpuAt(smallCrowd);
  const text = `${count(largeCrowd)} clients: CPU a delivery within 1.3 times that to ${count(smallCrowd)}`;
  return goal(text, `${cell(factor, 2)} times`, factor, 1.3);
}

function judgeReplay({ replays }: Results): Goal {
  const speed = median(replays.find(({ clients }) => clients === 1)?.megabytesPerSecond ?? []);
  return goal('replay of a full journal to one client ≥ 200 MB/s', `${cell(speed, 0)} MB/s`, 200, speed);
}

function cpuOf(phase: Phase | undefined): number {
  return phase === undefined ? Number.NaN : cpuUs(phase);
}
