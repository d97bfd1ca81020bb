import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Change, type FileEvent, type FilterSpec, SliceClock } from '../../shared/index.ts';
import { Journal, type NewEvent } from '../journal/index.ts';
import {
  type Encoding,
  ndjson,
  plainLines,
  sseJson,
  sseText,
  webSocketJson,
  webSocketText,
} from './encoding.ts';
import { continuesBatch, Filter } from './filter.ts';
import { type Encoded, Group, type Recent } from './group.ts';
import { ParsedEvents } from './parsed-events.ts';
import type { SiftingHolder } from './sifting.ts';

const encodings: readonly Encoding[] = [ndjson, plainLines, sseJson, sseText, webSocketJson, webSocketText];

function files(paths: readonly string[], more: boolean): NewEvent {
  const changes = paths.map((path): Change => ({ event: 'change', path, kind: 'file' }));
  return { type: 'file', time: 0, topic: 'file', root: '/r', changes, ...(more ? { more: true } : {}) };
}

/** A journal with these events, and the events as they are on their way to the groups. */
function appendAll(events: readonly NewEvent[]): { journal: Journal; recent: Recent[] } {
  const journal = new Journal(1024 * 1024, 'e');
  const recent: Recent[] = [];
  for (const event of events) {
    const placed = journal.append(event);
    recent.push({ ...placed, continues: continuesBatch(recent.at(-1)?.event, placed.event) });
  }
  return { journal, recent };
}

const paths = fc.constantFrom('a.ts', 'b.js', 'src/a.ts', 'dist/a.ts');
const batches = fc
  .array(fc.array(paths, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.map((piece, index) => files(piece, index < pieces.length - 1)));
const messages = fc
  .tuple(fc.constantFrom('a', 'b'), fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()))
  .map(([topic, data]): NewEvent[] => [{ type: 'message', time: 0, topic, from: 'f', data }]);
const sequences = fc.array(fc.oneof(batches, messages), { maxLength: 12 }).map((parts) => parts.flat());
const specs = fc.constantFrom<FilterSpec>(
  {},
  { topic: ['a'] },
  { topic: ['file'] },
  { root: '/s' },
  { match: ['**/*.ts'] },
  { match: ['none'] },
  { topic: ['file', 'b'], match: ['**/*.ts'], ignore: ['dist/**'] },
);

function groupOf(spec: FilterSpec, encoding: Encoding, journal: Journal): Group {
  return new Group(new Filter(spec), encoding, journal, new ParsedEvents(journal));
}

/** A clock whose slices are over after so many pieces of work. */
class WorkClock extends SliceClock {
  private readonly most: number;
  private done = 0;

  constructor(most: number) {
    super(Number.POSITIVE_INFINITY);
    this.most = most;
  }

  override get isOver(): boolean {
    return this.done >= this.most;
  }

  override spend(): boolean {
    this.done += 1;
    return this.isOver;
  }
}

/** Whether the batch that `seq` is in the midst of, if it is, has shown itself. */
function lookBack(group: Group, seq: number, work = Number.POSITIVE_INFINITY): boolean {
  const holder: SiftingHolder = { sifting: undefined };
  let found: boolean | number = seq;
  while (typeof found === 'number') found = group.lookBack(found, new WorkClock(work), holder);
  return found;
}

/** What comes after a position, in one go. */
function past(group: Group, afterSeq: number, untilSeq: number, begun: boolean): Encoded {
  const holder: SiftingHolder = { sifting: undefined };
  return group.encodePast(
    afterSeq,
    untilSeq,
    1 << 20,
    begun,
    new WorkClock(Number.POSITIVE_INFINITY),
    holder,
  );
}

/** Whether the journal's own bytes are read. */
function plain(spec: FilterSpec, encoding: Encoding): boolean {
  return encoding.isJournalFrame && new Filter(spec).takesEverything;
}

describe('Group', () => {
  it('gives a client that reads on, in whatever pieces, what it would have got live', async () => {
    const budgets = fc.constantFrom(1, 50, 200, 1 << 20);
    await fc.assert(
      fc.property(
        sequences,
        specs,
        fc.constantFrom(...encodings),
        budgets,
        fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
        (events, spec, encoding, budget, work) => {
          const { journal, recent } = appendAll(events);
          const group = groupOf(spec, encoding, journal);
          const live = group.encodeRecent(recent, 0, Number.MAX_SAFE_INTEGER);
          expect(live.seq).toBe(journal.headSeq);
          expect(Buffer.concat(live.buffers)).toHaveLength(live.bytes);
          const pieces: Buffer[] = [];
          let at = 0;
          let begun = false;
          let count = 0;
          const holder: SiftingHolder = { sifting: undefined };
          const changes = events.reduce(
            (sum, event) => sum + (event.type === 'file' ? event.changes.length : 0),
            0,
          );
          for (let slices = 0; at < journal.headSeq; slices++) {
            // One who comes in the midst of a batch finds out what one who reads on knows.
            expect(lookBack(group, at, work)).toBe(plain(spec, encoding) ? false : begun);
            const next = group.encodePast(at, journal.headSeq, budget, begun, new WorkClock(work), holder);
            // In each some work is done.
            expect(slices).toBeLessThan(changes + events.length);
            pieces.push(...next.buffers);
            count += next.events;
            at = next.seq;
            begun = next.begun;
          }
          expect(Buffer.concat(pieces).equals(Buffer.concat(live.buffers))).toBe(true);
          expect(count).toBe(live.events);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says nothing of a batch of which the filter takes nothing', () => {
    const { journal, recent } = appendAll([
      files(['a.ts'], true),
      files(['b.ts'], true),
      files(['c.ts'], false),
    ]);
    const group = groupOf({ match: ['*.md'] }, ndjson, journal);
    expect(Buffer.concat(group.encodeRecent(recent, 0, 1 << 20).buffers).toString()).toBe('');
    expect(Buffer.concat(past(group, 0, 3, false).buffers).toString()).toBe('');
  });

  it('ends a batch that it has begun, for a client that reads on in its midst as well', () => {
    const { journal, recent } = appendAll([
      files(['a.md'], true),
      files(['b.ts'], true),
      files(['c.ts'], false),
    ]);
    const group = groupOf({ match: ['*.md'] }, ndjson, journal);
    const end = `${JSON.stringify({ ...(recent[2]?.event as FileEvent), changes: [] })}\n`;
    const live = Buffer.concat(group.encodeRecent(recent, 0, 1 << 20).buffers).toString();
    expect(live.split('\n').map((line) => `${line}\n`)[1]).toBe(end);
    for (const position of [1, 2]) {
      const begun = lookBack(group, position);
      expect(Buffer.concat(past(group, position, 3, begun).buffers).toString()).toBe(end);
    }
  });
});
