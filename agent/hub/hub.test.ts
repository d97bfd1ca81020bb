import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { limits } from '../../shared/index.ts';
import { noSnapshots } from '../../test/support/no-snapshots.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { type Encoding, ndjson } from './encoding.ts';
import { Filter } from './filter.ts';
import { connect, hub, journal, post, publish, useHub, useMemoryHub } from './fixtures/memory-hub.ts';
import { Hub } from './hub.ts';
import type { SnapshotSource } from './snapshot.ts';

useMemoryHub();

/** NDJSON, but for messages that can't be written. */
const failing: Encoding = {
  ...ndjson,
  name: 'failing',
  event: (event, json) => {
    if (event.type === 'message' && event.data === 'poison') throw new RangeError('stack');
    return ndjson.event(event, json);
  },
};

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
    void hub.resubscribe(client, { filter: new Filter({ topic: ['n'] }), ack: { type: 'ack', id: 1 } });
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
    const never: SnapshotSource = { ...noSnapshots, take: () => ({ taken, leave: () => {} }) };
    useHub(new Hub(journal, () => [], never, silentLog));
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
    // Each time that it has read, it is handed something at least.
    for (let reads = 0; sent.length < ids.length && reads <= ids.length; reads++) {
      hub.drained(client);
      await nextTurn();
    }
    expect(sent).toEqual(ids);
    expect(outlet.closed).toEqual([]);
  });
});
