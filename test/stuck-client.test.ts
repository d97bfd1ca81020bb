// A client that stops reading: it costs nobody else anything, and it is told what it missed.
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo, Status, Transport } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { connect } from './support/client.ts';
import { type Crowd, startCrowd } from './support/crowd.ts';
import { times } from './support/long.ts';
import { connectRaw, type RawClient } from './support/raw-client.ts';
import { type Pace, readSequence, type SequenceReader } from './support/sequence-reader.ts';
import { until } from './support/wait.ts';

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];

const readers = times(20, 50);
const messages = 2_000;
/** What the kernel takes for a client that reads nothing, several times over. */
const enough = 1_000;
const fill = 'x'.repeat(1024);
/** At most so many messages ahead of the slowest reader: far less than the smallest journal here holds. */
const ahead = 200;

/** Several times what the journal holds, which is 16 MB; published this many ahead of the slowest fast reader: 4 MB. */
const largeBytes = 100_000;
const largeMessages = times(400, 2_000);
const largeAhead = 20;

/** The number of an event. */
function seqOf(cursor: unknown): number {
  return Number(String(cursor).split(':')[1]);
}

function stateOf({ name, sequence }: SequenceReader): string {
  return `${name} ${sequence.position} ${sequence.faults.slice(0, 3).join(', ')}`;
}

/** Publishes messages, no faster than the crowd reads, and waits until it has them. */
async function publishAll(agent: TestAgent, crowd: Crowd, count: number): Promise<void> {
  const publisher = await connect(agent, 'topic=none');
  for (let n = 0; n < count; n++) {
    publisher.send({ type: 'publish', id: n, data: { n, fill } });
    if (n % ahead === 0) await crowd.waitForMessages(n + 1 - ahead);
  }
  await crowd.waitForMessages(count);
  publisher.ws.terminate();
}

async function clientNamed(agent: TestAgent, name: string): Promise<ClientInfo> {
  const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
  const found = clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`no client ${name}`);
  return found;
}

/** Starts an agent with one client that reads nothing, and a crowd that reads everything. */
async function startStuck(flags: string[]): Promise<{ agent: TestAgent; stuck: RawClient; crowd: Crowd }> {
  const agent = await startAgent({ flags });
  const stuck = await connectRaw(agent.socket, 'name=stuck');
  stuck.pause();
  return { agent, stuck, crowd: await startCrowd(agent, 'reader', readers) };
}

function expectAllRead(crowd: Crowd, count: number): void {
  expect(crowd.report).toEqual({ connected: readers, closed: 0, least: count, most: count, faults: [] });
}

async function readOn(agent: TestAgent, stuck: RawClient): Promise<Record<string, unknown>[]> {
  stuck.resume();
  await until('the stuck client to catch up', async () => {
    const { lag } = await clientNamed(agent, 'stuck');
    return lag.events === 0;
  });
  const head = (await agent.request('/v1/status')).json<{ cursor: string }>().cursor;
  await until('the newest message', () => stuck.texts.at(-1)?.['cursor'] === head);
  return stuck.texts.slice(1);
}

