// How long it takes to hear what changed since a moment, with the barrier: agentd's `GET /v1/changes`, and Watchman's
// `since` query, on the same tree, each after the same writes.
import { appendFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { ChangesAnswer } from '../../../shared/index.ts';
import { launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import { median } from '../support/numbers.ts';
import type { Peer } from './peer.ts';
import { openWatchman } from './peer-watchman.ts';
import { shuffled, type Tree, type Trees } from './trees.ts';

/** Changes in an answer. */
export const changesPerAnswer = 10;
const warmUps = 10;
const answers = 100;

/** Times of a peer's answers on one tree. */
export interface SinceResult {
  readonly peer: Peer;
  readonly files: number;
  readonly answersMs: readonly number[];
}

/** Asks what changed since the question before; gives the paths. */
interface Asked {
  ask(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Measures the agent, and Watchman if it is among the peers, on each tree. */
export async function measureSince(
  bench: Bench,
  trees: Trees,
  peers: readonly Peer[],
  sizes: readonly number[],
): Promise<SinceResult[]> {
  const results: SinceResult[] = [];
  for (const files of sizes) {
    const tree = await trees.ofSize(files);
    for (const peer of peers) {
      if (peer.latencyOnly || (peer.key !== 'agentd' && peer.key !== 'watchman')) continue;
      bench.progress(`${peer.name}, what changed since, ${files} files`);
      const asked = peer.key === 'agentd' ? await askAgent(bench, tree) : await askWatchman(bench, tree);
      results.push({ peer, files, answersMs: await measureAnswers(bench, asked, tree) });
      await asked.stop();
    }
  }
  return results;
}

async function measureAnswers(bench: Bench, asked: Asked, tree: Tree): Promise<number[]> {
  const order = shuffled(tree.files, 1);
  const times: number[] = [];
  await asked.ask();
  for (let round = 0; round < warmUps + answers; round++) {
    bench.interrupted.throwIfAborted();
    const written = Array.from({ length: changesPerAnswer }, () => order.pop() as string).sort();
    for (const file of written) appendFileSync(join(tree.root, file), '//\n');
    const startedMs = monotonicMs();
    const told = await asked.ask();
    if (round >= warmUps) times.push(monotonicMs() - startedMs);
    // Watchman names the directories, too, if their entries changed.
    const missed = written.filter((file) => !told.includes(file));
    if (missed.length > 0) throw new Error(`not told: ${missed.join(', ')}`);
  }
  bench.progress(`  median ${median(times).toFixed(2)} ms`);
  return times;
}

async function askAgent(bench: Bench, { root }: Tree): Promise<Asked> {
  const { readyMs, socketPath, stop } = launchAgent(bench, root);
  await readyMs;
  // One connection, as Watchman's client has.
  const connections = new Agent({ keepAlive: true, maxSockets: 1 });
  let since = '';
  return {
    ask: async () => {
      const path = `/v1/changes${since === '' ? '' : `?since=${since}`}`;
      const { cursor, complete, changes } = await new Promise<ChangesAnswer>((resolve, reject) => {
        const asking = request({ socketPath, path, agent: connections }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => resolve(JSON.parse(text) as ChangesAnswer));
        });
        asking.on('error', reject);
        asking.end();
      });
      if (!complete) throw new Error('the answer is not complete');
      since = cursor;
      return changes.map((change) => change.path);
    },
    stop: async () => {
      connections.destroy();
      await stop();
    },
  };
}

async function askWatchman(bench: Bench, { root }: Tree): Promise<Asked> {
  const { connection, stop } = await openWatchman(bench, root);
  let since: unknown = (await connection.command('clock', root))['clock'];
  return {
    ask: async () => {
      const fields = ['name', 'exists', 'size', 'mtime_f', 'type'];
      const answer = await connection.command('query', root, { since, fields });
      since = answer['clock'];
      return (answer['files'] as { name: string }[]).map(({ name }) => name);
    },
    stop: async () => {
      connection.close();
      await stop();
    },
  };
}
