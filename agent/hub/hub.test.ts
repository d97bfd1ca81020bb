import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryOutlet } from '../../test/support/memory-outlet.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { Journal } from '../journal/index.ts';
import { type Encoding, ndjson } from './encoding.ts';
import { Filter } from './filter.ts';
import { Hub } from './hub.ts';

/** No client here wants one. */
const noSnapshots = { take: () => Promise.reject(new Error('no snapshot')) };

/** NDJSON, but for messages that can't be written. */
const failing: Encoding = {
  ...ndjson,
  name: 'failing',
  event: (event, json) => {
    if (event.type === 'message' && event.data === 'poison') throw new RangeError('stack');
    return ndjson.event(event, json);
  },
};

describe('Hub', () => {
  let hub: Hub;

  beforeEach(() => {
    hub = new Hub(new Journal(1024 * 1024, 'e'), () => [], noSnapshots, silentLog);
  });
  afterEach(() => hub.close(1001, 'the test is over'));

  function connect(encoding: Encoding, topic: string): MemoryOutlet {
    const outlet = new MemoryOutlet();
    outlet.client = hub.connect({
      outlet,
      name: '',
      filter: new Filter({ topic: [topic, 'm'] }),
      encoding,
      snapshot: false,
    });
    outlet.hub = hub;
    return outlet;
  }

  const publish = (data: unknown) => hub.publish({ topic: 'm', from: 'test', data });

  it('closes the clients of a group that cannot be encoded, and delivers to every other', async () => {
    const before = connect(ndjson, 'before');
    const broken = connect(failing, 'broken');
    const after = connect(ndjson, 'after');
    const other = connect(failing, 'broken');
    void publish('first');
    await publish('poison');
    await publish('last');
    for (const outlet of [before, after]) expect(outlet.data).toEqual(['first', 'poison', 'last']);
    for (const outlet of [broken, other]) {
      expect(outlet.closed).toEqual([1011]);
      expect(outlet.data).toEqual([]);
    }
    expect(hub.size).toBe(2);
  });

  it('closes a client whose resumption meets what cannot be encoded, and no other', async () => {
    await publish('first');
    await publish('poison');
    const outlet = new MemoryOutlet();
    outlet.hub = hub;
    outlet.client = hub.connect({
      outlet,
      name: '',
      filter: new Filter({}),
      encoding: failing,
      since: { epoch: 'e', seq: 0 },
      snapshot: false,
    });
    const other = connect(ndjson, 'other');
    await publish('last');
    expect(outlet.closed).toEqual([1011]);
    expect(other.data).toEqual(['last']);
  });
});
