import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Change, type FilterSpec, limits } from '../../shared/index.ts';
import { MemoryOutlet } from '../../test/support/memory-outlet.ts';
import { noSnapshots } from '../../test/support/no-snapshots.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import { Journal } from '../journal/index.ts';
import { type Encoding, ndjson } from './encoding.ts';
import { Filter } from './filter.ts';
import type { Member } from './group.ts';
import { type ConnectRequest, Hub } from './hub.ts';
import type { SnapshotSource } from './snapshot.ts';

const limitBytes = 1024 * 1024;

/** NDJSON, but for messages that can't be written. */
const failing: Encoding = {
  ...ndjson,
  name: 'failing',
  event: (event, json) => {
    if (event.type === 'message' && event.data === 'poison') throw new RangeError('stack');
    return ndjson.event(event, json);
  },
};

let hub: Hub;
let journal: Journal;
let nowMs: number;

beforeEach(() => {
  nowMs = 0;
  journal = new Journal(limitBytes, 'e');
  hub = new Hub(journal, () => [], noSnapshots, silentLog, { nowMs: () => nowMs, changesPerEvent: 1 });
});
afterEach(() => hub.close(1001, 'the test is over'));

function connect(
  spec: FilterSpec = {},
  more: Partial<ConnectRequest> = {},
  room = Infinity,
): MemoryOutlet<Member> {
  const outlet = new MemoryOutlet<Member>();
  outlet.hub = hub;
  outlet.room = room;
  const filter = new Filter(spec);
  outlet.client = hub.connect({ outlet, name: '', filter, encoding: ndjson, snapshot: false, ...more });
  return outlet;
}

const post = (data: unknown, topic = 'm') => hub.publish({ topic, from: 'test', data });
const publish = (data: unknown, topic = 'm') => hub.broadcasts.answer(post(data, topic));

/** A wait that ends when `gone` is called. */
function waitFor(waitMs: number): {
  readonly wait: Parameters<Hub['broadcasts']['answer']>[1];
  gone: () => void;
} {
  const asked = {
    gone: (): void => {},
    wait: {
      waitMs,
      onGone: (leave: () => void) => {
        asked.gone = leave;
        return () => {};
      },
    },
  };
  return asked;
}

describe('a group that cannot be encoded', () => {
  it('costs its own clients their connection, and nobody else anything', async () => {
    const before = connect({ topic: ['before', 'm'] });
    const broken = connect({ topic: ['broken', 'm'] }, { encoding: failing });
    const after = connect({ topic: ['after', 'm'] });
    const other = connect({ topic: ['broken', 'm'] }, { encoding: failing });
    post('first');
    expect(await publish('poison')).toMatchObject({ matched: 4, delivered: 2, lagging: 0 });
    await publish('last');
    for (const outlet of [before, after]) expect(outlet.data).toEqual(['first', 'poison', 'last']);
    for (const outlet of [broken, other]) {
      expect(outlet.closed).toEqual([1011]);
      expect(outlet.data).toEqual([]);
    }
    expect(hub.registry.size).toBe(2);
  });

  it('closes a client that meets the event when it resumes, and no other', async () => {
    await publish('first');
    await publish('poison');
    const outlet = connect({}, { encoding: failing, since: { epoch: 'e', seq: 0 } });
    const other = connect();
    await publish('last');
    expect(outlet.closed).toEqual([1011]);
    expect(other.data).toEqual(['last']);
  });
});

