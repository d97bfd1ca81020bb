// `GET /v1/events`: the same events over WebSocket, server-sent events and NDJSON, from wherever a client
// wants to start. What of them it asks for is in events-filters.test.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { GapEvent, JournalEvent } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { forAllTests } from './support/cleanup.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { eventsUntilEnd, range, seqOf, transports } from './support/stream-events.ts';

const shared = sharedAgent();
const forgetful = sharedAgent({ flags: ['--journal-bytes', '65536'] });
/** Its first two events are messages, and it holds all. */
const young = forAllTests(async () => {
  const agent = await startAgent();
  const { cursor } = await agent.broadcast(1);
  await agent.broadcast(2);
  return { agent, epoch: cursor.split(':')[0] ?? '' };
});

describe.each(transports)('a stream over %s', (transport) => {
  it('begins with hello, and goes on with every event in order, on both planes', async () => {
    const agent = shared();
    const head = await agent.sync();
    const before = seqOf({ cursor: head });
    const streams = [
      await openStream(agent, transport),
      await openStream(agent, transport, '', { plane: 'loopback' }),
    ];
    for (const number of range(1, 20)) await agent.broadcast({ number, text: 'a\nb\r\nc\u2028 \u0000"{' });
    writeFileSync(join(agent.root, 'a.txt'), '');
    await agent.sync();
    for (const stream of streams) {
      const events = await eventsUntilEnd(agent, stream);
      expect(stream.hello).toEqual({
        type: 'hello',
        protocol: 1,
        version: expect.any(String),
        client: expect.stringMatching(/^c\d+$/),
        cursor: head,
        head,
        oldest: expect.any(String),
        resumed: false,
        roots: [agent.root],
      });
      expect(stream.frames.filter(({ type }) => type === 'hello')).toHaveLength(1);
      expect(events.slice(0, 21).map(seqOf)).toEqual(range(before + 1, before + 21));
      expect(stream.data.slice(0, 20)).toEqual(
        range(1, 20).map((number) => ({ number, text: 'a\nb\r\nc\u2028 \u0000"{' })),
      );
      expect(events[20]).toMatchObject({ type: 'file', topic: 'file', root: agent.root });
    }
  });

  it('resumes after the cursor that it names, each event once', async () => {
    const agent = shared();
    const cursors: string[] = [];
    for (const number of range(1, 6)) cursors.push((await agent.broadcast(number)).cursor);
    const [epoch, first] = (cursors[0] ?? '').split(':');
    const before = Number(first) - 1;
    for (const seq of [0, 1, 3, 6]) {
      const since = `${epoch}:${before + seq}`;
      const stream = await openStream(agent, transport, `since=${since}`);
      const events = await eventsUntilEnd(agent, stream);
      expect(stream.hello).toMatchObject({ cursor: since, resumed: true });
      expect(events.slice(0, 6 - seq).map(({ cursor }) => cursor)).toEqual(cursors.slice(seq));
      expect(stream.data.slice(0, 6 - seq)).toEqual(range(1, 6).slice(seq));
      expect(stream.events.map(seqOf)).toEqual(range(before + seq + 1, before + seq + stream.events.length));
    }
    // From its own hello it loses nothing either.
    const early = await openStream(agent, transport);
    await early.waitFor('hello');
    await agent.broadcast('in between');
    const back = await openStream(agent, transport, `since=${early.hello.cursor}`);
    await eventsUntilEnd(agent, back);
    expect(back.data[0]).toBe('in between');
  });

  it('is told how many events it came too late for, and goes on with the oldest', async () => {
    const agent = forgetful();
    const first = seqOf({ cursor: await agent.sync() }) + 1;
    const total = first + 199;
    for (const number of range(first, total)) await agent.broadcast({ number, fill: 'x'.repeat(900) });
    const { cursor, oldest } = (await agent.request('/v1/status')).json<{ cursor: string; oldest: string }>();
    const oldestSeq = seqOf({ cursor: oldest });
    const [epoch] = cursor.split(':');
    expect(oldestSeq).toBeGreaterThan(first + 100);

    for (const since of [0, 1, first + 77, oldestSeq - 2]) {
      const stream = await openStream(agent, transport, `topic=message&since=${epoch}:${since}`);
      await stream.waitFor(`"number":${total}`);
      const [gap, ...events] = stream.events as [GapEvent, ...JournalEvent[]];
      expect(stream.hello).toMatchObject({ resumed: false, head: cursor, oldest, cursor: gap.cursor });
      expect(gap).toEqual({
        type: 'gap',
        cursor: `${epoch}:${oldestSeq - 1}`,
        reason: 'expired',
        missed: oldestSeq - 1 - since,
      });
      expect(events.map(seqOf)).toEqual(range(oldestSeq, total));
    }
    // The oldest that is still held follows the position before it: nothing is missed.
    const whole = await openStream(agent, transport, `since=${epoch}:${oldestSeq - 1}`);
    await whole.waitFor(`"number":${total}`);
    expect(whole.hello).toMatchObject({ resumed: true });
    expect(whole.events.map(seqOf)).toEqual(range(oldestSeq, total));
    // A filter changes nothing about how many were lost.
    const filtered = await openStream(agent, transport, `topic=none&since=${epoch}:5`);
    const [gap] = await eventsUntilEnd(agent, filtered, 'none');
    expect(gap).toMatchObject({ reason: 'expired', missed: oldestSeq - 1 - 5 });
    const { gaps } = (await agent.request('/v1/clients'))
      .json<{ id: string; gaps: number }[]>()
      .find(({ id }) => id === filtered.hello.client) as { gaps: number };
    expect(gaps).toBe(1);
  });

  it('is told of another epoch, and goes on with the oldest', async () => {
    const { agent, epoch } = young();
    // Another journal's, and one of this that it never gave.
    for (const since of ['other:1', 'other:0', `${epoch}x:1`, `${epoch}:99`]) {
      const stream = await openStream(agent, transport, `since=${since}`);
      const [gap] = await eventsUntilEnd(agent, stream);
      expect(gap).toEqual({ type: 'gap', cursor: `${epoch}:0`, reason: 'epoch' });
      expect(stream.hello).toMatchObject({ resumed: false, cursor: `${epoch}:0` });
      expect(stream.data.slice(0, 2)).toEqual([1, 2]);
    }
  });
});

