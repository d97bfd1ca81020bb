import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MessageEvent } from '../../../../shared/protocol.ts';
import { BoundedLines } from './bounded-lines.ts';
import { Feed } from './feed.ts';
import { everything } from './line-filter.ts';
import type { Line } from './lines.ts';

const limits = { shownLines: 5, keptLines: 8, chars: 10_000 };

/** A feed, and what was published to it so far. */
function startFeed(): { feed: Feed; publish: (...data: string[]) => void; shown: () => unknown[] } {
  const feed = new Feed(limits);
  let seq = 0;
  return {
    feed,
    publish: (...data) => {
      for (const one of data) {
        seq += 1;
        const event: MessageEvent = {
          type: 'message',
          cursor: `a:${seq}`,
          time: seq,
          topic: 't',
          from: 'f',
          data: one,
        };
        feed.add(feed.maker.add(event, 0).lines);
      }
    },
    shown: () => feed.shown().map(textOf),
  };
}

function textOf(line: Line): unknown {
  if (line.type === 'message') return line.data;
  return line.type === 'skipped' ? `${line.count} skipped` : line.type;
}

describe('a feed', () => {
  it('shows the newest lines', () => {
    const { feed, publish, shown } = startFeed();
    publish('1', '2', '3', '4', '5', '6', '7');
    expect(shown()).toEqual(['3', '4', '5', '6', '7']);
    expect(feed.shown(2).map(textOf)).toEqual(['6', '7']);
  });

  it('stands still while it is paused, counts what comes, and shows it afterwards', () => {
    const { feed, publish, shown } = startFeed();
    publish('1', '2');
    feed.pause('asked');
    publish('3', '4');
    expect([shown(), feed.waitingCount, feed.hold]).toEqual([['1', '2'], 2, 'asked']);
    feed.resume();
    expect([shown(), feed.waitingCount, feed.hold]).toEqual([['1', '2', '3', '4'], 0, undefined]);
  });

  it('says how many lines of a long pause are not kept', () => {
    const { feed, publish, shown } = startFeed();
    publish('1');
    feed.pause('asked');
    publish('2', '3', '4', '5', '6', '7', '8');
    expect(feed.waitingCount).toBe(7);
    feed.resume();
    expect(shown()).toEqual(['3 skipped', '5', '6', '7', '8']);
  });

  it.each(['asked', 'opened'] as const)(
    'keeps standing still for who has %s, whatever is scrolled',
    (hold) => {
      const { feed } = startFeed();
      feed.pause(hold);
      feed.pause('scrolled');
      expect(feed.hold).toBe(hold);
      feed.resume();
      feed.pause('scrolled');
      feed.pause(hold);
      expect(feed.hold).toBe(hold);
    },
  );

  it('finds with another filter what it did not show before, and keeps rare lines', () => {
    const { feed, publish, shown } = startFeed();
    publish('rare', '1', '2', '3', '4', '5', '6');
    expect(shown()).not.toContain('rare');
    feed.setFilter({ ...everything, text: 'rare' });
    expect(shown()).toEqual(['rare']);
    publish('7', '8', '9', 'rare too', '10');
    expect(shown()).toEqual(['rare', 'rare too']);
    expect(feed.keptCount).toBe(8);
  });

  it('filters what is shown and what waits, each for itself, while it is paused', () => {
    const { feed, publish, shown } = startFeed();
    publish('a1', 'b1');
    feed.pause('asked');
    publish('a2', 'b2', 'a3');
    feed.setFilter({ ...everything, text: 'a' });
    expect([shown(), feed.waitingCount]).toEqual([['a1'], 2]);
    feed.resume();
    expect(shown()).toEqual(['a1', 'a2', 'a3']);
  });

  it('is empty and runs after it was cleared', () => {
    const { feed, publish, shown } = startFeed();
    publish('1');
    feed.pause('asked');
    publish('2');
    feed.clear();
    expect([shown(), feed.keptCount, feed.hold]).toEqual([[], 0, undefined]);
    publish('3');
    expect(shown()).toEqual(['3']);
  });
});

describe('bounded lines', () => {
  it('are the newest that fit, by number and by weight, and at least one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 80 }), (weights) => {
        const bounded = new BoundedLines(6, 100);
        const all: Line[] = [];
        for (const [index, chars] of weights.entries()) {
          const line: Line = { type: 'lost', id: index + 1, timeMs: 0, chars, reason: '' };
          all.push(line);
          bounded.push(line);
          let expected = all.slice(-6);
          while (expected.length > 1 && expected.reduce((sum, it) => sum + it.chars, 0) > 100) {
            expected = expected.slice(1);
          }
          expect(bounded.all()).toEqual(expected);
          expect(bounded.length).toBe(expected.length);
          expect(bounded.last(2)).toEqual(expected.slice(-2));
        }
      }),
    );
  });
});
