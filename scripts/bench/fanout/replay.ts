// A full journal to clients that come back: how fast they have all of it.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../support/bench.ts';
import { senders } from './fanout.ts';
import { messageBytes, Publishers } from './publishers.ts';
import type { Replay } from './results.ts';
import { agentdServer } from './server-agentd.ts';
import type { Swarm } from './swarm.ts';

/** How many clients replay at once. */
export const replayClients = [1, 100] as const;
const batch = 1024;
const megabyte = 1_000_000;

/** Fills a journal of the usual size, and has it replayed `replays` times to each number of clients. */
export async function measureReplay(bench: Bench, swarm: Swarm, replays: number): Promise<Replay[]> {
  const server = agentdServer(bench);
  const running = await server.start();
  try {
    const publishers = await Publishers.open(server, running, senders);
    // Over its limit, so that the oldest have been dropped and it is as full as it gets.
    const { limitBytes } = (await running.status()).journal;
    for (let sent = 0; sent * messageBytes < limitBytes * 1.1; ) {
      for (let n = 0; n < batch; n += senders) publishers.burst();
      sent += batch;
      while (publishers.answered < sent) {
        bench.interrupted.throwIfAborted();
        await delay(1);
      }
    }
    const { cursor, oldest } = await running.status();
    const sequence = (text: string): number => Number(text.split(':')[1]);
    const messages = sequence(cursor) - sequence(oldest);
    const endpoint = { ...running.clients, path: running.since(oldest) };
    const results: Replay[] = [];
    for (const clients of replayClients) {
      const megabytesPerSecond: number[] = [];
      for (let n = 0; n < replays; n++) {
        const { bytes, seconds } = await swarm.replay(endpoint, clients, messages);
        megabytesPerSecond.push(bytes / megabyte / seconds);
        await swarm.close();
      }
      results.push({ clients, messages, megabytesPerSecond });
    }
    publishers.close();
    return results;
  } finally {
    await swarm.close();
    await running.stop();
  }
}
