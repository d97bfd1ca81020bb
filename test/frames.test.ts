// The agent's WebSocket frames, most of which are written past the library, read by the letter of RFC 6455.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { MessageEvent } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { clientFrame, type FrameReader, opcodes, readFrames } from './support/frame-reader.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

/** Where the length of a payload changes its form. */
const edges = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 100_000];
/** A message in the journal has at least this much around its data. */
const envelopeBytes = 115;
const characters = ['x', 'ü', '€', '🙂'] as const;

function headerBytesFor(payloadBytes: number): number {
  if (payloadBytes <= 125) return 2;
  return payloadBytes <= 65_535 ? 4 : 10;
}

/** A text of exactly so many bytes, of characters of all lengths. */
function textOf(bytes: number): string {
  let text = '';
  let left = bytes;
  for (let n = 0; left > 0; n++) {
    const character = characters[n % characters.length] as string;
    const size = Buffer.byteLength(character);
    text += size <= left ? character : 'x'.repeat(left);
    left -= Math.min(size, left);
  }
  return text;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

async function haveText(reader: FrameReader, text: string): Promise<void> {
  await until(
    () => `${text}; got ${reader.texts.length} texts, ${reader.faults.join(', ')}`,
    () => reader.faults.length > 0 || reader.texts.some((payload) => payload.includes(text)),
  );
  expect(reader.faults).toEqual([]);
}

/** The data of the messages that came. */
function dataOf(reader: FrameReader): unknown[] {
  return reader.json
    .filter((frame): frame is MessageEvent => frame.type === 'message')
    .map(({ data }) => data);
}

async function clientId(reader: FrameReader): Promise<string> {
  const hello = await until('hello', () => reader.json[0]);
  return (hello as { client: string }).client;
}

/** Publishes messages until one client has more waiting than the kernel takes for it. */
async function fillUp(agent: TestAgent, reader: FrameReader): Promise<number[]> {
  const id = await clientId(reader);
  reader.socket.pause();
  const numbers: number[] = [];
  const text = textOf(20_000);
  await until('a client that lags', async () => {
    numbers.push(numbers.length);
    await agent.broadcast({ number: numbers.length - 1, text });
    const clients = (await agent.request('/v1/clients')).json<{ id: string; lag: { events: number } }[]>();
    return clients.some((client) => client.id === id && client.lag.events > 2);
  });
  return numbers;
}

function numbersOf(reader: FrameReader): number[] {
  return (dataOf(reader) as { number: number }[]).map(({ number }) => number);
}

const shared = sharedAgent();

describe('the frame of an event', () => {
  it('has the shortest form for its length, live and replayed, with a filter and without', async () => {
    const agent = shared();
    const { cursor: start } = (await agent.request('/v1/status')).json<{ cursor: string }>();
    const live = [await readFrames(agent.socket), await readFrames(agent.socket, 'topic=message&topic=end')];
    const data = [...range(0, 30), ...range(65_536 - envelopeBytes - 20, 65_536 - envelopeBytes + 20)].map(
      textOf,
    );
    for (const text of data) await agent.broadcast(text);
    await agent.broadcast('the end', 'end');
    const replayed = [
      await readFrames(agent.socket, `since=${start}`),
      await readFrames(agent.socket, `since=${start}&topic=message&topic=end`),
    ];
    for (const reader of [...live, ...replayed]) {
      await haveText(reader, 'the end');
      expect(dataOf(reader)).toEqual([...data, 'the end']);
      const frames = reader.frames.filter(({ opcode }) => opcode === opcodes.text);
      expect(frames.map(({ headerBytes }) => headerBytes)).toEqual(
        frames.map(({ payload }) => headerBytesFor(payload.length)),
      );
      // The sizes were chosen to lie around the edges; should the envelope grow, they have to move with it.
      const lengths = new Set(frames.map(({ payload }) => payload.length));
      for (const edge of [125, 126, 127, 65_535, 65_536])
        expect([edge, lengths.has(edge)]).toEqual([edge, true]);
    }
  });

  it('is as long as its text, for shells', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket, 'format=text');
    for (const edge of edges) await agent.broadcast(textOf(edge));
    await agent.broadcast('the end');
    await haveText(reader, 'the end');
    expect(reader.frames.map(({ payload, headerBytes }) => [payload.length, headerBytes])).toEqual(
      [...edges, 'the end'.length].map((length) => [length, headerBytesFor(length)]),
    );
    expect(reader.texts.slice(0, -1).map(String)).toEqual(edges.map(textOf));
  });

  it('holds the changes that a filter leaves of a batch, and a snapshot of any size', async () => {
    const agent = shared();
    const readers = [
      await readFrames(agent.socket),
      await readFrames(agent.socket, 'match=**/*.ts'),
      await readFrames(agent.socket, 'match=**/*.ts&format=text'),
    ];
    for (const size of [1, 2, 700]) {
      const directory = join(agent.root, `d${size}`);
      mkdirSync(directory);
      for (let n = 0; n < size; n++) {
        writeFileSync(join(directory, `ü${n}.ts`), '');
        writeFileSync(join(directory, `ü${n}.js`), '');
      }
      await agent.sync();
    }
    readers.push(await readFrames(agent.socket, 'snapshot=1'));
    await agent.broadcast('the end');
    for (const reader of readers) {
      await haveText(reader, 'the end');
      expect(reader.frames.map(({ headerBytes }) => headerBytes)).toEqual(
        reader.frames.map(({ payload }) => headerBytesFor(payload.length)),
      );
      expect(reader.texts.join('\n')).toContain('d700/ü699.ts');
    }
  });
});

