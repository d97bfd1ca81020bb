import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { until } from '../../test/support/wait.ts';
import { textFrame } from './frame.ts';
import { Journal, type NewEvent } from './journal.ts';

const kibibyte = 1024;

/** Node hides it, unless it is asked for. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function message(data: unknown): NewEvent {
  return { type: 'message', time: 0, topic: 't', from: 'f', data };
}

/** Takes a server's frames apart, by RFC 6455 and not by our own code. */
function payloads(bytes: Buffer): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    expect(bytes[at]).toBe(0b1000_0001);
    const short = bytes.readUInt8(at + 1);
    let [length, header] = [short, 2];
    if (short === 126) [length, header] = [bytes.readUInt16BE(at + 2), 4];
    if (short === 127) [length, header] = [Number(bytes.readBigUInt64BE(at + 2)), 10];
    // The shortest header that can say the length: RFC 6455, section 5.2.
    expect(header).toBe(length < 126 ? 2 : length < 2 ** 16 ? 4 : 10);
    found.push(bytes.toString('utf8', at + header, at + header + length));
    at += header + length;
  }
  expect(at).toBe(bytes.length);
  return found;
}

/** expect() takes longer than what is asked here some ten thousand times: it is left to say what differs. */
function expectSame(found: readonly unknown[], expected: readonly unknown[]): void {
  if (found.some((value, index) => value !== expected[index])) expect(found).toEqual(expected);
}

/** expect() compares bytes one by one, 70,000 of them in two seconds. */
function expectSameBytes(found: Buffer, expected: Buffer): void {
  expect(found.toString('latin1')).toBe(expected.toString('latin1'));
}

