// `GET /v1/events`: the same events over WebSocket, server-sent events and NDJSON, from wherever a client
// wants to start, and as few of them as it asks for.
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  type FileEvent,
  type GapEvent,
  type JournalEvent,
  parseCursor,
  type Transport,
} from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream, type TestStream } from './support/stream.ts';

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];

function seqOf({ cursor }: { cursor: string }): number {
  return parseCursor(cursor)?.seq ?? Number.NaN;
}

let ends = 0;

/** Publishes a last message, waits until it has come, and returns every event before it. */
async function eventsUntilEnd(
  agent: TestAgent,
  stream: TestStream,
  topic = 'message',
): Promise<JournalEvent[]> {
  const end = `end ${++ends}`;
  await agent.broadcast(end, topic);
  await stream.waitFor(`"${end}"`);
  return stream.events.filter((event) => event.type !== 'message' || event.data !== end);
}

/** Waits for the barrier, then for the end; `EVENT PATH` of every change before it. */
async function changesUntilEnd(agent: TestAgent, stream: TestStream): Promise<string[]> {
  await agent.sync();
  const events = await eventsUntilEnd(agent, stream);
  return events
    .filter((event): event is FileEvent => event.type === 'file')
    .flatMap(({ changes }) => changes.map(({ event, path }) => `${event} ${path}`));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const shared = sharedAgent();
const withTwoRoots = sharedAgent(() => ({ roots: [temporaryDirectory(), temporaryDirectory()] }));

describe.each(transports)('a stream over %s', (transport) => {
  it('begins with hello, and goes on with every event in order, on both planes', async () => {
    const agent = await startAgent();
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
        cursor: stream.hello.head,
        head: expect.stringMatching(/^[a-z0-9]+:0$/),
        oldest: expect.any(String),
        resumed: false,
        roots: [agent.root],
      });
      expect(stream.frames.filter(({ type }) => type === 'hello')).toHaveLength(1);
      expect(events.slice(0, 21).map(seqOf)).toEqual(range(1, 21));
      expect(stream.data.slice(0, 20)).toEqual(
        range(1, 20).map((number) => ({ number, text: 'a\nb\r\nc\u2028 \u0000"{' })),
      );
      expect(events[20]).toMatchObject({ type: 'file', topic: 'file', root: agent.root });
    }
  });

  it('resumes after the cursor that it names, each event once', async () => {
    const agent = await startAgent();
    const cursors: string[] = [];
    for (const number of range(1, 6)) cursors.push((await agent.broadcast(number)).cursor);
    const [epoch] = (cursors[0] ?? '').split(':');
    for (const seq of [0, 1, 3, 6]) {
      const since = `${epoch}:${seq}`;
      const stream = await openStream(agent, transport, `since=${since}`);
      const events = await eventsUntilEnd(agent, stream);
      expect(stream.hello).toMatchObject({ cursor: since, resumed: true });
      expect(events.slice(0, 6 - seq).map(({ cursor }) => cursor)).toEqual(cursors.slice(seq));
      expect(stream.data.slice(0, 6 - seq)).toEqual(range(1, 6).slice(seq));
      expect(stream.events.map(seqOf)).toEqual(range(seq + 1, seq + stream.events.length));
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
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    const total = 200;
    for (const number of range(1, total)) await agent.broadcast({ number, fill: 'x'.repeat(900) });
    const { cursor, oldest } = (await agent.request('/v1/status')).json<{ cursor: string; oldest: string }>();
    const oldestSeq = seqOf({ cursor: oldest });
    const [epoch] = cursor.split(':');
    expect(oldestSeq).toBeGreaterThan(100);

    for (const since of [0, 1, 77, oldestSeq - 2]) {
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
    const agent = await startAgent();
    const { cursor } = await agent.broadcast(1);
    await agent.broadcast(2);
    const [epoch = ''] = cursor.split(':');
    // Another journal's, and one of this that it never gave.
    for (const since of ['other:1', 'other:0', `${epoch}x:1`, `${epoch}:99`]) {
      const stream = await openStream(agent, transport, `since=${since}`);
      const [gap] = await eventsUntilEnd(agent, stream);
      expect(gap).toEqual({ type: 'gap', cursor: `${epoch}:0`, reason: 'epoch' });
      expect(stream.hello).toMatchObject({ resumed: false, cursor: `${epoch}:0` });
      expect(stream.data.slice(0, 2)).toEqual([1, 2]);
    }
  });

  it('for shells carries bare text and changes, neither hello nor gap', async () => {
    const agent = await startAgent();
    const first = await agent.broadcast('first');
    const stream = await openStream(agent, transport, 'format=text&since=other:1');
    for (const data of ['zwölf "Boxkämpfer"', { a: [1, null] }, [], 5, true, null])
      await agent.broadcast(data);
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src', 'a b.ts'), '');
    await agent.sync();
    unlinkSync(join(agent.root, 'src', 'a b.ts'));
    await agent.sync();
    await agent.broadcast('two\nlines');
    await agent.broadcast('end');
    await stream.waitFor('end');
    const lines = stream.items.join('\n').split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'first',
      'zwölf "Boxkämpfer"',
      '{"a":[1,null]}',
      '[]',
      '5',
      'true',
      'null',
    ]);
    // The directory and its file are told in one batch or in two, in this order.
    expect(lines.slice(7)).toEqual([
      'addDir src',
      'add src/a b.ts',
      'unlink src/a b.ts',
      'two',
      'lines',
      'end',
    ]);
    if (transport === 'ndjson') expect(stream.headers['content-type']).toMatch(/^text\/plain\b/);
    if (transport === 'sse') expect(stream.ids[0]).toBe(first.cursor);
    const json = await openStream(agent, transport, 'format=json');
    await json.waitFor('hello');
  });

  it('carries the topics that it asks for', async () => {
    const agent = shared();
    const topics = [
      'a',
      'b',
      'a.b',
      'a.c',
      'a.b.c',
      'x.b',
      'x.b.c',
      'message',
      'a-b',
      'A',
      'a.b.c.d.e.f.g.h',
    ];
    const wishes: [query: string, expected: string[]][] = [
      ['', topics],
      ['topic=>', topics],
      ['topic=a', ['a']],
      ['topic=*', ['a', 'b', 'message', 'a-b', 'A']],
      ['topic=a.*', ['a.b', 'a.c']],
      ['topic=*.b', ['a.b', 'x.b']],
      ['topic=a.>', ['a.b', 'a.c', 'a.b.c', 'a.b.c.d.e.f.g.h']],
      ['topic=*.*.c', ['a.b.c', 'x.b.c']],
      ['topic=*.b.>', ['a.b.c', 'x.b.c', 'a.b.c.d.e.f.g.h']],
      ['topic=a&topic=x.>', ['a', 'x.b', 'x.b.c']],
      ['topic=a.*&topic=a.b', ['a.b', 'a.c']],
      ['topic=nobody', []],
      ['topic=file', []],
    ];
    const streams: TestStream[] = [];
    for (const [query] of wishes) {
      const wanted = query === '' ? '' : `${query.replaceAll('>', '%3E')}&topic=end`;
      streams.push(await openStream(agent, transport, wanted));
    }
    for (const topic of topics) await agent.broadcast(topic, topic);
    writeFileSync(join(agent.root, 'a.txt'), '');
    await agent.sync();
    await agent.broadcast('end', 'end');
    const found: Record<string, unknown[]> = {};
    for (const [index, stream] of streams.entries()) {
      await stream.waitFor('"end"');
      const { data } = stream;
      expect(data.pop()).toBe('end');
      const [query = ''] = wishes[index] ?? [];
      found[query] = data;
      const wantsFiles = ['', 'topic=>', 'topic=*', 'topic=file'].includes(query);
      expect([query, stream.events.some(({ type }) => type === 'file')]).toEqual([query, wantsFiles]);
    }
    expect(found).toEqual(Object.fromEntries(wishes));
  });

  it('carries the files that it asks for, and all messages', async () => {
    const agent = withTwoRoots();
    const [first = '', second = ''] = agent.roots;
    const all = [
      'addDir src',
      'add src/a.ts',
      'add src/b.js',
      'add top.ts',
      'add .env',
      'addDir dist',
      'add dist/a.ts',
    ];
    const wishes: [query: string, expected: string[]][] = [
      [`root=${first}`, all],
      [`root=${second}`, ['add other.ts']],
      ['match=**/*.ts', ['add src/a.ts', 'add top.ts', 'add dist/a.ts', 'add other.ts']],
      ['match=*.ts', ['add top.ts', 'add other.ts']],
      ['match=src/**', ['addDir src', 'add src/a.ts', 'add src/b.js']],
      ['match=*.js&match=src/*.{js,ts}', ['add src/a.ts', 'add src/b.js']],
      ['match=.*', ['add .env']],
      ['ignore=dist&ignore=dist/**&ignore=src/**', ['add top.ts', 'add .env', 'add other.ts']],
      ['match=**/*.ts&ignore=dist/**', ['add src/a.ts', 'add top.ts', 'add other.ts']],
      [`root=${first}&match=**/a.*&ignore=dist/**`, ['add src/a.ts']],
      ['match=**/*.md', []],
    ];
    const streams: TestStream[] = [];
    for (const [query] of wishes) streams.push(await openStream(agent, transport, query));
    mkdirSync(join(first, 'src'));
    writeFileSync(join(first, 'src', 'a.ts'), '');
    writeFileSync(join(first, 'src', 'b.js'), '');
    writeFileSync(join(first, 'top.ts'), '');
    writeFileSync(join(first, '.env'), '');
    mkdirSync(join(first, 'dist'));
    writeFileSync(join(first, 'dist', 'a.ts'), '');
    writeFileSync(join(second, 'other.ts'), '');
    const found: Record<string, string[]> = {};
    for (const [index, stream] of streams.entries()) {
      const changes = await changesUntilEnd(agent, stream);
      found[wishes[index]?.[0] ?? ''] = changes.sort();
      for (const event of stream.events) if (event.type === 'file') expect(event.changes).not.toEqual([]);
    }
    expect(found).toEqual(
      Object.fromEntries(wishes.map(([query, expected]) => [query, [...expected].sort()])),
    );
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
