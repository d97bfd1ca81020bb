// agentd, on a root that is empty unless it is filled, over loopback TCP like all others.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { version } from '../../../shared/index.ts';
import { launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import type { RunningServer, Server, ServerKey } from './server.ts';

/** A running agentd, which can do more than the others. */
export interface RunningAgent extends RunningServer {
  /** The cursors of the newest and of the oldest event that the journal holds, and its bytes. */
  status(): Promise<{ cursor: string; oldest: string; journal: { bytes: number; limitBytes: number } }>;
  /** Events handed to sockets of clients so far. */
  deliveries(): Promise<number>;
  /** The path of a stream that begins after `cursor`. */
  since(cursor: string): string;
}

interface AgentServer extends Server {
  /** @param fill puts into the root what the agent finds there */
  start(fill?: (root: string) => void): Promise<RunningAgent>;
}

/**
 * agentd as a server of messages.
 * @param key how it is called, if it is not as users start it
 * @param flags that it is started with then
 */
export function agentdServer(
  bench: Bench,
  key: ServerKey = 'agentd',
  flags: readonly string[] = [],
): AgentServer {
  return {
    key,
    name: key,
    version: `${version()} (build ${bench.build.digest})`,
    envelopeBytes:
      '{"type":"message","cursor":"abcdef:1234","time":1795450000000,"topic":"message","from":"c1234","data":""}'
        .length,
    start: async (fill) => {
      const { path: root, remove } = bench.cleanups.directory(bench.diskDirectory);
      fill?.(root);
      const agent = launchAgent(bench, root, flags);
      await agent.readyMs;
      const runtime = dirname(agent.streamUrl('').split(':')[1] ?? '');
      const { url } = JSON.parse(readFileSync(join(runtime, 'default.json'), 'utf8')) as { url: string };
      const token = readFileSync(join(dirname(runtime), 'state', 'token'), 'utf8').trim();
      const port = Number(new URL(url).port);
      const path = (query: string): string => `/v1/events?token=${token}${query}`;
      return {
        pid: agent.pid,
        clients: { port, path: path(''), greetings: 1 },
        publishers: { port, path: path('&topic=none'), greetings: 1 },
        publication: (id, data) => JSON.stringify({ type: 'publish', id, data }),
        status: async () => {
          const answer = await fetch(new URL(`/v1/status?token=${token}`, url));
          return (await answer.json()) as Awaited<ReturnType<RunningAgent['status']>>;
        },
        deliveries: async () => {
          const text = await (await fetch(new URL(`/metrics?token=${token}`, url))).text();
          return Number(/^devagent_deliveries_total (\d+)$/m.exec(text)?.[1]);
        },
        since: (cursor) => path(`&since=${encodeURIComponent(cursor)}`),
        stop: async () => {
          await agent.stop();
          await remove();
        },
      };
    },
  };
}
