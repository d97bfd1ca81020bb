// What a client that loses its connection can rely on: every event once, in order, as if it had never been
// gone; and where that is impossible, the exact number of what it missed.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type JournalEvent, parseCursor, type Transport } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { startCuttingProxy } from './support/cutting-proxy.ts';
import { times } from './support/long.ts';
import { globs, type PlainFilter, queryOf, seenThrough, takesTopic } from './support/oracle.ts';
import { randomFrom } from './support/random-operations.ts';
import { connectRaw } from './support/raw-client.ts';
import { type ResumingClient, resume } from './support/resuming-client.ts';
import { testSeed } from './support/seed.ts';
import { Sequence } from './support/sequence.ts';
import { openStream, type TestStream } from './support/stream.ts';
import { until } from './support/wait.ts';
import { behindItsBack } from './support/watched.ts';

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];

/** Of each transport's lines; in a long run a thousand and more in all. */
const cutsPerTransport = times(80, 340);
const cutsBeforeGaps = 15;
/** Messages published ahead of the answers to them. */
const ahead = 12;
/** So few of them at the end, within one very large event: no line that is still to be cut gets past it. */
const lastCuts = 30;
/** Enough for a batch that is told in two pieces. */
const crowdedBatch = 1_100;

const none: PlainFilter = { topics: [], match: [], ignore: [] };
const sourcesOnly: PlainFilter = {
  topics: ['file', 'b.>'],
  match: globs.filter(({ glob }) => glob === 'src/**'),
  ignore: globs.filter(({ glob }) => glob === '**/a.*'),
};

function seqOf(cursor: string): number {
  return parseCursor(cursor)?.seq ?? Number.NaN;
}

/** Each event in one line, so that a failure shows where two streams part. */
function lines(events: readonly JournalEvent[]): string[] {
  return events.map((event) => JSON.stringify(event));
}

