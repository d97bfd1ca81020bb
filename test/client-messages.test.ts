// What a WebSocket client sends, and what it is told in answer.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type ClientInfo, parseCursor, type ServerFrame } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { connectRaw } from './support/raw-client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

type Reply = ServerFrame & { id?: number | string };

/** Waits for what is said in answer to the message with this id. */
function replyTo(client: TestClient, id: number | string): Promise<Reply> {
  return client.waitFor(`the answer to ${id}`, (frame) => (frame as Reply).id === id);
}

function seqOf(cursor: string): number {
  return parseCursor(cursor)?.seq ?? Number.NaN;
}

/** A client's text frame, for sockets without a library: short, and masked with zeros. */
function clientFrame(message: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.length > 125) throw new Error('too long for a short frame');
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

const shared = sharedAgent();

describe('publish', () => {
  it('is acknowledged as POST /v1/messages is answered, under whatever id', async () => {
    const agent = shared();
    const sender = await connect(agent, 'topic=build.>&name=bundler');
    await connect(agent, '', 'loopback');
    await connect(agent, 'topic=other');
    for (const id of [1, 0, -1, 1.5, 2 ** 53, '', 'one', 'ä"\\', 'x'.repeat(256)]) {
      sender.send({ type: 'publish', id, topic: 'build.done', data: { id } });
      expect(await replyTo(sender, id)).toEqual({
        type: 'ack',
        id,
        cursor: expect.stringMatching(/^[a-z0-9]+:\d+$/),
        matched: 2,
        delivered: 2,
        lagging: 0,
      });
    }
  });

  it('says from whom a message is: the name of the client, or its id', async () => {
    const agent = shared();
    const listener = await connect(agent);
    const named = await connect(agent, 'name=my%20bundler');
    const nameless = await connect(agent);
    named.send({ type: 'publish', id: 1, data: null });
    await listener.waitForMessages(1);
    nameless.send({ type: 'publish', id: 1, topic: 'a.b', data: { a: [1] } });
    await listener.waitForMessages(2);
    expect(listener.messages).toEqual([
      expect.objectContaining({ topic: 'message', from: 'my bundler', data: null }),
      expect.objectContaining({ topic: 'a.b', from: nameless.hello.client, data: { a: [1] } }),
    ]);
  });

  it('of a reserved or malformed topic is an error with the id, and publishes nothing', async () => {
    const agent = await startAgent();
    const client = await connect(agent, '', 'loopback');
    // More than twenty: these are understood, if refused, so they never end the connection.
    for (let round = 0; round < 8; round++) {
      for (const [topic, code] of [
        ['file', 'reserved_topic'],
        ['agent.stopped', 'reserved_topic'],
        ['a..b', 'bad_topic'],
      ]) {
        const id = `${topic} ${round}`;
        client.send({ type: 'publish', id, topic, data: 1 });
        expect(await replyTo(client, id)).toEqual({ type: 'error', id, code, detail: expect.any(String) });
      }
    }
    client.send({ type: 'publish', id: 'good', topic: 'agent', data: 1 });
    expect(await replyTo(client, 'good')).toMatchObject({ type: 'ack' });
    await client.waitForMessages(1);
    expect(client.messages.map(({ topic, cursor }) => [topic, seqOf(cursor)])).toEqual([['agent', 1]]);
  });

  it('with a key is published once, and acknowledged alike', async () => {
    const agent = shared();
    const client = await connect(agent);
    client.send({ type: 'publish', id: 1, data: 'first', key: 'k' });
    client.send({ type: 'publish', id: 2, data: 'second', key: 'k' });
    client.send({ type: 'publish', id: 3, data: 'third', key: 'l' });
    const [first, second, third] = [
      await replyTo(client, 1),
      await replyTo(client, 2),
      await replyTo(client, 3),
    ];
    expect({ ...second, id: 1 }).toEqual(first);
    expect(third).not.toMatchObject({ cursor: (first as { cursor: string }).cursor });
    expect(client.messages.map(({ data }) => data)).toEqual(['first', 'third']);
  });

  it('keeps the order in which a client publishes, a thousand times', async () => {
    const agent = await startAgent();
    const client = await connect(agent, 'topic=none');
    const listener = await connect(agent);
    const count = 1000;
    for (let id = 1; id <= count; id++) client.send({ type: 'publish', id, data: id });
    await replyTo(client, count);
    await listener.waitForMessages(count);
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    expect(listener.messages.map(({ data, cursor }) => [data, seqOf(cursor)])).toEqual(
      ids.map((id) => [id, id]),
    );
    const acks = client.frames.flatMap((frame) =>
      frame.type === 'ack' ? [[frame.id, seqOf(frame.cursor ?? '')]] : [],
    );
    expect(acks).toEqual(ids.map((id) => [id, id]));
  });
});

