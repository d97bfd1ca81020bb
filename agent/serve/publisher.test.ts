import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../test/support/silent-log.ts';
import { Hub } from '../hub/index.ts';
import { Journal } from '../journal/index.ts';
import { Publisher } from './publisher.ts';

const minuteMs = 60_000;

/** No client here wants one. */
const noSnapshots = { take: () => Promise.reject(new Error('no snapshot')) };

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
    const answer = await publisher.publish({ topic, data: 1, from: 'test', key, waitMs: undefined });
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

  it('remembers thousands of keys, but not without end', async () => {
    for (let count = 0; count < 9000; count++) void publish(`k${count}`);
    expect(await publish('k0')).toBe('e:1');
    for (let count = 9000; count < 25_000; count++) void publish(`k${count}`);
    expect(await publish('k24999')).toBe('e:25000');
    expect(await publish('k0')).toBe('e:25001');
  });

  it.each(['file', 'agent.x', '', 'a..b'])(
    'publishes nothing to the topic "%s", and forgets the key',
    async (topic) => {
      expect(() => publisher.publish({ topic, data: 1, from: 'test', key: 'k', waitMs: undefined })).toThrow(
        /topic/,
      );
      expect(journal.headSeq).toBe(0);
      expect(await publish('k')).toBe('e:1');
    },
  );
});