describe('the answer to a broadcast', () => {
  it('counts the clients that are connected and take it', async () => {
    connect();
    connect({ topic: ['other'] });
    const closing = connect();
    closing.close(1008);
    expect(await publish(1)).toEqual({ cursor: 'e:1', matched: 1, delivered: 1, lagging: 0 });
  });

  it('counts a client as reached once the message itself is handed to it', async () => {
    connect();
    const slow = connect();
    slow.room = 1;
    expect(await publish('fill')).toMatchObject({ matched: 2, delivered: 2, lagging: 0 });
    const broadcast = post('late');
    expect(await hub.broadcasts.answer(broadcast)).toMatchObject({ matched: 2, delivered: 1, lagging: 1 });
    const waits = hub.broadcasts.answer(post('waited for'), waitFor(60_000).wait);
    await nextTurn();
    slow.take();
    expect(await waits).toMatchObject({ matched: 2, delivered: 2, lagging: 0 });
    expect(slow.data).toEqual(['fill', 'late', 'waited for']);
  });

  it('does not count a client as reached that only gets a gap', async () => {
    const slow = connect({}, {}, 1);
    await publish('fill');
    const waits = hub.broadcasts.answer(post('lost'), waitFor(60_000).wait);
    for (let count = 0; count < 30; count++) await publish('x'.repeat(100_000));
    slow.take();
    expect(await waits).toMatchObject({ matched: 1, delivered: 0, lagging: 0 });
    expect(slow.data).not.toContain('lost');
    expect(slow.frames.map(({ type }) => type)).toContain('gap');
  });

  it('does not count clients that came later, or that left', async () => {
    const slow = connect({}, {}, 1);
    const leaving = connect({}, {}, 1);
    await publish('fill');
    const broadcast = post('waited for');
    const waits = hub.broadcasts.answer(broadcast, waitFor(60_000).wait);
    await nextTurn();
    // It even gets the message, since it resumes from before it.
    const late = connect({}, { since: { epoch: 'e', seq: 0 } });
    expect(broadcast).toMatchObject({ matched: 2, delivered: 0, lagging: 2 });
    leaving.close(1000);
    await nextTurn();
    expect(broadcast).toMatchObject({ matched: 2, delivered: 0, lagging: 1 });
    slow.take();
    expect(await waits).toMatchObject({ matched: 2, delivered: 1, lagging: 0 });
    expect(late.data).toEqual(['fill', 'waited for']);
  });

  it('goes by the filter that the message will meet, where another is on its way', async () => {
    const slow = connect({ topic: ['m'] }, {}, 1);
    await publish('fill');
    const { client } = slow;
    if (client === undefined) throw new Error('not connected');
    await publish('old');
    hub.resubscribe(client, new Filter({ topic: ['n'] }), { type: 'ack', id: 1 });
    expect(await publish('old no more')).toMatchObject({ matched: 0, lagging: 0 });
    const broadcast = post('new', 'n');
    expect(await hub.broadcasts.answer(broadcast)).toMatchObject({ matched: 1, delivered: 0, lagging: 1 });
    const waits = hub.broadcasts.answer(post('newer', 'n'), waitFor(60_000).wait);
    await nextTurn();
    slow.take();
    expect(await waits).toMatchObject({ matched: 1, delivered: 1, lagging: 0 });
    expect(slow.data).toEqual(['fill', 'old', 'new', 'newer']);
  });

  it('comes with the counts when the time is over, and never when whoever asked is gone', async () => {
    connect({}, {}, 1);
    await publish('fill');
    expect(await hub.broadcasts.answer(post(1), waitFor(5).wait)).toMatchObject({ delivered: 0, lagging: 1 });
    const first = waitFor(60_000);
    expect(hub.broadcasts.hasRoom).toBe(true);
    const waiting = Array.from({ length: limits.waiters - 1 }, () => waitFor(60_000));
    const answers = [first, ...waiting]
      .map(({ wait }) => wait)
      .map((each) => hub.broadcasts.answer(post(2), each).catch((error: Error) => error.message));
    expect(hub.broadcasts.hasRoom).toBe(false);
    first.gone();
    waiting[0]?.gone();
    expect(hub.broadcasts.hasRoom).toBe(true);
    await nextTurn();
    for (const each of waiting) each.gone();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['whoever waited is gone']));
  });

  it('about a message that is kept is about now', async () => {
    const slow = connect({}, {}, 1);
    await publish('fill');
    const kept = hub.publish({ topic: 'm', from: 'test', data: 1 }, true);
    expect(await hub.broadcasts.answer(kept)).toMatchObject({ delivered: 0, lagging: 1 });
    const waits = hub.broadcasts.answer(kept, waitFor(60_000).wait);
    connect();
    slow.take();
    expect(await waits).toEqual({ cursor: 'e:2', matched: 1, delivered: 1, lagging: 0 });
    expect(await hub.broadcasts.answer(kept)).toEqual({
      cursor: 'e:2',
      matched: 1,
      delivered: 1,
      lagging: 0,
    });
  });
});