function firstDifference(found: readonly string[], expected: readonly string[]): string | undefined {
  if (found.length === expected.length && found.every((line, index) => line === expected[index])) {
    return undefined;
  }
  const at = expected.findIndex((line, index) => line !== found[index]);
  const where = at === -1 ? expected.length : at;
  const brief = (line: string | undefined): string => line?.slice(0, 300) ?? 'nothing';
  return `event ${where} of ${expected.length}: ${brief(found[where])}; expected ${brief(expected[where])}`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Publishes messages of all sizes, and writes files, as long as `more` says so. */
async function keepBusy(agent: TestAgent, random: () => number, more: () => boolean): Promise<void> {
  const topics = ['a', 'b.c', 'b.c.d', 'message'];
  const names = ['a.ts', 'b.ts', 'src/a.ts', 'src/b.ts', 'src/c.js'];
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const publisher = await connect(agent, 'topic=none');
  for (let id = 0; more(); id++) {
    if (random() < 0.3) writeFileSync(join(agent.root, pick(names)), String(id));
    const text = pick(['x', 'ü', '🙂', '\n', '"']).repeat(Math.floor(random() ** 5 * 3000));
    publisher.send({ type: 'publish', id, topic: pick(topics), data: { id, text } });
    // A few are always on their way, but the journal has to hold all of them in the end.
    await until('an answer', () => publisher.frames.length > id + 1 - ahead);
  }
  publisher.ws.terminate();
}

/** Makes so many files at once that they are told in several pieces. */
async function crowd(agent: TestAgent): Promise<void> {
  const directory = join(agent.root, 'src', 'crowd');
  await behindItsBack(agent, () => {
    mkdirSync(directory);
    for (let n = 0; n < crowdedBatch; n++) {
      writeFileSync(join(directory, `${n % 3 === 0 ? 'a' : 'b'}.${n}`), '');
    }
  });
}

/** Waits until each has got the event at `cursor`. */
async function haveReached(clients: readonly ResumingClient[], cursor: string, seed: number): Promise<void> {
  const state = ({ cursor: at, faults }: ResumingClient): string => `${at} ${faults.join(', ')}`;
  await until(
    () => `all to get ${cursor}, seed ${seed}; at ${clients.map(state).join('; ')}`,
    () => clients.every((client) => client.cursor === cursor || client.faults.length > 0),
  );
}

describe.each(transports)('a client over %s whose line is cut again and again', (transport) => {
  it('gets what one that was never cut gets: everything, or what its filter takes, once and in order', async () => {
    const seed = testSeed();
    const random = randomFrom(seed);
    // A file that is written anew again and again: ext4 has each of them on the disk before it goes on.
    const agent = await startAgent({ roots: [temporaryDirectory(roomForMany)] });
    const live = await connect(agent);
    const proxy = await startCuttingProxy({ host: '127.0.0.1', port: agent.port }, seed);
    const start = live.hello.cursor;
    const common = { port: proxy.port, token: agent.token, transport, since: start };
    const whole = Array.from({ length: 3 }, () => resume(common));
    const filtered = resume({ ...common, query: queryOf(sourcesOnly) });

    mkdirSync(join(agent.root, 'src'));
    await keepBusy(agent, random, () => proxy.cuts < cutsPerTransport - lastCuts);
    await crowd(agent);
    await keepBusy(agent, random, () => proxy.cuts < cutsPerTransport);
    rmSync(join(agent.root, 'src', 'crowd'), { recursive: true });
    await agent.sync();
    proxy.mend();
    const { cursor } = await agent.broadcast('end', 'b.end');
    await haveReached([...whole, filtered], cursor, seed);
    await until('the live client to get the end', () => live.events.at(-1)?.cursor === cursor);

    const failed = (what: string | undefined): unknown => (what === undefined ? undefined : { seed, what });
    expect({ seed, faults: [...whole, filtered].flatMap((client) => client.faults) }).toEqual({
      seed,
      faults: [],
    });
    const told = lines(live.events);
    expect({ seed, cursors: live.events.map((event) => seqOf(event.cursor)) }).toEqual({
      seed,
      cursors: range(1, seqOf(cursor)),
    });
    for (const { events, greetings } of whole) {
      expect(failed(firstDifference(lines(events), told))).toBeUndefined();
      expect(greetings).toBeGreaterThan(1);
    }
    const seen = lines(seenThrough(sourcesOnly, live.events));
    expect(failed(firstDifference(lines(filtered.events), seen))).toBeUndefined();
    // The test would prove little if there had been nothing to hold back, or no batch in pieces.
    expect(seen.length).toBeLessThan(told.length);
    expect(seen.some((line) => line.includes('"more":true'))).toBe(true);

    // And one that comes only now is told the same.
    const late = resume({ ...common, port: agent.port });
    await haveReached([late], cursor, seed);
    expect(failed(firstDifference(lines(late.events), told))).toBeUndefined();
  });
});

describe.each(transports)('a client over %s that comes too late, or reads too slowly', (transport) => {
  it('is told of each event, or counts it among the missed: the sum is exact', async () => {
    const seed = testSeed();
    const random = randomFrom(seed);
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    // Through the local socket: the kernel holds little there, so that a reader that stands still is soon
    // behind the journal.
    const proxy = await startCuttingProxy({ path: agent.socket }, seed);
    const { hello } = await connect(agent, 'topic=none');
    const client = resume({ port: proxy.port, token: agent.token, transport, since: hello.cursor });
    const gaps = (reason: string): number =>
      client.events.filter((event) => event.type === 'gap' && event.reason === reason).length;

    const burst = async (): Promise<void> => {
      const size = 2_000 + Math.floor(random() * 10_000);
      for (let n = 0; n < 40; n++) await agent.broadcast('x'.repeat(size));
    };
    while (proxy.cuts < cutsBeforeGaps) await burst();
    proxy.mend();
    for (let times = 0; times < 3; times++) {
      client.leave();
      await burst();
      client.comeBack();
      await haveReached([client], (await agent.broadcast('back')).cursor, seed);
    }
    proxy.hold(true);
    while (!(await isPastJournal(agent))) await burst();
    proxy.hold(false);
    const { cursor } = await agent.broadcast('end');
    await haveReached([client], cursor, seed);

    expect({ seed, faults: client.faults }).toEqual({ seed, faults: [] });
    // Cuts and bursts of their own may have brought about more.
    expect(gaps('expired')).toBeGreaterThanOrEqual(3);
    expect(gaps('slow')).toBeGreaterThanOrEqual(1);
    const sequence = new Sequence(seqOf(hello.cursor));
    for (const event of client.events) sequence.take(event);
    expect({ seed, faults: sequence.faults }).toEqual({ seed, faults: [] });
    expect(sequence.position).toBe(seqOf(cursor));
  });
});

describe('when more is told at once than the journal holds', () => {
  it('everybody gets it piece by piece, and is told of what is gone if that is too fast', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    const streams = [
      ...(await Promise.all(transports.map((transport) => openStream(agent, transport)))),
      await openStream(agent, 'ws', 'match=**/*'),
    ];
    const directory = temporaryDirectory();
    for (let n = 0; n < 3_000; n++) writeFileSync(join(directory, `file-${n}`), '');
    renameSync(directory, join(agent.root, 'directory'));
    await agent.sync();
    const { cursor } = await agent.broadcast('end');
    for (const stream of streams) {
      await haveEnd(stream, cursor);
      const sequence = new Sequence(seqOf(stream.hello.cursor));
      for (const event of stream.events) sequence.take(event);
      expect(sequence).toMatchObject({ faults: [], position: seqOf(cursor) });
    }
  });
});

/** Whether somebody's place is older than everything that the journal holds. */
async function isPastJournal(agent: TestAgent): Promise<boolean> {
  const { oldest } = (await agent.request('/v1/status')).json<{ oldest: string }>();
  const clients = (await agent.request('/v1/clients')).json<{ cursor: string }[]>();
  return clients.some(({ cursor }) => seqOf(cursor) < seqOf(oldest) - 1);
}

