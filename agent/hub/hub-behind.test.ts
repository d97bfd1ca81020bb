// Batches of many pieces, and the clients that are behind while they come or long after.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Change, limits } from '../../shared/index.ts';
import type { MemoryOutlet } from '../../test/support/memory-outlet.ts';
import { noSnapshots } from '../../test/support/no-snapshots.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import { Journal } from '../journal/index.ts';
import { Filter } from './filter.ts';
import {
  connect,
  hub,
  journal,
  limitBytes,
  passMs,
  post,
  publish,
  useHub,
  useMemoryHub,
} from './fixtures/memory-hub.ts';
import type { Member } from './group.ts';
import { Hub } from './hub.ts';

useMemoryHub();

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
    void hub.resubscribe(client.client, {
      filter: new Filter({ topic: ['file'] }),
      ack: { type: 'ack', id: 1 },
    });
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
    while (!done && waitedMs < 2 * limits.batchHoldMs) {
      slow.take(3_000);
      passMs(10);
      waitedMs += 10;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
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
    useHub(new Hub(big, () => [], noSnapshots, silentLog, { changesPerEvent: 1 }));
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
      passMs(1000);
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