describe('a client that leaves while it waits for its snapshot', () => {
  it('takes nothing from others with its filter who came later', async () => {
    const taken = new Promise<never>(() => {});
    const never: SnapshotSource = { rootsVersion: 0, take: () => ({ taken, leave: () => {} }) };
    hub = new Hub(journal, () => [], never, silentLog);
    const waiting = connect({}, { snapshot: true });
    connect().close(1000);
    await nextTurn();
    const later = connect();
    waiting.close(1000);
    await nextTurn();
    expect(await publish('for it')).toMatchObject({ matched: 1, delivered: 1 });
    expect(later.data).toEqual(['for it']);
  });
});

describe('a client that asks without reading', () => {
  it('gets its answers in order once it reads, and who asked for it hears of each', async () => {
    const outlet = connect({}, {}, 1);
    await publish('fill');
    await publish('behind');
    const { client } = outlet;
    if (client === undefined) throw new Error('not connected');
    const sent: number[] = [];
    const ids = Array.from({ length: 2_000 }, (_, id) => id);
    for (const id of ids) hub.reply(client, { type: 'ack', id }, { sent: () => void sent.push(id) });
    expect(sent).toEqual([]);
    await until('all of them', () => {
      hub.drained(client);
      return sent.length === ids.length;
    });
    expect(sent).toEqual(ids);
    expect(outlet.closed).toEqual([]);
  });
});

/** Enters a batch of so many changes, each a piece of its own, with paths of this length. */
function enterBatch(pieces: number, name: string, pathBytes = 10): Promise<void> {
  const changes = Array.from({ length: pieces }, (_, at): Change => {
    return { event: 'change', path: `${name}${at}`.padEnd(pathBytes, 'x'), kind: 'file' };
  });
  return hub.enterBatch(`/${name}`, changes);
}