describe('a pong', () => {
  it('comes between events and never inside one, also when the kernel has taken half of it', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket);
    // With the socket full, the frame that is on its way has been taken in part only.
    const numbers = await fillUp(agent, reader);
    const pings = range(1, 50).map((number) => `ping ${number} ${'.'.repeat(number * 2)}`);
    for (const ping of pings.slice(0, 25)) reader.send(opcodes.ping, ping);
    reader.socket.resume();
    for (const ping of pings.slice(25)) {
      reader.send(opcodes.ping, ping);
      numbers.push(numbers.length);
      await agent.broadcast({ number: numbers.length - 1 });
    }
    await agent.broadcast('the end');
    await haveText(reader, 'the end');
    await until(
      () => `all pongs; got ${reader.of(opcodes.pong).length}`,
      () => reader.of(opcodes.pong).length === pings.length || reader.faults.length > 0,
    );
    expect(reader.faults).toEqual([]);
    expect(reader.of(opcodes.pong).map(String)).toEqual(pings);
    expect(numbersOf(reader).slice(0, -1)).toEqual(numbers);
    // Some came while events were still on their way.
    const kinds = reader.frames.map(({ opcode }) => opcode);
    expect(kinds.lastIndexOf(opcodes.text)).toBeGreaterThan(kinds.indexOf(opcodes.pong));
  });

  it('answers a ping that stands between the fragments of a message', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket);
    const message = Buffer.from(JSON.stringify({ type: 'publish', id: 'split', data: 'für 🙂 alle' }));
    // Every byte a fragment: characters are split as well.
    const frames = Array.from(message, (byte, at) => [
      clientFrame(at === 0 ? opcodes.text : opcodes.continuation, Buffer.from([byte]), {
        fin: at === message.length - 1,
      }),
      ...(at === 10 ? [clientFrame(opcodes.ping, 'in between')] : []),
    ]).flat();
    reader.socket.write(Buffer.concat(frames));
    await haveText(reader, '"ack"');
    expect(reader.of(opcodes.pong).map(String)).toEqual(['in between']);
    expect(dataOf(reader)).toEqual(['für 🙂 alle']);
  });
});

describe('a message in fragments', () => {
  it('is one message, however it was cut up, and a mebibyte at most in all', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket);
    const cuts: number[][] = [[0], [1], [5, 5, 9], [126], [10, 65_546]];
    for (const [index, places] of cuts.entries()) {
      const data = textOf(70_000);
      const message = Buffer.from(JSON.stringify({ type: 'publish', id: `n${index}`, data }));
      const bounds = [0, ...places, message.length];
      for (const [at, end] of bounds.slice(1).entries()) {
        reader.send(at === 0 ? opcodes.text : opcodes.continuation, message.subarray(bounds[at], end), {
          fin: at === places.length,
        });
      }
      await haveText(reader, `"id":"n${index}"`);
    }
    expect(dataOf(reader)).toEqual(cuts.map(() => textOf(70_000)));
    expect(reader.closeCodes).toEqual([]);
  });

  it('is refused with 1007 when it is UTF-8 in none but its first fragment, or ends within a character', async () => {
    const agent = shared();
    const fragments: [first: number[], last: number[]][] = [
      [
        [0x22, 0x78],
        [0xc3, 0x28],
      ],
      [[0x22, 0xf0, 0x9f], [0x99]],
      [
        [0x22, 0xed],
        [0xa0, 0x80],
      ],
    ];
    for (const [first, last] of fragments) {
      const reader = await readFrames(agent.socket);
      reader.send(opcodes.text, Buffer.from(first), { fin: false });
      reader.send(opcodes.continuation, Buffer.from(last));
      await until('the close frame', () => reader.closeCodes.length > 0 || reader.ended);
      expect(reader.closeCodes).toEqual([1007]);
      expect(reader.faults).toEqual([]);
    }
  });

  it('is refused with 1002 when another message begins before it has ended', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket);
    reader.send(opcodes.text, '{"type":', { fin: false });
    reader.send(opcodes.text, '"sync"}');
    await until('the close frame', () => reader.closeCodes.length > 0 || reader.ended);
    expect(reader.closeCodes).toEqual([1002]);
    expect(reader.faults).toEqual([]);
  });
});

