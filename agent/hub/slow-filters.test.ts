// However slow the globs of a filter are, they cost its own clients time and nobody else.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Change, FileRecord, FilterSpec } from '../../shared/index.ts';
import { MemoryOutlet } from '../../test/support/memory-outlet.ts';
import { noSnapshots } from '../../test/support/no-snapshots.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { slowGlob, slowGlobs, slowName } from '../../test/support/slow-glob.ts';
import { Journal } from '../journal/index.ts';
import { ndjson } from './encoding.ts';
import { Filter } from './filter.ts';
import type { Member } from './group.ts';
import { type ConnectRequest, Hub } from './hub.ts';
import { changesOf } from './insertion.ts';

/** Of a batch that takes a slow filter hundreds of milliseconds. */
const names = Array.from({ length: 400 }, (_, index) => slowName(600, index));
const batch = changes([...names, 'taken']);

let hub: Hub;
beforeEach(() => {
  hub = new Hub(new Journal(4 * 1024 * 1024, 'e'), () => [], noSnapshots, silentLog);
});
afterEach(() => hub.close(1001, 'the test is over'));

function changes(paths: readonly string[]): Change[] {
  return paths.map((path): Change => ({ event: 'add', path, kind: 'file' }));
}

function connect(spec: FilterSpec, more: Partial<ConnectRequest> = {}): MemoryOutlet<Member> {
  const outlet = new MemoryOutlet<Member>();
  outlet.hub = hub;
  const filter = new Filter(spec);
  outlet.client = hub.connect({ outlet, name: '', filter, encoding: ndjson, snapshot: false, ...more });
  return outlet;
}

const post = (data: unknown) => hub.publish({ topic: 'm', from: 'test', data });

/** What a client got after `hello`: messages by their data, changes by their paths, other frames by their type. */
function got(outlet: MemoryOutlet<Member>): unknown[] {
  return outlet.frames.slice(1).flatMap(({ type, data, changes }) => {
    if (type === 'message') return [data];
    return type === 'file' ? (changes as Change[]).map(({ path }) => path) : [type];
  });
}

/** Counts the turns of the loop until a client has got so much. */
async function turnsUntil(outlet: MemoryOutlet<Member>, count: number): Promise<number> {
  let turns = 0;
  for (; got(outlet).length < count; turns++) {
    if (turns > 100_000) throw new Error(`the client only got ${JSON.stringify(got(outlet))}`);
    await nextTurn();
  }
  return turns;
}

it('looks through a batch in many turns, and nothing overtakes it', async () => {
  const slow = connect({ match: ['taken*', slowGlob] });
  const other = connect({ match: ['taken*', slowGlob] });
  const ordinary = connect({ match: ['taken'] });
  const all = connect({});
  await hub.enterBatch('/r', batch);
  const broadcast = post('after');
  hub.reply(slow.client as Member, { type: 'synced', id: 1, cursor: 'e:2' });
  expect(await hub.broadcasts.answer(broadcast)).toMatchObject({ matched: 4, delivered: 2, lagging: 2 });
  expect(got(ordinary)).toEqual(['taken', 'after']);
  expect(got(all)).toEqual([...names, 'taken', 'after']);
  expect(got(slow)).toEqual([]);
  expect(await turnsUntil(slow, 3)).toBeGreaterThan(20);
  expect(got(slow)).toEqual(['taken', 'after', 'synced']);
  // Who wants the same shares the work.
  expect(await turnsUntil(other, 2)).toBeLessThan(5);
  expect(got(other)).toEqual(['taken', 'after']);
  post('later');
  await turnsUntil(slow, 4);
  expect(got(slow)).toEqual(['taken', 'after', 'synced', 'later']);
});

it('goes on with others in each turn, however many slow filters there are', async () => {
  const slow = slowGlobs(20).map((glob) => connect({ ignore: [glob] }));
  const ordinary = connect({ match: ['taken', 'a'] });
  await hub.enterBatch('/r', batch);
  let answers = 0;
  while (slow.some((outlet) => got(outlet).length < names.length) && answers < 40) {
    post(answers);
    await nextTurn();
    await nextTurn();
    answers += 1;
    expect(got(ordinary)).toEqual(['taken', ...Array(answers).keys()]);
  }
  expect(answers).toBe(40);
});

it('gives a client that resumes all that its filter takes, in the midst of batches too', async () => {
  hub = new Hub(new Journal(4 * 1024 * 1024, 'e'), () => [], noSnapshots, silentLog, { changesPerEvent: 60 });
  const paths = [...names.slice(0, 40), 'taken1', ...names.slice(40, 160)];
  await hub.enterBatch('/r', changes(paths));
  post('between');
  await hub.enterBatch('/r', changes(['taken2']));
  // The first piece took something: who resumes after it or after the second sees the batch's end.
  for (const seq of [0, 1, 2]) {
    const outlet = connect({ match: ['taken*', slowGlob] }, { since: { epoch: 'e', seq } });
    await turnsUntil(outlet, seq === 0 ? 3 : 2);
    expect(got(outlet)).toEqual(seq === 0 ? ['taken1', 'between', 'taken2'] : ['between', 'taken2']);
    const ends = outlet.frames.filter(({ type, more }) => type === 'file' && more === undefined);
    expect(ends.map(({ cursor }) => cursor)).toEqual(['e:3', 'e:5']);
  }
});

it('keeps to the order where the filter changes while a batch is looked through', async () => {
  const slow = connect({ match: ['taken*', slowGlob] });
  await hub.enterBatch('/r', batch);
  const filter = new Filter({ match: ['x'] });
  await hub.resubscribe(slow.client as Member, { filter, ack: { type: 'ack', id: 1 } });
  await hub.enterBatch('/r', changes(['x', 'taken']));
  await turnsUntil(slow, 3);
  expect(got(slow)).toEqual(['taken', 'ack', 'x']);
});

it('ends its work with its client', async () => {
  const slow = connect({ match: ['taken*', slowGlob] });
  await hub.enterBatch('/r', batch);
  await nextTurn();
  slow.close(1000);
  await nextTurn();
  await nextTurn();
  expect(hub.registry.size).toBe(0);
  expect(got(slow)).toEqual([]);
});

it.each([
  [true, 'add', ['taken0', 'taken1']],
  [false, 'unlink', ['taken1', 'taken0']],
] as const)(
  'looks through the entries of a root that comes or goes in many turns: %s',
  async (come, event, paths) => {
    const records = ['taken0', ...names, 'taken1'].map(
      (path): FileRecord => ({ path, kind: 'file', size: 1, mtime: 2 }),
    );
    let turns = 0;
    let isOver = false;
    const pieces = changesOf(come, records, new Filter({ match: ['taken*', slowGlob] })).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(20);
    const found = (await pieces).flatMap((piece) => JSON.parse(piece) as Change[]);
    expect(found.map(({ path }) => path)).toEqual(paths);
    expect(new Set(found.map((change) => change.event))).toEqual(new Set([event]));
  },
);
