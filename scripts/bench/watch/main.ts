// Watchers side by side: how fast they are ready, what they hold, how soon they tell a save, and whether
// what they tell is true. agentd, chokidar, @parcel/watcher, Node's recursive fs.watch and Watchman, on the
// same trees, in the same run.
//
// Run after a build, on Linux: node --import tsx scripts/bench/watch/main.ts [OPTIONS], see --help. Not with
// the command tsx, which kills a process that does not answer an interrupt within some 60 ms.
import { existsSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { type CrawlResult, type IdleResult, measureCrawl, measureIdle } from './agent-alone.ts';
import type { Bench } from './bench.ts';
import { copyBuild } from './build.ts';
import { Cleanups } from './cleanups.ts';
import { help, type Options, readOptions, writes } from './options.ts';
import type { Peer } from './peer.ts';
import { findPeers } from './peers.ts';
import { report } from './report.ts';
import type { Results } from './results.ts';
import { type Measured, measureRounds } from './rounds.ts';
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
  { parts, peers, sizes, idleSeconds }: Options,
): Promise<{ idle?: IdleResult; crawl?: CrawlResult }> {
  if (!peers.includes('agentd')) return {};
  const files = Math.max(...sizes.filter((size) => size <= aloneFiles), Math.min(...sizes));
  return {
    ...(parts.has('idle') ? { idle: await measureIdle(bench, await trees.ofSize(files), idleSeconds) } : {}),
    ...(parts.has('crawl') ? { crawl: await measureCrawl(bench, await trees.ofSize(files)) } : {}),
  };
}

async function run(bench: Bench, options: Options): Promise<void> {
  const { peers, skipped } = await findPeers(bench, options.peers);
  for (const line of skipped) bench.progress(line);
  const trees = new Trees(bench);
  const results: Results = {
    rounds: await rounds(bench, trees, options, peers),
    truth: options.parts.has('truth') ? await measureTruth(bench, peers, options.seeds) : [],
    overflow: options.parts.has('overflow') ? await measureOverflow(bench, peers) : [],
    ...(await alone(bench, trees, options)),
  };
  const text = report({ bench, options, peers, skipped, results });
  process.stdout.write(text);
  if (options.markdown !== undefined) writeFileSync(options.markdown, text);
}

async function main(): Promise<void> {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
    if (process.platform !== 'linux')
      throw new Error('this benchmark reads /proc, so it runs on Linux alone');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (options === undefined) {
    process.stdout.write(help);
    return;
  }
  const startedMs = performance.now();
  const cleanups = new Cleanups();
  const interrupt = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    // Not once: it may come twice, from the terminal and from npm, and the second would end us half done.
    process.on(signal, () => {
      interrupt.abort(new Error(`ended by ${signal}`));
      void cleanups.closeAll().then(() => process.exit(code));
    });
  }
  try {
    const bench: Bench = {
      cleanups,
      build: copyBuild(cleanups),
      interrupted: interrupt.signal,
      diskDirectory: tmpdir(),
      // ext4 would pass over every inode that was freed lately: slow with tens of thousands.
      memoryDirectory: existsSync('/dev/shm') ? '/dev/shm' : tmpdir(),
      loadBefore: loadavg()[0] ?? Number.NaN,
      progress: (text) => {
        const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
        process.stderr.write(`${seconds.padStart(5)} s  ${text}\n`);
      },
    };
    await run(bench, options);
  } catch (error) {
    // What breaks when everything is closed under it is no failure.
    if (!interrupt.signal.aborted) throw error;
  } finally {
    await cleanups.closeAll();
  }
}

await main();
