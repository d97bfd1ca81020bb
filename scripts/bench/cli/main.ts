// How long a command of the CLI takes as a whole process, beside node doing nothing and the commands of other
// daemons, in the same run.
//
// Run after a build, on Linux: node --import tsx scripts/bench/cli/main.ts [OPTIONS], see --help. Not with the
// command tsx, which kills a process that does not answer an interrupt within some 60 ms.
import { setImmediate as turn } from 'node:timers/promises';
import type { Bench } from '../support/bench.ts';
import { runBenchmark } from '../support/run.ts';
import { type Contender, type ContenderKey, findContenders, runOnce } from './contenders.ts';
import { help, type Options, readOptions } from './options.ts';
import { report } from './report.ts';

/** Rounds that are not counted: they warm the page cache. */
const warmUps = 3;

/** Milliseconds of each run, by contender. */
type Times = ReadonlyMap<ContenderKey, readonly number[]>;

/** The commands take turns, each round begins with another one: what disturbs the machine meets all alike. */
async function measureRounds(bench: Bench, contenders: readonly Contender[], rounds: number): Promise<Times> {
  const times = new Map<ContenderKey, number[]>(contenders.map(({ key }) => [key, []]));
  for (let round = -warmUps; round < rounds; round++) {
    // Interrupts are heard between rounds alone, since the runs are waited for synchronously.
    await turn();
    bench.interrupted.throwIfAborted();
    for (let at = 0; at < contenders.length; at++) {
      const contender = contenders[(at + round + warmUps) % contenders.length];
      if (contender === undefined) continue;
      const startedMs = performance.now();
      runOnce(contender);
      if (round >= 0) times.get(contender.key)?.push(performance.now() - startedMs);
    }
  }
  return times;
}

async function measure(bench: Bench, options: Options): Promise<string> {
  const found = await findContenders(bench, options.contenders);
  for (const line of found.skipped) bench.progress(line);
  bench.progress(`${options.rounds} rounds of ${found.contenders.length} commands`);
  const times = await measureRounds(bench, found.contenders, options.rounds);
  return report({ bench, rounds: options.rounds, found, times });
}

await runBenchmark({ help, readOptions, measure });
