// Fan-out side by side: what it costs a server to pass messages on to a thousand clients, and how soon the
// last of them has each. agentd, ws, Socket.IO, gorilla/websocket and uWebSockets, with the same clients, in the same run.
//
// Run after a build, on Linux: node --import tsx scripts/bench/fanout/main.ts [OPTIONS], see --help. Not with
// the command tsx, which kills a process that does not answer an interrupt within some 60 ms.
import { readFileSync } from 'node:fs';
import type { Bench } from '../support/bench.ts';
import { runBenchmark } from '../support/run.ts';
import { measureFanout } from './fanout.ts';
import { largeCrowd, smallCrowd } from './goals.ts';
import { help, type Options, readOptions } from './options.ts';
import { measureReplay } from './replay.ts';
import { report } from './report.ts';
import type { Fanout, Replay, Results, Round, Stuck, Wide } from './results.ts';
import type { Server } from './server.ts';
import { findServers } from './servers.ts';
import { measureStuck } from './stuck.ts';
import { Swarm } from './swarm.ts';
import { measureWide } from './wide.ts';

const crowds = [100, smallCrowd, largeCrowd] as const;
/** Files that a server has open beside its clients, generously. */
const otherFiles = 300;

/** Runs the parts; what fails is told in the report, and the rest goes on. */
class Runner {
  private readonly bench: Bench;
  private readonly options: Options;
  private readonly swarm: Swarm;
  readonly failures: string[] = [];

  constructor(bench: Bench, options: Options, swarm: Swarm) {
    this.bench = bench;
    this.options = options;
    this.swarm = swarm;
  }

  async run(servers: readonly Server[]): Promise<Results> {
    const { parts } = this.options;
    return {
      fanouts: await this.fanouts(servers),
      stuck: parts.has('stuck') ? await this.stuck(servers) : [],
      replays: parts.has('replay') ? await this.replays(servers) : [],
      wide: parts.has('wide') ? await this.wide(servers) : undefined,
      failures: this.failures,
    };
  }

  private async fanouts(servers: readonly Server[]): Promise<Fanout[]> {
    const { parts, clients, amounts } = this.options;
    const compared = (key: Server['key']): boolean => key === 'agentd' || key === 'ws';
    const sizes = [...new Set([clients, ...(parts.has('sizes') ? crowds : [])])];
    const results: Fanout[] = [];
    for (const size of sizes) {
      const all = size === clients && parts.has('fanout');
      const wanted = servers.filter(({ key }) => all || (parts.has('sizes') && compared(key)));
      if (wanted.length > 0 && !this.enoughFiles(size)) continue;
      const measured = wanted.map((): Round[] => []);
      for (let round = 1; round <= amounts.rounds; round++) {
        for (const [index, server] of wanted.entries()) {
          const what = `${server.name}, ${size} clients, round ${round} of ${amounts.rounds}`;
          await this.attempt(what, async () => {
            measured[index]?.push(await measureFanout(this.swarm, server, size, amounts, round));
          });
        }
      }
      for (const [index, server] of wanted.entries()) {
        const rounds = measured[index] ?? [];
        if (rounds.length > 0) results.push({ server, clients: size, rounds });
      }
    }
    return results;
  }

  private async stuck(servers: readonly Server[]): Promise<Stuck[]> {
    const { clients, amounts } = this.options;
    const results: Stuck[] = [];
    // A blocking WriteMessage would stop at the stuck client, for good: nothing is left to measure.
    for (const server of servers.filter(({ key }) => key === 'agentd' || key === 'ws')) {
      await this.attempt(`${server.name}, with and without a stuck client`, async () => {
        const plan = { clients, messages: amounts.stuckMessages, starts: amounts.starts };
        results.push(...(await measureStuck(this.bench, this.swarm, server, plan)));
      });
    }
    return results;
  }

  private async replays(servers: readonly Server[]): Promise<Replay[]> {
    let results: Replay[] = [];
    if (!servers.some(({ key }) => key === 'agentd')) return results;
    await this.attempt('agentd, replay', async () => {
      results = await measureReplay(this.bench, this.swarm, this.options.amounts.replays);
    });
    return results;
  }

  private async wide(servers: readonly Server[]): Promise<Wide | undefined> {
    let result: Wide | undefined;
    if (!servers.some(({ key }) => key === 'agentd')) return result;
    await this.attempt('agentd, with and without a client that sees ignored files', async () => {
      const { clients, amounts } = this.options;
      result = await measureWide(this.bench, this.swarm, clients, amounts);
    });
    return result;
  }

  private async attempt(what: string, act: () => Promise<void>): Promise<void> {
    this.bench.interrupted.throwIfAborted();
    this.bench.progress(what);
    try {
      await act();
    } catch (error) {
      this.bench.interrupted.throwIfAborted();
      this.failures.push(`${what}: failed, ${(error as Error).message.split('\n')[0]}`);
      this.bench.progress(this.failures.at(-1) ?? '');
    }
  }

  private enoughFiles(clients: number): boolean {
    // Node raises the soft limit to the hard one, and children inherit it.
    const [, soft = '0'] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    if (Number(soft) >= clients + otherFiles) return true;
    this.failures.push(`${clients} clients were skipped: a process may open ${soft} files (ulimit -n)`);
    return false;
  }
}

async function measure(bench: Bench, options: Options): Promise<string> {
  const { servers, skipped } = findServers(bench, options.servers);
  for (const line of skipped) bench.progress(line);
  const swarm = new Swarm(bench);
  await swarm.start();
  const results = await new Runner(bench, options, swarm).run(servers);
  return report({ bench, options, servers, skipped, results });
}

await runBenchmark({ help, readOptions, measure });