describe('a stream of server-sent events', () => {
  it('carries the cursor of each event as its id, and takes it back as Last-Event-ID', async () => {
    const agent = shared();
    const stream = await openStream(agent, 'sse');
    expect(stream.headers['content-type']).toMatch(/^text\/event-stream\b/);
    for (const number of range(1, 5)) await agent.broadcast(number);
    await eventsUntilEnd(agent, stream);
    // hello's as well: a client that dies right after it may resume from it.
    expect(stream.ids).toEqual([stream.hello.cursor, ...stream.events.map(({ cursor }) => cursor)]);

    const lastId = stream.ids[3] as string;
    const back = await openStream(agent, 'sse', '', { headers: { 'last-event-id': lastId } });
    await eventsUntilEnd(agent, back);
    expect(back.hello).toMatchObject({ cursor: lastId, resumed: true });
    expect(back.data.slice(0, 2)).toEqual([4, 5]);

    const other = await openStream(agent, 'sse', '', { headers: { 'last-event-id': 'other:3' } });
    await eventsUntilEnd(agent, other);
    expect(other.events[0]).toMatchObject({ type: 'gap', reason: 'epoch' });
    // After a gap, too, its cursor is where to go on.
    expect(other.ids[1]).toBe(other.events[0]?.cursor);
  });

  it('resumes with the id of the last event, not with the address that it was opened with', async () => {
    const agent = shared();
    const cursors: string[] = [];
    for (const number of range(1, 4)) cursors.push((await agent.broadcast(number)).cursor);
    // A browser reconnects to the same address, `since` and all, and adds what it saw last.
    const stream = await openStream(agent, 'sse', `since=${cursors[0]}`, {
      headers: { 'last-event-id': cursors[2] as string },
    });
    await eventsUntilEnd(agent, stream);
    expect(stream.hello.cursor).toBe(cursors[2]);
    expect(stream.data[0]).toBe(4);
  });
});

describe('a stream of lines', () => {
  it('is NDJSON unless something else is asked for', async () => {
    const agent = shared();
    for (const headers of [
      {},
      { accept: '*/*' },
      { accept: 'application/x-ndjson' },
      { accept: 'text/html' },
    ]) {
      const stream = await openStream(agent, 'ndjson', '', { headers });
      await stream.waitFor('hello');
      expect(stream.headers['content-type']).toBe('application/x-ndjson');
      expect(stream.raw).toMatch(/^\{.*\}\n$/);
    }
  });
});
