import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { limits } from '../../shared/index.ts';
import { noSnapshots } from '../../test/support/no-snapshots.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { Hub } from '../hub/index.ts';
import { Journal } from '../journal/index.ts';
import { Publisher } from './publisher.ts';

const minuteMs = 60_000;

describe('Publisher', () => {
  let nowMs: number;
  let journal: Journal;
  let hub: Hub;
  let publisher: Publisher;

  beforeEach(() => {
    nowMs = 0;
    journal = new Journal(1024 * 1024, 'e');
    hub = new Hub(journal, () => [], noSnapshots, silentLog);
    publisher = new Publisher(hub, () => nowMs);
  });
  afterEach(() => hub.close(1001, 'the test is over'));

  async function publish(key: string | undefined, topic?: string): Promise<string> {
    const answer = await publisher.publish({ topic, data: 1, from: 'test', key });
    return answer.cursor;
  }

  it('publishes a key once within five minutes, and again after them', async () => {
    expect(await publish('k')).toBe('e:1');
    nowMs = 5 * minuteMs - 1;
    expect(await publish('k')).toBe('e:1');
    nowMs = 5 * minuteMs;
    expect(await publish('k')).toBe('e:2');
    // Counted from when it was published, not from when it was last asked for.
    nowMs = 10 * minuteMs - 1;
    expect(await publish('k')).toBe('e:2');
    nowMs = 10 * minuteMs;
    expect(await publish('k')).toBe('e:3');
  });

  it('publishes without a key each time', async () => {
    expect([await publish(undefined), await publish(undefined), await publish('k')]).toEqual([
      'e:1',
      'e:2',
      'e:3',
    ]);
  });

  it('publishes a key once, however many ask at the same time', async () => {
    const cursors = await Promise.all(Array.from({ length: 50 }, () => publish('k')));
    expect(new Set(cursors)).toEqual(new Set(['e:1']));
    expect(journal.headSeq).toBe(1);
  });

  it('remembers keys up to its limit, and refuses another one rather than to forget one', async () => {
    await publish('first');
    nowMs = 1;
    for (let count = 1; count < limits.messageKeys; count++) void publish(`k${count}`);
    expect(await publish('first')).toBe('e:1');
    expect(await publish('k1')).toBe('e:2');
    const head = journal.headSeq;
    await expect(publish('one more')).rejects.toMatchObject({
      status: 503,
      code: 'too_many_keys',
      headers: { 'retry-after': '300' },
    });
    expect(journal.headSeq).toBe(head);
    // What has no key is published all the same, and so is a new one when the oldest is over.
    expect(await publish(undefined)).toBe(`e:${head + 1}`);
    nowMs = 5 * minuteMs;
    expect(await publish('one more')).toBe(`e:${head + 2}`);
    expect(await publish('k1')).toBe('e:2');
  });

  it.each(['file', 'agent.x', '', 'a..b'])(
    'publishes nothing to the topic "%s", and forgets the key',
    async (topic) => {
      expect(() => publisher.publish({ topic, data: 1, from: 'test', key: 'k' })).toThrow(/topic/);
      expect(journal.headSeq).toBe(0);
      expect(await publish('k')).toBe('e:1');
    },
  );
});