describe('textFrame', () => {
  it.each([
    [0, [0x81, 0]],
    [1, [0x81, 1]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [127, [0x81, 126, 0, 127]],
    [255, [0x81, 126, 0, 255]],
    [256, [0x81, 126, 1, 0]],
    [65_535, [0x81, 126, 255, 255]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    [70_000, [0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]],
  ])('has the header for %i bytes', (bytes, header) => {
    const text = 'x'.repeat(bytes);
    expectSameBytes(textFrame(text), Buffer.concat([Buffer.from(header), Buffer.from(text)]));
    expectSameBytes(textFrame(Buffer.from(text)), textFrame(text));
  });

  it('counts bytes, not characters', () => {
    expect(payloads(textFrame('ä'.repeat(63)))).toEqual(['ä'.repeat(63)]);
    expect(payloads(textFrame('🥊'.repeat(20_000)))).toEqual(['🥊'.repeat(20_000)]);
  });
});

describe('Journal', () => {
  it('is empty at first', () => {
    const journal = new Journal(64 * kibibyte, 'e');
    expect(journal).toMatchObject({ headSeq: 0, oldestSeq: 1, events: 0, bytes: 0, limitBytes: 65_536 });
    expect(journal.cursor()).toBe('e:0');
    expect(journal.read(0, 1000)).toEqual({ buffers: [], bytes: 0, events: 0, seq: 0 });
    expect(journal.bytesAfter(0)).toBe(0);
  });

  it('has an epoch of its own', () => {
    const epochs = Array.from({ length: 100 }, () => new Journal(64 * kibibyte).epoch);
    expect(new Set(epochs).size).toBe(100);
    for (const epoch of epochs) expect(epoch).toMatch(/^[a-z0-9]{1,32}$/);
  });

  it('gives each event its place, its cursor right after its type', () => {
    const journal = new Journal(64 * kibibyte, 'e');
    expect(journal.append(message('a'))).toEqual({
      seq: 1,
      bytes: journal.bytes,
      event: { type: 'message', cursor: 'e:1', time: 0, topic: 't', from: 'f', data: 'a' },
    });
    expect(journal.append({ type: 'gap', reason: 'recrawl' }).event).toEqual({
      type: 'gap',
      cursor: 'e:2',
      reason: 'recrawl',
    });
    expect(journal.payload(1).toString()).toBe(
      '{"type":"message","cursor":"e:1","time":0,"topic":"t","from":"f","data":"a"}',
    );
    expect(journal.cursor()).toBe('e:2');
    expect(journal.cursor(1)).toBe('e:1');
  });

  it.each([125, 126, 127, 65_535, 65_536])('frames an event of %i bytes', (bytes) => {
    const journal = new Journal(1024 * kibibyte, 'e');
    const overhead = JSON.stringify(journal.append(message('')).event).length;
    const text = 'x'.repeat(bytes - overhead);
    const { event } = journal.append(message(text));
    expect(journal.payload(2)).toHaveLength(bytes);
    expect(payloads(journal.frame(2))).toEqual([JSON.stringify(event)]);
    expectSameBytes(journal.frame(2), textFrame(JSON.stringify(event)));
    expect(payloads(Buffer.concat(journal.read(1, 1).buffers))).toEqual([JSON.stringify(event)]);
  });

  it('refuses an event that can be no JSON, and is as it was', () => {
    const journal = new Journal(64 * kibibyte, 'e');
    journal.append(message('before'));
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => journal.append(message(circle))).toThrow();
    expect(journal.append(message('after')).seq).toBe(2);
    expect(payloads(Buffer.concat(journal.read(0, kibibyte).buffers))).toHaveLength(2);
  });

  it('keeps one event however large it is, and then lets go of it', () => {
    const journal = new Journal(64 * kibibyte, 'e');
    journal.append(message('small'));
    journal.append(message('x'.repeat(100 * kibibyte)));
    expect(journal).toMatchObject({ oldestSeq: 2, headSeq: 2, events: 1 });
    journal.append(message('small'));
    expect(journal).toMatchObject({ oldestSeq: 3, headSeq: 3, events: 1 });
    expect(journal.bytes).toBeLessThan(kibibyte);
  });

  it('is, for any mix of sizes, what a list of frames would be, in memory of its limit and two chunks', async () => {
    const limitBytes = 64 * kibibyte;
    const chunkBytes = 4 * kibibyte;
    const sizes = fc.oneof(
      { weight: 8, arbitrary: fc.nat(300) },
      { weight: 2, arbitrary: fc.nat(5000) },
      // Just over half a chunk, about a whole one, and about as much as it holds at all.
      { weight: 2, arbitrary: fc.integer({ min: 2000, max: 2200 }) },
      { weight: 2, arbitrary: fc.integer({ min: 3900, max: 4200 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60 * kibibyte, max: 140 * kibibyte }) },
    );
    const mixes = fc.oneof(
      fc.array(sizes, { minLength: 1, maxLength: 400, size: 'max' }),
      sizes.map((size) => Array.from({ length: 100 }, () => size)),
    );
    const text = (size: number, index: number): string => (index % 5 === 0 ? '\u20ac' : 'x').repeat(size);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const budgets = fc.oneof(fc.nat(1000), fc.nat(20_000), fc.constantFrom(0, 1, 4096, 262_144, 1 << 30));
    const reads = fc.array(fc.tuple(share, share, budgets), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.property(mixes, reads, (mix, wishes) => {
        const journal = new Journal(limitBytes, 'e');
        /** All frames that ever were, and how many of the oldest are gone. */
        const frames: Buffer[] = [];
        let gone = 0;
        let held = 0;
        for (const [index, size] of mix.entries()) {
          const { seq, event, bytes } = journal.append(message(text(size, index)));
          frames.push(textFrame(JSON.stringify(event)));
          held += frames.at(-1)?.length ?? 0;
          for (; held > limitBytes && frames.length - gone > 1; gone++) held -= frames[gone]?.length ?? 0;
          expectSame(
            [seq, bytes, journal.oldestSeq, journal.headSeq, journal.bytes, journal.events],
            [frames.length, frames.at(-1)?.length, gone + 1, seq, held, seq - gone],
          );
          const memory = new Set(journal.read(gone, 1 << 30).buffers.map(({ buffer }) => buffer));
          const memoryBytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
          const mostBytes = Math.max(limitBytes, held) + 2 * chunkBytes;
          if (memoryBytes > mostBytes) expect(memoryBytes).toBeLessThanOrEqual(mostBytes);
        }
        for (const [from, until, budget] of wishes) {
          const afterSeq = gone + Math.round(from * (frames.length - gone));
          const untilSeq = afterSeq + Math.round(until * (frames.length - afterSeq));
          const { buffers, bytes, events, seq } = journal.read(afterSeq, budget, untilSeq);
          const expected = Buffer.concat(frames.slice(afterSeq, seq));
          expect(Buffer.concat(buffers).equals(expected)).toBe(true);
          expect([events, bytes]).toEqual([seq - afterSeq, expected.length]);
          expect(seq).toBeLessThanOrEqual(untilSeq);
          expect(bytes <= budget || events === 1).toBe(true);
          // As many as there is room for, and one at least: a reader always gets on.
          if (seq < untilSeq) {
            expect([events > 0, bytes + (frames[seq]?.length ?? 0) > budget]).toEqual([true, true]);
          }
          expect(journal.bytesAfter(afterSeq)).toBe(Buffer.concat(frames.slice(afterSeq)).length);
        }
        expect(journal.bytesAfter(0)).toBe(held);
        for (let seq = gone + 1; seq <= frames.length; seq++) {
          const frame = frames[seq - 1] as Buffer;
          const isFrame = [journal.frame(seq), textFrame(journal.payload(seq))].map((one) =>
            one.equals(frame),
          );
          expectSame(isFrame, [true, true]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [100, 'small ones'],
    [140_000, 'just over half a chunk'],
    [270_000, 'just over a chunk'],
    [1_000_000, 'as large as they come'],
  ])('keeps to its memory while 40 MB of events pass: %i bytes each, %s', async (size) => {
    const limitBytes = 4 * 1024 * kibibyte;
    const collect = garbageCollector();
    const text = 'x'.repeat(size);
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const journal = new Journal(limitBytes, 'e');
    // The small ones take long, and are many enough much sooner.
    for (let bytes = 0; bytes < (size < 1000 ? 8e6 : 40e6); bytes += size) journal.append(message(text));
    expect(journal.bytes).toBeGreaterThan(limitBytes - size - 200);
    let bytes = 0;
    // What is collected is given back a moment later.
    await until(
      () => `no more than the limit and two chunks: ${bytes}`,
      () => {
        collect();
        bytes = process.memoryUsage().arrayBuffers - before;
        return bytes <= limitBytes + 2 * 256 * kibibyte;
      },
    );
  });

  it('never changes bytes that it has given, whatever comes after them', () => {
    const journal = new Journal(64 * kibibyte, 'e');
    const given: { buffers: Buffer[]; copy: Buffer }[] = [];
    for (let count = 0; count < 500; count++) {
      const { seq } = journal.append(message('x'.repeat((count * 37) % 900)));
      const { buffers } = journal.read(Math.max(seq - 3, journal.oldestSeq - 1), 1 << 20);
      given.push({ buffers, copy: Buffer.concat(buffers) });
    }
    for (const { buffers, copy } of given) expect(Buffer.concat(buffers).equals(copy)).toBe(true);
  });
});

describe('a journal that is kept', () => {
  it.each([
    ['cursor', (journal: Journal) => journal.cursor()],
    ['position', (journal: Journal) => journal.position()],
    ['read', (journal: Journal) => journal.read(0, 1000)],
    ['frame', (journal: Journal) => journal.frame(2)],
    ['payload', (journal: Journal) => journal.payload(2)],
  ])('has handed over everything before %s shows anything of it', (_what, show) => {
    const journal = new Journal(64 * kibibyte, 'e');
    const kept: [number, number][] = [];
    journal.keep({ write: (_buffers, firstSeq, lastSeq) => void kept.push([firstSeq, lastSeq]) });
    journal.append(message(1));
    journal.append(message(2));
    expect(kept).toEqual([]);
    show(journal);
    expect(kept).toEqual([[1, 2]]);
    expect(journal.position()).toEqual({ epoch: 'e', seq: 2 });
  });
});