describe('a burst of 5,000 requests', () => {
  const ids = Array.from({ length: 5_000 }, (_, id) => id);
  const requests = {
    sync: (id: number) => ({ type: 'sync', id }),
    publish: (id: number) => ({ type: 'publish', id, data: id }),
    subscribe: (id: number) => ({ type: 'subscribe', id, topic: ['none'] }),
  };

  for (const [type, request] of Object.entries(requests)) {
    for (const how of ['reads on', 'reads once all is sent']) {
      it(`is answered whole and in order: ${type}, by a client that ${how}`, async () => {
        const agent = shared();
        // It gets its own messages, too, between the answers.
        const client = await connectRaw(agent.socket);
        if (how !== 'reads on') client.pause();
        const burst = Buffer.concat(ids.map((id) => clientFrame(request(id))));
        const isSent = new Promise((resolve) => client.socket.write(burst, resolve));
        if (how !== 'reads on') {
          // Beside one whose burst it can't take in for now the agent serves the others.
          expect((await agent.request('/v1/status')).status).toBe(200);
          client.resume();
        }
        await isSent;
        const answers = () => client.texts.flatMap((frame) => ('id' in frame ? [frame['id']] : []));
        await until(
          () => `all answers; got ${answers().length}, closed with ${client.closeCodes}`,
          () => client.ended || answers().length >= ids.length,
        );
        expect(answers()).toEqual(ids);
        expect(client.closeCodes).toEqual([]);
      });
    }
  }
});

describe('sync', () => {
  it('is answered after the events that it waited for', async () => {
    const agent = shared();
    const everything = await connect(agent);
    const some = await connect(agent, 'match=*.ts&topic=file', 'loopback');
    for (let round = 0; round < 20; round++) {
      const names = [`a${round}.ts`, `b${round}.txt`];
      for (const name of names) writeFileSync(join(agent.root, name), name);
      const id = `round ${round}`;
      for (const client of [everything, some]) client.send({ type: 'sync', id });
      for (const client of [everything, some]) {
        const synced = await replyTo(client, id);
        expect(synced).toEqual({ type: 'synced', id, cursor: expect.stringMatching(/^[a-z0-9]+:\d+$/) });
        const before = client.frames.slice(0, client.frames.indexOf(synced));
        const told = before.flatMap((frame) =>
          frame.type === 'file' ? frame.changes.map(({ path }) => path) : [],
        );
        expect(told).toEqual(expect.arrayContaining(client === some ? names.slice(0, 1) : names));
        const last = before.findLast((frame) => frame.type === 'file');
        expect(seqOf((synced as { cursor: string }).cursor)).toBeGreaterThanOrEqual(
          seqOf((last as { cursor: string }).cursor),
        );
      }
    }
  });

  it('is answered each time, however many are under way', async () => {
    const agent = shared();
    const client = await connect(agent);
    writeFileSync(join(agent.root, 'a.ts'), '');
    for (let id = 1; id <= 100; id++) client.send({ type: 'sync', id });
    await until('every answer', () => client.frames.filter(({ type }) => type === 'synced').length === 100);
    const ids = client.frames.flatMap((frame) => (frame.type === 'synced' ? [frame.id as number] : []));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const firstAnswer = client.frames.findIndex(({ type }) => type === 'synced');
    expect(client.frames.findIndex(({ type }) => type === 'file')).toBeLessThan(firstAnswer);
  });
});