async function haveEnd(stream: TestStream, cursor: string): Promise<void> {
  await until(
    () => `${cursor}; got ${stream.items.slice(-5).join('\n')}`,
    () => stream.events.at(-1)?.cursor === cursor,
  );
}

const anyTopic = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((tokens) => tokens.join('.'));
const anyPattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '*', 'file'), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, rest]) => [...tokens, ...(rest ? ['>'] : [])].join('.'));
const anyGlobs = fc.uniqueArray(fc.constantFrom(...globs), { maxLength: 2 });
const anyFilter: fc.Arbitrary<PlainFilter> = fc.record({
  topics: fc.array(fc.oneof(anyPattern, fc.constantFrom('>', 'file')), { maxLength: 3 }),
  match: anyGlobs,
  ignore: anyGlobs,
});
const anyPath = fc.constantFrom('a.ts', 'b.js', 'src/a.ts', 'src/b.ts', 'src/deep/a.js', 'src/deep/c.ts');

describe('a client with a filter', () => {
  it('gets exactly what its filter takes, live and from any cursor, over each transport', async () => {
    const agent = await startAgent();
    mkdirSync(join(agent.root, 'src', 'deep'), { recursive: true });
    await agent.sync();
    const reference = await connect(agent);
    const steps = fc.array(
      fc.oneof(fc.record({ topic: anyTopic, data: fc.jsonValue() }), fc.record({ path: anyPath })),
      { minLength: 1, maxLength: 12 },
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        anyFilter,
        steps,
        fc.constantFrom(...transports),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (filter, todo, transport, part) => {
          runs += 1;
          // A topic of this run alone, which every stream of it asks for as well, marks the end.
          const end = `end.${runs}`;
          const wanted = { ...filter, topics: filter.topics.length === 0 ? [] : [...filter.topics, end] };
          const from = reference.events.at(-1)?.cursor ?? reference.hello.cursor;
          const live = await openStream(agent, transport, queryOf(wanted));
          for (const step of todo) {
            if ('topic' in step) await agent.broadcast(step.data, step.topic);
            else {
              writeFileSync(join(agent.root, step.path), String(Math.random()));
              await agent.sync();
            }
          }
          const { cursor } = await agent.broadcast(end, end);
          await until(
            () => `the end, ${cursor}; got ${lines(reference.events.slice(-5)).join('\n')}`,
            () => reference.events.at(-1)?.cursor === cursor,
          );
          await haveEnd(live, cursor);

          const all = reference.events.filter((event) => seqOf(event.cursor) > seqOf(from));
          expect(firstDifference(lines(live.events), lines(seenThrough(wanted, all)))).toBeUndefined();

          const rest = all.slice(Math.floor(part * all.length));
          const before = all[all.length - rest.length - 1]?.cursor ?? from;
          const query = [queryOf(wanted), `since=${before}`].filter((text) => text !== '').join('&');
          const replayed = await openStream(agent, transport, query);
          await haveEnd(replayed, cursor);
          expect(firstDifference(lines(replayed.events), lines(seenThrough(wanted, rest)))).toBeUndefined();
        },
      ),
      // Smaller ones would each be waited for as well.
      { numRuns: times(25, 60), endOnFailure: true },
    );
  });
});

describe('the answer to a broadcast', () => {
  it('counts those whose filter takes it, each as delivered or as lagging', async () => {
    const agent = await startAgent();
    const seed = testSeed();
    const filters = fc.sample(anyFilter, { numRuns: 20, seed });
    for (const [index, filter] of filters.entries()) {
      await openStream(agent, transports[index % transports.length] as Transport, queryOf(filter));
    }
    const stuck = await connectRaw(agent.socket);
    stuck.pause();
    await fc.assert(
      fc.asyncProperty(anyTopic, fc.integer({ min: 0, max: 60_000 }), async (topic, bytes) => {
        const { matched, delivered, lagging } = await agent.broadcast('x'.repeat(bytes), topic);
        const expected = [...filters, none].filter((filter) => takesTopic(filter, topic)).length;
        expect({ seed, matched, sum: delivered + lagging }).toEqual({
          seed,
          matched: expected,
          sum: expected,
        });
      }),
      { numRuns: 60 },
    );
    // Whatever the kernel holds for one that does not read, it is full in the end.
    const lagging = await until('one to lag', async () => {
      const answer = await agent.broadcast('x'.repeat(100_000), 'a');
      expect(answer.delivered + answer.lagging).toBe(answer.matched);
      return answer.lagging;
    });
    expect(lagging).toBeGreaterThanOrEqual(1);
    stuck.resume();
    const matched = [...filters, none].filter((filter) => takesTopic(filter, 'a')).length;
    const answer = await agent.request('/v1/messages?topic=a&wait=20000', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'last',
    });
    expect(answer.json()).toMatchObject({ matched, delivered: matched, lagging: 0 });
  });
});
