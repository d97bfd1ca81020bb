// Clients in the default view and in a wide one, side by side: each has its view's journal, and messages reach all.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../shared/index.ts';
import type { MemoryOutlet } from '../../test/support/memory-outlet.ts';
import { until } from '../../test/support/wait.ts';
import { makeView, Workplace } from './fixtures/wide-views.ts';
import type { Member } from './group.ts';

type Outlet = MemoryOutlet<Member>;
type Frame = Record<string, unknown>;

const patiently = { waitMs: 60_000, onGone: () => () => {} };

const epochOf = (frame: Frame): string => String(frame['cursor']).split(':')[0] ?? '';
const seqOf = (frame: Frame): number => Number(String(frame['cursor']).split(':')[1]);
const pathsOf = (frame: Frame): string[] => (frame['changes'] as { path: string }[]).map(({ path }) => path);

/** What a client was sent between one answer to `subscribe` and the next: all of one view. */
function stretchesOf(outlet: Outlet): Frame[][] {
  const stretches: Frame[][] = [[]];
  for (const frame of outlet.frames) {
    if (frame['type'] === 'ack') stretches.push([]);
    else if (frame['type'] !== 'hello') stretches.at(-1)?.push(frame);
  }
  return stretches;
}

describe('clients of several views', () => {
  it('each get the events of their view, once and in order, whatever comes and wherever they move', async () => {
    const client = fc.integer({ min: 0, max: 3 });
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          what: fc.constant('batch' as const),
          pieces: fc.integer({ min: 1, max: 3 }),
          hidden: fc.boolean(),
          wideFirst: fc.boolean(),
        }),
      },
      { weight: 3, arbitrary: fc.record({ what: fc.constant('message' as const) }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant('move' as const), client, wide: fc.boolean() }) },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('block' as const), client }) },
      {
        weight: 2,
        arbitrary: fc.record({
          what: fc.constant('take' as const),
          client,
          bytes: fc.integer({ min: 1, max: 400 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ what: fc.constant('turn' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const place = new Workplace();
        const { hub } = place;
        const view = makeView('view-1');
        const outlets = [place.connect(), place.connect(), place.connect(view), place.connect(view)];
        const startsWide = [false, false, true, true];
        const moves: boolean[][] = outlets.map(() => []);
        const moving = outlets.map(() => Promise.resolve());
        const files: { readonly path: string; readonly hidden: boolean }[] = [];
        const answers: ReturnType<typeof hub.broadcasts.answer>[] = [];
        const pending: Promise<unknown>[] = [];
        for (const [at, it] of steps.entries()) {
          if (it.what === 'batch') {
            const paths = Array.from({ length: it.pieces }, (_, piece) => `${at}/${piece}`);
            for (const path of paths) files.push({ path, hidden: it.hidden });
            const both = it.wideFirst ? [view, undefined] : [undefined, view];
            pending.push(place.batch(paths, it.hidden ? [view] : both));
          } else if (it.what === 'message') {
            answers.push(
              hub.broadcasts.answer(
                hub.publish({ topic: 'm', from: 'test', data: answers.length }),
                patiently,
              ),
            );
          } else if (it.what === 'move') {
            moves[it.client]?.push(it.wide);
            const id = moves[it.client]?.length ?? 0;
            const outlet = outlets[it.client] as Outlet;
            moving[it.client] = (moving[it.client] ?? Promise.resolve()).then(() =>
              place.subscribe(outlet, id, it.wide ? view : undefined),
            );
          } else if (it.what === 'block') (outlets[it.client] as Outlet).room = 1;
          else if (it.what === 'take') outlets[it.client]?.take(it.bytes);
          else await nextTurn();
        }
        let isDone = false;
        void Promise.all([...pending, ...moving, ...answers]).then(() => {
          isDone = true;
        });
        await until('all of it', () => {
          for (const outlet of outlets) outlet.take();
          return isDone;
        });
        await nextTurn();

        // Each message was for everybody, and everybody has it.
        for (const answer of await Promise.all(answers)) {
          expect(answer).toMatchObject({ matched: 4, delivered: 4, lagging: 0 });
        }
        const visible = files.filter(({ hidden }) => !hidden).map(({ path }) => path);
        const isHidden = new Map(files.map(({ path, hidden }) => [path, hidden]));
        const order = new Map(files.map(({ path }, index) => [path, index]));
        for (const [index, outlet] of outlets.entries()) {
          expect(outlet.data).toEqual(answers.map((_, number) => number));
          const frames = outlet.frames.filter(({ type }) => type === 'file');
          const seen = frames.flatMap(pathsOf);
          expect(seen.filter((path) => isHidden.get(path) === false)).toEqual(visible);
          expect(new Set(seen).size).toBe(seen.length);
          const stretches = stretchesOf(outlet);
          expect(stretches).toHaveLength((moves[index]?.length ?? 0) + 1);
          for (const [number, stretch] of stretches.entries()) {
            const isWide = number === 0 ? startsWide[index] : moves[index]?.[number - 1];
            for (const frame of stretch) expect(epochOf(frame) === 'default').toBe(!isWide);
            const seqs = stretch.map(seqOf);
            expect(seqs).toEqual(seqs.map((_, ordinal) => (seqs[0] ?? 0) + ordinal));
            const paths = stretch.filter(({ type }) => type === 'file').flatMap(pathsOf);
            if (!isWide) expect(paths.some((path) => isHidden.get(path))).toBe(false);
            // In a wide view nothing between the first and the last is missing.
            const numbers = paths.map((path) => order.get(path) ?? -1);
            if (isWide) expect(numbers).toEqual(numbers.map((_, ordinal) => (numbers[0] ?? 0) + ordinal));
          }
          // The pieces of a batch stand together.
          for (const [at, frame] of outlet.frames.entries()) {
            if (frame['more'] === true) expect(outlet.frames[at + 1]?.['type']).toBe('file');
          }
        }
        for (const outlet of outlets) outlet.close(1000);
        await nextTurn();
        expect([...place.holds.values()]).toEqual([0]);
        hub.close(1001, 'the test is over');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a wide view', () => {
  const changed = (outlet: Outlet): string[] =>
    outlet.frames.filter(({ type }) => type === 'file').flatMap(pathsOf);

  it('has its changes to itself: nobody else is written to, and the default journal stays as it is', async () => {
    const place = new Workplace();
    const view = makeView('view-1');
    const others = [
      place.connect(),
      place.connect(makeView('view-2')),
      place.connect(undefined, {}, { match: ['**'] }),
    ];
    const outlet = place.connect(view);
    const before = others.map(({ text }) => text);
    await place.batch(['dist/a', 'dist/b'], [view]);
    await nextTurn();
    expect(changed(outlet)).toEqual(['dist/a', 'dist/b']);
    expect(others.map(({ text }) => text)).toEqual(before);
    expect(place.journal.headSeq).toBe(0);
  });

  it('is resumed by its own cursors alone, and by none once it has ended', async () => {
    const place = new Workplace();
    const view = makeView('view-1');
    const first = place.connect(view);
    await place.batch(['dist/a'], [view]);
    await place.batch(['dist/b'], [view]);
    await nextTurn();
    const [, at] = first.frames as [Frame, Frame];
    const since = { epoch: epochOf(at), seq: seqOf(at) };
    first.close(1000);
    await nextTurn();
    expect(place.holds.get(view)).toBe(0);
    const resumed = place.connect(view, { since });
    await nextTurn();
    expect(resumed.frames[0]).toMatchObject({ type: 'hello', resumed: true, cursor: at['cursor'] });
    expect(changed(resumed)).toEqual(['dist/b']);
    const elsewhere = place.connect(undefined, { since });
    const wrong = place.connect(view, { since: { epoch: 'default', seq: 0 } });
    for (const { frames } of [elsewhere, wrong]) {
      expect(frames.slice(0, 2)).toMatchObject([
        { type: 'hello', resumed: false },
        { type: 'gap', reason: 'epoch' },
      ]);
    }
    place.hub.viewEnded(view);
    const late = place.connect(makeView('view-2'), { since });
    expect(late.frames[1]).toMatchObject({ type: 'gap', reason: 'epoch' });
    expect(changed(late)).toEqual([]);
  });

  it('ends with its journal, and for the clients that are still in it', async () => {
    const place = new Workplace();
    const view = makeView('view-1');
    const { hub } = place;
    const alone = hub.held.limitBytes;
    const outlet = place.connect(view);
    expect(hub.held.limitBytes).toBe(alone + limits.wideJournalBytes);
    hub.viewEnded(view);
    expect(hub.held.limitBytes).toBe(alone);
    expect(outlet.closed).toEqual([1001]);
    await nextTurn();
    expect(hub.registry.size).toBe(0);
    expect(await hub.broadcasts.answer(hub.publish({ topic: 'm', from: 'test', data: 1 }))).toMatchObject({
      matched: 0,
    });
  });

  it('gets the gap of a recrawl with all others, or alone', async () => {
    const place = new Workplace();
    const view = makeView('view-1');
    const outlets = [place.connect(), place.connect(view)];
    await place.hub.enterRecrawl(view);
    await place.hub.enterRecrawl();
    await nextTurn();
    expect(outlets.map(({ frames }) => frames.filter(({ type }) => type === 'gap').length)).toEqual([1, 2]);
  });

  it('gives its own cursors to those who publish from it', async () => {
    const place = new Workplace();
    const { hub } = place;
    const view = makeView('view-1');
    const outlet = place.connect(view);
    await place.batch(['dist/a'], [view]);
    const broadcast = hub.publish({ topic: 'm', from: 'test', data: 1 });
    const own = await hub.broadcasts.answer(broadcast, undefined, () =>
      hub.journalOf(outlet.client as Member),
    );
    expect(own.cursor).toBe(outlet.frames.at(-1)?.['cursor']);
    expect(await hub.broadcasts.answer(broadcast)).toMatchObject({ cursor: 'default:1' });
  });

  it('counts a message that waits there behind a batch, and the default view does not wait', async () => {
    const place = new Workplace();
    const { hub } = place;
    const view = makeView('view-1');
    const [plain, wide] = [place.connect(), place.connect(view)];
    const entered = place.batch(['dist/a', 'dist/b', 'dist/c', 'dist/d'], [view]);
    await nextTurn();
    const answer = hub.broadcasts.answer(hub.publish({ topic: 'm', from: 'test', data: 'now' }));
    await nextTurn();
    expect(plain.data).toEqual(['now']);
    expect(wide.data).toEqual([]);
    expect(await answer).toMatchObject({ matched: 2, delivered: 2, lagging: 0 });
    await entered;
    expect(wide.frames.slice(1).map(({ type }) => type)).toEqual(['file', 'file', 'file', 'file', 'message']);
  });
});

describe('a client that never catches up', () => {
  it('moves to another view all the same, and gets a gap for what it missed', async () => {
    const place = new Workplace();
    const { hub } = place;
    const view = makeView('view-1');
    const outlet = place.connect();
    outlet.room = 1;
    let isMoved = false;
    const large = 'x'.repeat(300_000);
    const post = (): unknown => hub.publish({ topic: 'm', from: 'test', data: large });
    post();
    await nextTurn();
    void place.subscribe(outlet, 1, view)?.then(() => {
      isMoved = true;
    });
    // It takes one, and by then there are two more.
    for (let number = 0; !isMoved && number < 100; number++) {
      post();
      post();
      await nextTurn();
      outlet.take(1 - outlet.room);
      await nextTurn();
    }
    expect(isMoved).toBe(true);
    outlet.take();
    const types = outlet.frames.map(({ type }) => type);
    expect(types.slice(types.indexOf('ack'))).toEqual(['ack', 'gap']);
    expect(outlet.frames.at(-1)).toMatchObject({ reason: 'slow' });
    expect(outlet.frames.at(-1)?.['missed']).toBeGreaterThan(0);
    outlet.close(1000);
    await nextTurn();
    expect(place.holds.get(view)).toBe(0);
  });
});

describe('a client that leaves while it is about to move', () => {
  it('releases both views', async () => {
    const place = new Workplace();
    const views = [makeView('view-1'), makeView('view-2')] as const;
    const outlet = place.connect(views[0]);
    outlet.room = 1;
    place.hub.publish({ topic: 'm', from: 'test', data: 1 });
    await nextTurn();
    void place.subscribe(outlet, 1, views[1]);
    expect(views.map((view) => place.holds.get(view))).toEqual([1, 1]);
    outlet.close(1000);
    await nextTurn();
    expect(views.map((view) => place.holds.get(view))).toEqual([0, 0]);
  });
});
