// What the agent is meant to reach, and whether it did.
import { type Goal, goal } from '../support/goals.ts';
import { percentile } from '../support/numbers.ts';
import { count } from '../support/table.ts';
import { measuredOf, type Results, summarize } from './results.ts';
import { changesPerAnswer, type SinceResult } from './since.ts';
import type { StandstillResult } from './standstill.ts';
import type { TruthResult } from './truth.ts';

/** Above one watch a directory: the root, and the agent's own runtime directory. */
const handful = 5;

/** Judges a run. Goals for a tree are judged on each size. */
export function judge(results: Results): Goal[] {
  const sizes = [...new Set(results.rounds.map(({ files }) => files))];
  return [
    ...sizes.flatMap((files) => judgeTree(results, files)),
    ...judgeAlone(results),
    ...judgeStandstill(results.standstill),
    ...judgeSince(results.since),
    ...judgeTruth('random operations', results.truth, false),
    ...judgeTruth('overflow', results.overflow, true),
  ];
}

/** What the loop's users are promised: nothing that happens on disk keeps them waiting for longer. */
const longestStandstillMs = 50;

function judgeStandstill(result: StandstillResult | undefined): Goal[] {
  if (result === undefined) return [];
  const worst = Math.max(...result.standstills.flatMap(({ worstMs }) => worstMs));
  const text = `moves, rules and removal of ${count(result.files)} files: no request waits ${longestStandstillMs} ms`;
  return [goal(text, `${worst.toFixed(1)} ms`, worst, longestStandstillMs)];
}

function judgeSince(results: readonly SinceResult[]): Goal[] {
  const p50Of = (key: string, size: number): number =>
    percentile(results.find(({ peer, files }) => peer.key === key && files === size)?.answersMs ?? [], 0.5);
  return [...new Set(results.map(({ files }) => files))].flatMap((files) => {
    const [own, watchman] = [p50Of('agentd', files), p50Of('watchman', files)];
    const what = `${changesPerAnswer} changes of ${count(files)} files, barrier included, p50`;
    return [
      goal(`${what} at most 5 ms`, `${own.toFixed(2)} ms`, own, 5),
      goal(
        `${what} no slower than watchman's`,
        `${(own / watchman).toPrecision(3)} times its`,
        own,
        watchman,
      ),
    ];
  });
}

function judgeTree(results: Results, files: number): Goal[] {
  const measured = measuredOf(results, 'agentd', files);
  const agent = summarize(measured);
  const chokidar = summarize(measuredOf(results, 'chokidar', files));
  const watchman = summarize(measuredOf(results, 'watchman', files));
  const settle0 = summarize(measuredOf(results, 'agentd', files, true));
  const directories = measured?.directories ?? Number.NaN;
  const at = `${count(files)} files: `;
  const times = (value: number, base: number): string => `${(value / base).toPrecision(3)} times`;
  return [
    goal(
      `${at}ready at least 10 times faster than chokidar`,
      times(chokidar.readyMs, agent.readyMs),
      agent.readyMs * 10,
      chokidar.readyMs,
    ),
    goal(
      `${at}ready no slower than watchman`,
      `${times(agent.readyMs, watchman.readyMs)} its time`,
      agent.readyMs,
      watchman.readyMs,
    ),
    goal(`${at}resident memory at most 120 MB`, `${agent.residentMB.toFixed(0)} MB`, agent.residentMB, 120),
    goal(
      `${at}resident memory below a fifth of chokidar's`,
      `${times(agent.residentMB, chokidar.residentMB)} chokidar's`,
      agent.residentMB,
      chokidar.residentMB / 5,
    ),
    goal(
      `${at}watches: one a directory and at most ${handful}`,
      `${count(agent.watches)} for ${count(directories)} directories`,
      agent.watches,
      directories + handful,
    ),
    goal(`${at}save to client, p50 at most 6 ms`, `${agent.p50Ms.toFixed(1)} ms`, agent.p50Ms, 6),
    goal(
      `${at}save to client, p50 at most a quarter of watchman's`,
      `${times(agent.p50Ms, watchman.p50Ms)} watchman's`,
      agent.p50Ms,
      watchman.p50Ms / 4,
    ),
    goal(
      `${at}save to client, p50 at most 2 ms with --settle 0`,
      `${settle0.p50Ms.toFixed(1)} ms`,
      settle0.p50Ms,
      2,
    ),
  ];
}

function judgeAlone({ idle, crawl }: Results): Goal[] {
  const share = idle === undefined ? Number.NaN : (idle.cpuMs / (idle.seconds * 1000)) * 100;
  const p99Ms = percentile(crawl?.duringMs ?? [], 0.99);
  return [
    goal('idle below 0.1 % of a core', `${share.toFixed(3)} %`, share, 0.0999),
    goal('broadcast during the first crawl, p99 below 50 ms', `${p99Ms.toFixed(1)} ms`, p99Ms, 49.99),
  ];
}

function judgeTruth(what: string, results: readonly TruthResult[], lossExpected: boolean): Goal[] {
  const agents = results.filter(({ peer }) => peer.key === 'agentd');
  const differing = agents.map(({ differences }) =>
    differences === undefined ? Number.NaN : differences.missing + differences.ghosts,
  );
  const total = agents.length === 0 ? Number.NaN : differing.reduce((sum, each) => sum + each, 0);
  const goals = [goal(`${what}: no path missing, no ghost`, `${count(total)} paths differ`, total, 0)];
  if (lossExpected) {
    const losing = agents.filter(({ kernelDrops }) => kernelDrops);
    const silent =
      losing.length === 0 ? Number.NaN : losing.filter(({ losses }) => losses.length === 0).length;
    goals.push(goal(`${what}: the loss is told`, `${count(silent)} times in silence`, silent, 0));
  }
  return goals;
}