describe(`a client that never reads, next to ${readers} that do`, () => {
  it('holds none of them up, is shown with its lag, and gets everything when it reads again', async () => {
    const { agent, stuck, crowd } = await startStuck([]);
    await publishAll(agent, crowd, messages);
    expectAllRead(crowd, messages);

    const { lag, cursor, delivered, gaps } = await clientNamed(agent, 'stuck');
    expect(lag.events).toBe(messages - seqOf(cursor));
    expect(delivered).toBe(seqOf(cursor));
    expect(gaps).toBe(0);
    // Each message is its 1 KiB and what stands around it.
    expect(lag.bytes).toBeGreaterThan(lag.events * 1024);
    expect(lag.bytes).toBeLessThan(lag.events * 1300);
    expect(await clientNamed(agent, 'reader-0')).toMatchObject({ lag: { events: 0, bytes: 0 } });

    const got = await readOn(agent, stuck);
    expect(got.map(({ type, cursor: at }) => `${type} ${seqOf(at)}`)).toEqual(
      Array.from({ length: messages }, (_, index) => `message ${index + 1}`),
    );
    expect(await clientNamed(agent, 'stuck')).toMatchObject({ delivered: messages, gaps: 0 });
  });

  it('is told exactly how much it missed when the journal has moved past it, and gets the rest', async () => {
    const { agent, stuck, crowd } = await startStuck(['--journal-bytes', String(1024 * 1024)]);
    await publishAll(agent, crowd, messages);
    expectAllRead(crowd, messages);

    const got = await readOn(agent, stuck);
    const gapAt = got.findIndex(({ type }) => type === 'gap');
    const gap = got[gapAt];
    expect(gap).toEqual({
      type: 'gap',
      cursor: expect.any(String),
      reason: 'slow',
      missed: expect.any(Number),
    });
    const gapSeq = seqOf(gap?.['cursor']);
    expect(gapSeq).toBe(gapAt + Number(gap?.['missed']));
    // Before the gap everything, after it everything from the oldest that was held: nothing else is lost.
    const numbers = got.filter(({ type }) => type === 'message').map(({ cursor }) => seqOf(cursor));
    expect(numbers).toEqual([
      ...Array.from({ length: gapAt }, (_, index) => index + 1),
      ...Array.from({ length: messages - gapSeq }, (_, index) => gapSeq + index + 1),
    ]);
    expect(got.length).toBe(numbers.length + 1);
    const { oldest } = (await agent.request('/v1/status')).json<{ oldest: string }>();
    expect(seqOf(oldest)).toBe(gapSeq + 1);
    expect(await clientNamed(agent, 'stuck')).toMatchObject({ gaps: 1, delivered: numbers.length });
  });

  it('is counted as lagging, and a broadcast that waits for it is answered 504 with the counts', async () => {
    const { agent, stuck, crowd } = await startStuck([]);
    await publishAll(agent, crowd, enough);
    const send = (n: number, query = '') =>
      agent.request(`/v1/messages${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ data: { n } }),
      });
    const counts = { matched: readers + 1, delivered: readers, lagging: 1 };
    expect((await send(enough)).json()).toEqual({ cursor: expect.any(String), ...counts });
    await crowd.waitForMessages(enough + 1);
    const late = await send(enough + 1, '?wait=50');
    expect(late.status).toBe(504);
    expect(late.json()).toMatchObject({ code: 'wait_timeout', ...counts });

    stuck.resume();
    expect((await send(enough + 2, '?wait=20000')).json()).toMatchObject({
      matched: readers + 1,
      delivered: readers + 1,
      lagging: 0,
    });
    await crowd.waitForMessages(enough + 3);
    expectAllRead(crowd, enough + 3);
  });

  it('is disconnected like any other when somebody asks for it', async () => {
    const { agent, stuck, crowd } = await startStuck([]);
    await publishAll(agent, crowd, enough);
    const { id } = await clientNamed(agent, 'stuck');
    expect((await agent.request(`/v1/clients/${id}`, { method: 'DELETE' })).status).toBe(200);
    await until('it to be gone', async () => {
      return (await agent.request(`/v1/clients/${id}`, { method: 'DELETE' })).status === 404;
    });
    stuck.resume();
    await until('its connection to end', () => stuck.ended);
    expectAllRead(crowd, enough);
  });
});

describe('a fast, a slow and a stuck client of each transport, side by side', () => {
  it('over several times the journal: the fast get each, the others get each or are told how many they missed', async () => {
    const agent = await startAgent();
    const all = (pace: Pace): Promise<SequenceReader[]> =>
      Promise.all(transports.map((transport) => readSequence(agent, transport, pace)));
    const [fast, slow, stuck] = [await all('fast'), await all('slow'), await all('stuck')];
    const publisher = await connect(agent, 'topic=none');
    const data = 'x'.repeat(largeBytes);
    const have = (readers: readonly SequenceReader[], count: number): Promise<unknown> =>
      until(
        () => `${count} events; at ${readers.map(stateOf).join('; ')}`,
        () => readers.every(({ sequence }) => sequence.position >= count || sequence.faults.length > 0),
      );

    for (let n = 1; n <= largeMessages; n++) {
      publisher.send({ type: 'publish', id: n, data });
      // Far less than the journal holds: whoever reads, gets everything.
      if (n % largeAhead === 0) await have(fast, n - largeAhead);
    }
    await have(fast, largeMessages);
    const { memory } = (await agent.request('/v1/status')).json<Status>();
    // Queued for the six that do not keep up it would be 240 MB more, at least.
    expect(memory.rssBytes).toBeLessThan(300e6);
    for (const { name } of stuck) {
      const { lag } = await clientNamed(agent, name);
      expect(lag.events).toBeGreaterThan(largeMessages / 2);
    }

    await have(slow, largeMessages);
    for (const reader of stuck) reader.hurry();
    await have(stuck, largeMessages);
    const readers = [...fast, ...slow, ...stuck];
    expect(readers.flatMap(({ sequence }) => sequence.faults)).toEqual([]);
    expect(readers.map(({ sequence }) => sequence.position)).toEqual(readers.map(() => largeMessages));
    expect(fast.map(({ sequence }) => sequence.gaps)).toEqual([[], [], []]);
    for (const { name, sequence } of stuck) {
      expect(sequence.gaps.length).toBeGreaterThanOrEqual(1);
      expect(await clientNamed(agent, name)).toMatchObject({
        gaps: sequence.gaps.length,
        lag: { events: 0 },
      });
    }
  });
});