describe('subscribe', () => {
  it('replaces the filter, all of it', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const [first = '', second = ''] = roots;
    const agent = await startAgent({ roots });
    const client = await connect(agent, 'topic=a&name=me');
    const filterOf = async (): Promise<unknown> =>
      (await agent.request('/v1/clients')).json<ClientInfo[]>().find(({ name }) => name === 'me')?.filter;
    expect(await filterOf()).toEqual({ topic: ['a'] });

    const filter = { topic: ['file', 'b.>'], root: second, match: ['**/*.ts'], ignore: ['dist/**'] };
    client.send({ type: 'subscribe', id: 'narrow', ...filter });
    expect(await replyTo(client, 'narrow')).toEqual({ type: 'ack', id: 'narrow' });
    expect(await filterOf()).toEqual(filter);
    for (const topic of ['a', 'b', 'b.c']) await agent.broadcast(topic, topic);
    for (const root of roots) for (const name of ['x.ts', 'x.js']) writeFileSync(join(root, name), '');
    await agent.sync();
    await agent.broadcast('end', 'b.end');
    await client.waitForMessages(2);
    expect(client.messages.map(({ topic }) => topic)).toEqual(['b.c', 'b.end']);
    expect(client.changes).toEqual(['add x.ts']);
    expect(client.files.map(({ root }) => root)).toEqual([second]);

    client.send({ type: 'subscribe', id: 'everything' });
    await replyTo(client, 'everything');
    expect(await filterOf()).toEqual({});
    await agent.broadcast('a', 'a');
    writeFileSync(join(first, 'y.js'), '');
    await client.waitForChange('add y.js');
    expect(client.messages.map(({ topic }) => topic)).toEqual(['b.c', 'b.end', 'a']);
  });

  it('to what a client has already changes nothing', async () => {
    const agent = shared();
    const client = await connect(agent, 'topic=a');
    for (let round = 0; round < 3; round++) {
      client.send({ type: 'subscribe', id: round, topic: ['a'] });
      expect(await replyTo(client, round)).toEqual({ type: 'ack', id: round });
      expect(await agent.broadcast(round, 'a')).toMatchObject({ matched: 1, delivered: 1, lagging: 0 });
      expect(await agent.broadcast(round, 'b')).toMatchObject({ matched: 0 });
      await client.waitForMessages(round + 1);
    }
    expect(client.messages.map(({ data }) => data)).toEqual([0, 1, 2]);
  });

  it('that is refused leaves the filter as it was', async () => {
    const agent = shared();
    const client = await connect(agent, 'topic=a');
    client.send({ type: 'subscribe', id: 1, topic: ['b'], root: '/nowhere' });
    expect(await replyTo(client, 1)).toMatchObject({ type: 'error', code: 'unknown_root' });
    client.send({ type: 'subscribe', id: 2, topic: ['b', 'b..'] });
    expect(await replyTo(client, 2)).toMatchObject({ type: 'error', code: 'bad_message' });
    for (const topic of ['b', 'a']) await agent.broadcast(topic, topic);
    await client.waitForMessages(1);
    expect(client.messages.map(({ topic }) => topic)).toEqual(['a']);
  });

  it('takes effect between two events: none is lost, none repeated, none out of place', async () => {
    const agent = shared();
    const topics = fc.constantFrom('a', 'b', 'c');
    const steps = fc.oneof(
      { weight: 3, arbitrary: fc.record({ publish: topics }) },
      { weight: 1, arbitrary: fc.record({ subscribe: fc.uniqueArray(topics, { minLength: 1 }) }) },
    );
    const plane = fc.constantFrom('local' as const, 'loopback' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), plane, async (plan, where) => {
        const client = await connect(agent, 'topic=a', where);
        const expected: unknown[] = [];
        let wanted = ['a'];
        for (const [id, step] of plan.entries()) {
          if ('publish' in step) {
            client.send({ type: 'publish', id, topic: step.publish, data: id });
            if (wanted.includes(step.publish)) expected.push(`message ${id}`);
          } else {
            client.send({ type: 'subscribe', id, topic: step.subscribe });
            wanted = step.subscribe;
            expected.push(`filter ${id}`);
          }
        }
        client.send({ type: 'subscribe', id: 'last' });
        await replyTo(client, 'last');
        const seen = client.frames.flatMap((frame) => {
          if (frame.type === 'message') return [`message ${frame.data}`];
          const isFilter = frame.type === 'ack' && frame.cursor === undefined && frame.id !== 'last';
          return isFilter ? [`filter ${frame.id}`] : [];
        });
        expect(seen).toEqual(expected);
        client.ws.terminate();
      }),
      { numRuns: 60 },
    );
  });

  it('of a client that lags bears on what comes after it, not on what it has still to get', async () => {
    const agent = shared();
    const reader = await connect(agent, 'topic=b.*');
    const stuck = await connectRaw(agent.socket, 'topic=a');
    stuck.pause();
    const fill = 'x'.repeat(100_000);
    const before: number[] = [];
    await until('the client to lag', async () => {
      before.push(before.length);
      await agent.broadcast('not wanted', 'b.early');
      return (await agent.broadcast({ number: before.length - 1, fill }, 'a')).lagging > 0;
    });
    stuck.socket.write(
      Buffer.concat([
        clientFrame({ type: 'subscribe', id: 's', topic: ['b.*'] }),
        clientFrame({ type: 'publish', id: 'p', topic: 'a', data: 'too late' }),
        clientFrame({ type: 'publish', id: 'q', topic: 'b.late', data: 'in time' }),
      ]),
    );
    await reader.waitFor('the last', (frame) => frame.type === 'message' && frame.topic === 'b.late');
    stuck.resume();
    await until('the last', () => stuck.texts.some(({ topic }) => topic === 'b.late'));
    const seen = stuck.texts.flatMap((frame) => {
      if (frame['type'] === 'ack') return frame['id'] === 's' ? ['new filter'] : [];
      if (frame['type'] !== 'message') return [];
      const data = frame['data'] as { number: number } | string;
      return [typeof data === 'string' ? data : data.number];
    });
    expect(seen).toEqual([...before, 'new filter', 'in time']);
  });
});