describe('a batch of many pieces', () => {
  it('stands in the journal without anything between, whatever comes meanwhile', async () => {
    const all = connect();
    const client = connect({ topic: ['m'] });
    const batches = [enterBatch(5, 'a'), enterBatch(3, 'b')];
    const answers = [publish('first')];
    await nextTurn();
    await nextTurn();
    expect(all.frames.length).toBeGreaterThan(1);
    answers.push(publish('second'));
    batches.push(enterBatch(1, 'c'));
    if (client.client === undefined) throw new Error('not connected');
    hub.resubscribe(client.client, new Filter({ topic: ['file'] }), { type: 'ack', id: 1 });
    await Promise.all([...batches, ...answers]);
    await nextTurn();
    const kinds = all.frames.slice(1).map(({ type, root, data }) => (type === 'file' ? root : data));
    expect(kinds).toEqual([...Array(5).fill('/a'), ...Array(3).fill('/b'), 'first', 'second', '/c']);
    // The filter is another one after what was waiting already.
    expect(client.frames.slice(1).map(({ type, root, data }) => root ?? data ?? type)).toEqual([
      'first',
      'second',
      'ack',
    ]);
  });

  it('shows its end to a client that has seen a piece, in whichever turn', async () => {
    const outlet = connect({ match: ['a1*'] });
    const none = connect({ match: ['none'] });
    await enterBatch(4, 'a');
    await nextTurn();
    expect(outlet.frames.slice(1)).toMatchObject([
      { changes: [{ path: 'a1xxxxxxxx' }], more: true },
      { changes: [] },
    ]);
    expect(outlet.frames[2]).not.toHaveProperty('more');
    expect(none.frames).toHaveLength(1);
  });

  it('waits for a client that keeps up, however many times it is the journal', async () => {
    const steady = connect({}, {}, 1);
    const other = connect();
    const reading = setInterval(() => steady.take(64 * 1024), 1);
    await enterBatch(60, 'a', 100_000);
    await until('the end of it', () => steady.text.includes('a59x'));
    clearInterval(reading);
    for (const outlet of [steady, other]) {
      expect(outlet.frames.filter(({ type }) => type === 'gap')).toEqual([]);
      expect(outlet.frames).toHaveLength(61);
    }
  });

  it('waits a second for one that does not read, and no longer than its limit for any', async () => {
    const stuck = connect({}, {}, 1);
    const slow = connect({}, {}, 1);
    let done = false;
    void enterBatch(60, 'a', 100_000).then(() => {
      done = true;
    });
    // A clock that goes on by what a client takes: 300 kB a second.
    let waitedMs = 0;
    await until('the end of the batch', async () => {
      for (let turn = 0; turn < 5 && !done; turn++) {
        slow.take(3_000);
        nowMs += 10;
        waitedMs += 10;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return done;
    });
    expect(waitedMs).toBeGreaterThan(limits.batchHoldMs / 2);
    expect(waitedMs).toBeLessThan(limits.batchHoldMs + 2_000);
    stuck.take();
    await until('the gap', () => stuck.frames.some(({ type }) => type === 'gap'));
  });

  it('keeps nobody who stops the agent', async () => {
    connect({}, {}, 1);
    const entered = enterBatch(60, 'a', 100_000);
    hub.hurry();
    await entered;
    expect(journal.headSeq).toBe(60);
  });
});

describe('a client that resumes with a filter that takes little', () => {
  it('lets others have their turn all the while', async () => {
    const big = new Journal(16 * limitBytes, 'e');
    hub = new Hub(big, () => [], noSnapshots, silentLog, { changesPerEvent: 1 });
    for (let count = 0; count < 150; count++) await enterBatch(1, `f${count}`, 100_000);
    post('rare', 'rare');
    await enterBatch(3, 'end');
    const outlets = [0, 1, 2, 3].map((n) =>
      connect({ topic: ['rare', `n${n}`] }, { since: { epoch: 'e', seq: 0 } }),
    );
    let turns = 0;
    for (; hub.registry.countBehind() > 0; turns++) await nextTurn();
    // Each looks through some 15 MB, and in one turn at no more than 128 KiB of it.
    expect(turns).toBeGreaterThan(10);
    for (const outlet of outlets) expect(outlet.data).toEqual(['rare']);
  });

  it('gets what it would have got live, also from the midst of a batch', async () => {
    const live = connect({ match: ['a1*', 'b2*'] });
    await enterBatch(4, 'a');
    await enterBatch(3, 'b');
    await nextTurn();
    const lines = live.text.split('\n').slice(1);
    for (let seq = 0; seq <= 7; seq++) {
      const outlet = connect({ match: ['a1*', 'b2*'] }, { since: { epoch: 'e', seq } });
      await until('it to be there', () => hub.registry.countBehind() === 0);
      const expected = lines.filter((line) => line === '' || Number(/e:(\d+)/.exec(line)?.[1]) > seq);
      expect(outlet.text.split('\n').slice(1)).toEqual(expected);
    }
  });
});

describe('a client that takes next to nothing', () => {
  /** Lets the clock run while a client takes so many bytes a second. */
  async function pass(outlet: MemoryOutlet<Member>, seconds: number, bytesPerSecond: number): Promise<void> {
    for (let second = 0; second < seconds && outlet.closed.length === 0; second++) {
      outlet.take(bytesPerSecond);
      nowMs += 1000;
      hub.checkReaders();
      await nextTurn();
    }
  }

  async function blocked(): Promise<MemoryOutlet<Member>> {
    const outlet = connect({}, {}, 1);
    await publish('x'.repeat(900_000));
    await publish('more');
    return outlet;
  }

  it.each([0, 1, 1_000])('is closed after a minute at %d bytes a second', async (bytesPerSecond) => {
    const outlet = await blocked();
    await pass(outlet, 59, bytesPerSecond);
    expect(outlet.closed).toEqual([]);
    await pass(outlet, 2, bytesPerSecond);
    expect(outlet.closed).toEqual([1013]);
  });

  it('is not closed at two kilobytes a second', async () => {
    const outlet = await blocked();
    await pass(outlet, 400, 2_000);
    expect(outlet.closed).toEqual([]);
  });
});
