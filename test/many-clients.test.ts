// A thousand clients at once, and what becomes of the rest when half of them die.
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo, ServerFrame, Status } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { connect, type TestClient } from './support/client.ts';
import { type Crowd, startCrowd } from './support/crowd.ts';
import { until } from './support/wait.ts';

type AckFrame = Extract<ServerFrame, { type: 'ack' }>;

const crowdClients = 250;
const messages = 100;
/** Sent ahead of the answers, so that messages are always on their way. */
const ahead = 10;

async function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return (await agent.request('/v1/clients')).json<ClientInfo[]>();
}

async function statusOf(agent: TestAgent): Promise<Status> {
  return (await agent.request('/v1/status')).json<Status>();
}

/** Publishes the messages from..to-1, without waiting for the answers to the last of them. */
async function publish(publisher: TestClient, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    publisher.send({ type: 'publish', id: n, data: { n } });
    if (n - ahead >= from) await answerTo(publisher, n - ahead);
  }
}

function answerTo(publisher: TestClient, id: number): Promise<AckFrame> {
  return publisher.waitFor(`the answer to ${id}`, (frame) => frame.type === 'ack' && frame.id === id);
}

/** Two crowds on each plane. */
function startCrowds(agent: TestAgent): Promise<Crowd[]> {
  return Promise.all(
    (['local', 'loopback'] as const).flatMap((plane) =>
      ['a', 'b'].map((name) => startCrowd(agent, `${plane}-${name}`, crowdClients, plane)),
    ),
  );
}

describe('1,000 clients in four processes', () => {
  it('get 100 messages each, each once and in order; the death of half costs the others nothing', async () => {
    const agent = await startAgent();
    // It takes no messages itself, so that the crowds alone are counted.
    const publisher = await connect(agent, 'topic=none&name=publisher');
    const [localA, localB, loopbackA, loopbackB] = (await startCrowds(agent)) as [Crowd, Crowd, Crowd, Crowd];
    expect((await statusOf(agent)).clients).toBe(4 * crowdClients + 1);
    expect((await clientsOf(agent)).length).toBe(4 * crowdClients + 1);

    const whenKilled = 40;
    await publish(publisher, 0, whenKilled);
    const killed = Promise.all([localB.kill(), loopbackB.kill()]);
    await publish(publisher, whenKilled, messages);
    await killed;

    const living = [localA, loopbackA];
    for (const crowd of living) {
      await crowd.waitForMessages(messages);
      expect(crowd.report).toEqual({
        connected: crowdClients,
        closed: 0,
        least: messages,
        most: messages,
        faults: [],
      });
    }
    expect(await answerTo(publisher, 0)).toMatchObject({ matched: 4 * crowdClients });

    const names = [...living.flatMap((crowd) => crowd.names), 'publisher'].sort();
    const registered = await until('the dead to be removed', async () => {
      const clients = await clientsOf(agent);
      return clients.length <= names.length && clients;
    });
    expect(registered.map(({ name }) => name).sort()).toEqual(names);
    expect((await statusOf(agent)).clients).toBe(names.length);
    for (const { name, delivered, gaps, lag } of registered) {
      if (name === 'publisher') continue;
      expect({ name, delivered, gaps, lag }).toEqual({
        name,
        delivered: messages,
        gaps: 0,
        lag: { events: 0, bytes: 0 },
      });
    }

    const answer = await agent.request('/v1/messages?wait=20000', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data: { n: messages } }),
    });
    expect(answer.json()).toMatchObject({ matched: 500, delivered: 500, lagging: 0 });
    for (const crowd of living) await crowd.waitForMessages(messages + 1);
    expect(living.flatMap(({ report }) => report.faults)).toEqual([]);
    // Each death was told once.
    const left = agent.logLines.filter(({ event }) => event === 'client left');
    expect(new Set(left.map(({ client }) => client)).size).toBe(2 * crowdClients);
    expect(left.length).toBe(2 * crowdClients);
  });
});