describe('the close frame', () => {
  /** Waits for the close frame and for the end of the connection. */
  async function expectClose(reader: FrameReader, code: number | undefined): Promise<void> {
    await until(
      () => `the end; got ${reader.frames.length} frames`,
      () => reader.ended,
    );
    const closes = reader.of(opcodes.close);
    expect(closes.map((payload) => (payload.length === 0 ? undefined : payload.readUInt16BE(0)))).toEqual([
      code,
    ]);
    expect(reader.frames.at(-1)?.opcode).toBe(opcodes.close);
    expect(reader.faults).toEqual([]);
  }

  it('echoes the code of the client that closes, and is the last frame, whatever is published', async () => {
    const agent = shared();
    for (const code of [1000, 1001, 3000, 4999]) {
      const reader = await readFrames(agent.socket);
      const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from('bis später')]);
      const before = agent.broadcast('before');
      reader.send(opcodes.close, payload);
      const after = range(1, 20).map((number) => agent.broadcast(number));
      await expectClose(reader, code);
      await Promise.all([before, ...after]);
    }
    const silent = await readFrames(agent.socket);
    silent.send(opcodes.close);
    await until('the end', () => silent.ended);
    expect(silent.faults).toEqual([]);
    expect(silent.frames.at(-1)?.opcode).toBe(opcodes.close);
  });

  it('of one that is disconnected follows a whole event, though its socket was full', async () => {
    const agent = shared();
    const reader = await readFrames(agent.socket);
    const numbers = await fillUp(agent, reader);
    const id = await clientId(reader);
    expect((await agent.request(`/v1/clients/${id}`, { method: 'DELETE' })).status).toBe(200);
    for (let n = 0; n < 20; n++) await agent.broadcast({ number: -1 });
    reader.socket.resume();
    await until('the close frame', () => reader.closeCodes.length > 0 || reader.ended);
    reader.answerClose();
    await expectClose(reader, 1008);
    const got = numbersOf(reader);
    expect(got).toEqual(numbers.slice(0, got.length));
    expect(got.length).toBeLessThan(numbers.length);
  });

  it('of an agent that stops says 1001, after everything that was published', async () => {
    const agent = await startAgent();
    const reader = await readFrames(agent.socket);
    for (const number of range(0, 9)) await agent.broadcast({ number });
    agent.kill('SIGTERM');
    await until('the close frame', () => reader.closeCodes.length > 0 || reader.ended);
    reader.answerClose();
    await expectClose(reader, 1001);
    expect(numbersOf(reader)).toEqual(range(0, 9));
    expect((await agent.exited).code).toBe(0);
  });

  it('that answers what breaks the protocol follows a whole event, though the socket was full', async () => {
    const agent = shared();
    const breaches: [bytes: Buffer, code: number][] = [
      [Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
      [clientFrame(opcodes.text, Buffer.from([0xc3, 0x28])), 1007],
      [Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0]), 1009],
    ];
    for (const [bytes, code] of breaches) {
      const reader = await readFrames(agent.socket);
      const numbers = await fillUp(agent, reader);
      reader.socket.write(bytes);
      const id = await clientId(reader);
      // A full socket's close frame waits behind the events, and the agent for the answer to it; by then it
      // takes nothing more from the journal.
      await agent.broadcast({ number: -1 });
      reader.socket.resume();
      await expectClose(reader, code);
      const got = numbersOf(reader);
      expect({ id, got }).toEqual({ id, got: numbers.slice(0, got.length) });
    }
  });
});
