// Clients that come and go leave nothing behind.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Status, Transport } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { churn } from './support/churn.ts';
import { cleanUpWith } from './support/cleanup.ts';
import { Inspector, inspectable } from './support/inspector.ts';
import { until } from './support/wait.ts';

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];
const rounds = 3;
const connectsPerRound = 500;
/** A client that is kept is several kilobytes; the rest is code that V8 compiles when it turns out to be hot. */
const slackBytesPerConnect = 512;

/** Waits until every client has left, and counts the open handles. */
async function openHandles(agent: TestAgent): Promise<number> {
  await until('all clients to be gone', async () => {
    const { clients } = (await agent.request('/v1/status')).json<Status>();
    return clients === 0;
  });
  return readdirSync(`/proc/${agent.pid}/fd`).length;
}

describe('an agent to which 1,500 clients of each transport came, and left again', () => {
  it('has as many open handles, registered clients and bytes on its heap as before the last of them', async () => {
    const agent = await startAgent({ env: inspectable });
    const inspector = await Inspector.open(() => agent.stderr);
    cleanUpWith(() => inspector.close());
    const handles: number[] = [];
    const heapBytes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const transport of transports) await churn(agent.socket, transport, connectsPerRound);
      const before = handles.at(-1) ?? Number.POSITIVE_INFINITY;
      let open = 0;
      // A socket is closed a moment after its client has left.
      await until(
        () => `${before} open handles; there are ${open}`,
        async () => {
          open = await openHandles(agent);
          return open <= before;
        },
      );
      handles.push(open);
      heapBytes.push(await inspector.usedHeapBytes());
    }
    expect((await agent.request('/v1/clients')).json()).toEqual([]);
    const [, second = 0, third = 0] = heapBytes;
    expect(third - second).toBeLessThan(transports.length * connectsPerRound * slackBytesPerConnect);
  });
});
