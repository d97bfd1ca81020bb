// Messages over HTTP, and the clients that they go to, as docs/protocol.md describes their endpoints.
import { describe, expect, it } from '@jest/globals';
import type { BroadcastAnswer, ClientInfo } from '../shared/index.ts';
import type { TestAgent } from './support/agent.ts';
import { connect } from './support/client.ts';
import { cursorLike, post, postText, seqOf } from './support/http-requests.ts';
import { connectRaw } from './support/raw-client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { transports } from './support/stream-events.ts';
import { until } from './support/wait.ts';

async function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return (await agent.request('/v1/clients')).json<ClientInfo[]>();
}

const shared = sharedAgent();

describe('POST /v1/messages', () => {
  it('publishes text as it is, on the topic of the query', async () => {
    const agent = shared();
    const client = await connect(agent);
    const answers = [
      await agent.request('/v1/messages', postText('hello')),
      await agent.request('/v1/messages?topic=build.done', postText('{"not":"parsed"}')),
      await agent.request(
        '/v1/messages',
        postText('\ufeffzwölf Boxkämpfer 🥊\r\n', 'Text/Plain; charset=utf-8'),
      ),
      await agent.request('/v1/messages', postText('')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await client.waitForMessages(4);
    const sent = [
      ['message', 'hello'],
      ['build.done', '{"not":"parsed"}'],
      ['message', '\ufeffzwölf Boxkämpfer 🥊\r\n'],
      ['message', ''],
    ];
    expect(client.messages).toEqual(
      sent.map(([topic, data], index) => ({
        type: 'message',
        cursor: answers[index]?.json<BroadcastAnswer>().cursor,
        time: expect.any(Number),
        topic,
        from: 'http',
        data,
      })),
    );
  });

  it('publishes any JSON value', async () => {
    const agent = shared();
    const client = await connect(agent);
    const values = [null, false, 0, -1.5, '', 'text', [], [1, [2]], {}, { a: { b: null }, topic: 'x' }];
    for (const data of values) {
      expect((await agent.request('/v1/messages', post({ topic: 'json', data }))).status).toBe(200);
    }
    await client.waitForMessages(values.length);
    expect(client.messages.map(({ topic, data }) => [topic, data])).toEqual(
      values.map((data) => ['json', data]),
    );
    // A byte order mark before JSON is no part of it.
    const marked = { ...post({}), body: '\ufeff{"topic":"json","data":"marked"}' };
    expect((await agent.request('/v1/messages', marked)).status).toBe(200);
    await client.waitForMessages(values.length + 1);
    expect(client.messages.at(-1)).toMatchObject({ topic: 'json', data: 'marked' });
    // Where both say something, the body is closer to the sender.
    await agent.request('/v1/messages?topic=query', post({ data: 1 }));
    await agent.request('/v1/messages?topic=query', post({ data: 2, topic: 'body' }));
    await client.waitForMessages(values.length + 3);
    expect(client.messages.slice(-2).map(({ topic }) => topic)).toEqual(['query', 'body']);
  });

  it('answers with the cursor and with how many clients it concerns', async () => {
    const agent = shared();
    const nobody = await agent.broadcast('x');
    expect(nobody).toEqual({ cursor: cursorLike, matched: 0, delivered: 0, lagging: 0 });
    await connect(agent);
    await connect(agent, 'topic=build.*', 'loopback');
    await connect(agent, 'topic=test.>');
    await openStream(agent, 'sse', 'topic=build.done');
    await openStream(agent, 'ndjson', 'topic=file');
    const some = await agent.broadcast('x', 'build.done');
    expect(some).toEqual({ cursor: cursorLike, matched: 3, delivered: 3, lagging: 0 });
    expect(await agent.broadcast('x', 'other')).toMatchObject({ matched: 1, delivered: 1 });
    expect(seqOf(some.cursor)).toBe(seqOf(nobody.cursor) + 1);
  });

  it('publishes the same key once, and answers alike', async () => {
    const agent = shared();
    const client = await connect(agent);
    const first = await agent.request('/v1/messages', post({ data: 1, key: 'deploy-7' }));
    await connect(agent);
    const again = await agent.request('/v1/messages', post({ data: 2, key: 'deploy-7' }));
    const asText = await agent.request('/v1/messages?key=deploy-7', postText('three'));
    const other = await agent.request('/v1/messages?key=deploy-8', postText('four'));
    expect(again.json()).toEqual(first.json());
    expect(asText.json()).toEqual(first.json());
    expect(other.json()).not.toEqual(first.json());
    // The same on every way in.
    client.send({ type: 'publish', id: 1, data: 5, key: 'deploy-7' });
    const ack = await client.waitFor('the ack', ({ type }) => type === 'ack');
    expect(ack).toEqual({ type: 'ack', id: 1, ...first.json<BroadcastAnswer>() });
    await client.waitFor('the other', (frame) => frame.type === 'message' && frame.data === 'four');
    expect(client.messages.map(({ data }) => data)).toEqual([1, 'four']);
  });

  it('with ?wait= answers when nobody lags, or at that time with 504 and the counts', async () => {
    const agent = shared();
    const reader = await connect(agent);
    const idle = await agent.request('/v1/messages?wait=30000', post({ data: 'all are here' }));
    expect(idle.status).toBe(200);
    expect(idle.json()).toMatchObject({ matched: 1, delivered: 1, lagging: 0 });

    const stuck = await connectRaw(agent.socket);
    stuck.pause();
    const fill = 'x'.repeat(100_000);
    await until(
      'the client that reads nothing to lag',
      async () => (await agent.broadcast(fill)).lagging === 1,
    );
    const late = await agent.request('/v1/messages?wait=50', post({ data: 'one is not' }));
    expect(late.status).toBe(504);
    expect(late.headers['content-type']).toBe('application/problem+json');
    expect(late.json()).toMatchObject({
      status: 504,
      code: expect.stringMatching(/^[a-z_]+$/),
      cursor: cursorLike,
      matched: 2,
      delivered: 1,
      lagging: 1,
    });
    // It was published all the same: only its sender did not want to wait.
    await reader.waitFor('the message', (frame) => frame.type === 'message' && frame.data === 'one is not');

    const waiting = agent.request('/v1/messages?wait=30000', post({ data: 'back again' }));
    await reader.waitFor('the message', (frame) => frame.type === 'message' && frame.data === 'back again');
    stuck.resume();
    expect((await waiting).status).toBe(200);
    expect((await waiting).json()).toMatchObject({ matched: 2, delivered: 2, lagging: 0 });
  });

  it('no longer waits for a client that is gone', async () => {
    const agent = shared();
    const stuck = await connectRaw(agent.socket);
    stuck.pause();
    const fill = 'x'.repeat(100_000);
    await until('the client to lag', async () => (await agent.broadcast(fill)).lagging === 1);
    const waiting = agent.request('/v1/messages?wait=30000', post({ data: 'x' }));
    await agent.request('/v1/status');
    stuck.socket.destroy();
    expect((await waiting).status).toBe(200);
    expect((await waiting).json()).toMatchObject({ lagging: 0 });
  });
});

describe('GET and DELETE /v1/clients', () => {
  it('lists who is connected, with what each wants and has got', async () => {
    const agent = shared();
    expect(await clientsOf(agent)).toEqual([]);
    const first = await connect(agent, 'name=editor&topic=a.*&topic=b&match=**/*.ts&ignore=dist/**');
    await openStream(agent, 'sse', `name=my%20page&root=${agent.root}`, { plane: 'loopback' });
    await openStream(agent, 'ndjson');
    await agent.broadcast('x', 'a.b');
    await agent.broadcast('x', 'c');
    const clients = await clientsOf(agent);
    const common = {
      id: expect.stringMatching(/^c\d+$/),
      connectedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
      address: expect.any(String),
      cursor: cursorLike,
      lag: { events: 0, bytes: 0 },
      gaps: 0,
    };
    expect(clients).toEqual([
      {
        ...common,
        name: 'editor',
        transport: 'ws',
        filter: { topic: ['a.*', 'b'], match: ['**/*.ts'], ignore: ['dist/**'] },
        delivered: 1,
      },
      {
        ...common,
        name: 'my page',
        transport: 'sse',
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        filter: { root: agent.root },
        delivered: 2,
      },
      { ...common, name: '', transport: 'ndjson', filter: {}, delivered: 2 },
    ]);
    expect(clients[0]?.id).toBe(first.hello.client);
    expect(new Set(clients.map(({ id }) => id)).size).toBe(3);
  });

  it.each(transports)('disconnects one over %s, and leaves the others', async (transport) => {
    const agent = shared();
    const stream = await openStream(agent, transport, 'name=victim');
    const other = await connect(agent, 'name=other');
    await stream.waitFor('hello');
    const { client } = stream.hello;
    const answer = await agent.request(`/v1/clients/${client}`, { method: 'DELETE' });
    expect(answer.status).toBe(200);
    await until('the stream to end', () => stream.ended);
    if (transport === 'ws') expect(stream.closeCode).toBe(1008);
    await until('it to leave', async () => (await clientsOf(agent)).length === 1);
    expect((await clientsOf(agent)).map(({ name }) => name)).toEqual(['other']);
    const gone = await agent.request(`/v1/clients/${client}`, { method: 'DELETE' });
    expect([gone.status, gone.json()['code']]).toEqual([404, 'unknown_client']);
    await agent.broadcast('still here');
    await other.waitForMessages(1);
  });
});
