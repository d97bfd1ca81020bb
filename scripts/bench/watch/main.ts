// Watchers side by side: how fast they are ready, what they hold, how soon they tell a save, and whether
// what they tell is true. agentd, chokidar, @parcel/watcher, Node's recursive fs.watch and Watchman, on the
// same trees, in the same run.
//
// Run after a build, on Linux: node --import tsx scripts/bench/watch/main.ts [OPTIONS], see --help. Not with
// the command tsx, which kills a process that does not answer an interrupt within some 60 ms.

import type { Bench } from '../support/bench.ts';
import { runBenchmark } from '../support/run.ts';
import { type CrawlResult, type IdleResult, measureCrawl, measureIdle } from './agent-alone.ts';
import { help, type Options, readOptions, writes } from './options.ts';
import type { Peer } from './peer.ts';
import { findPeers } from './peers.ts';
import { report } from './report.ts';
import type { Results } from './results.ts';
import { type Measured, measureRounds } from './rounds.ts';
import { measureSince } from './since.ts';
import { measureStandstill, type StandstillResult } from './standstill.ts';
import { Trees } from './trees.ts';
import { measureOverflow, measureTruth } from './truth.ts';

/** Of the agent alone, idle time and broadcasts are measured on the largest tree up to this one. */
const aloneFiles = 100_000;

async function rounds(
  bench: Bench,
  trees: Trees,
  options: Options,
  peers: readonly Peer[],
): Promise<Measured[]> {
  const { parts, sizes, rounds } = options;
  const all = parts.has('ready') || parts.has('latency');
  if (!all && !parts.has('growth')) return [];
  const timed = parts.has('latency') || parts.has('growth');
  return measureRounds(
    bench,
    trees,
    // Growth is the agent's; the same starts serve the table of all.
    all ? peers : peers.filter(({ key, latencyOnly }) => key === 'agentd' && !latencyOnly),
    { sizes, rounds, writesPerRound: timed ? Math.ceil(writes / rounds) : 0 },
  );
}

async function alone(
  bench: Bench,
  trees: Trees,
  { parts, peers, sizes, idleSeconds, rounds: times }: Options,
): Promise<{ idle?: IdleResult; crawl?: CrawlResult; standstill?: StandstillResult }> {
  if (!peers.includes('agentd')) return {};
  const files = Math.max(...sizes.filter((size) => size <= aloneFiles), Math.min(...sizes));
  return {
    ...(parts.has('idle') ? { idle: await measureIdle(bench, await trees.ofSize(files), idleSeconds) } : {}),
    ...(parts.has('crawl') ? { crawl: await measureCrawl(bench, await trees.ofSize(files)) } : {}),
    ...(parts.has('standstill') ? { standstill: await measureStandstill(bench, files, times) } : {}),
  };
}

async function measure(bench: Bench, options: Options): Promise<string> {
  const { peers, skipped } = await findPeers(bench, options.peers);
  for (const line of skipped) bench.progress(line);
  const trees = new Trees(bench);
  const results: Results = {
    rounds: await rounds(bench, trees, options, peers),
    truth: options.parts.has('truth') ? await measureTruth(bench, peers, options.seeds) : [],
    overflow: options.parts.has('overflow') ? await measureOverflow(bench, peers) : [],
    since: options.parts.has('changes') ? await measureSince(bench, trees, peers, options.sizes) : [],
    ...(await alone(bench, trees, options)),
  };
  return report({ bench, options, peers, skipped, results });
}

await runBenchmark({ help, readOptions, measure });
