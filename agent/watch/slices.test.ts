import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Slices } from './slices.ts';

const frame = { enter: () => true, leave: () => {} };

/** The turn of the loop that is under way, as the loop itself counts them. */
const turnNow = (): number => performance.nodeTiming.uvMetricsInfo.loopCount;

/** Work of so many steps of some milliseconds each; notes the turn in which each is done. */
function* work(steps: number, done: number[]): Generator<void, void> {
  for (let step = 0; step < steps; step++) {
    for (const endMs = performance.now() + 4; performance.now() < endMs; );
    done.push(turnNow());
    yield;
  }
}

it('gives all work together the time of one turn, and each its share', async () => {
  const slices = new Slices();
  const done: number[][] = Array.from({ length: 5 }, () => []);
  // Where slices begin their own turns: what began earlier in a turn gets its end as well.
  await nextTurn();
  await Promise.all(done.map((each) => slices.run(work(6, each), frame)));
  // Two steps use a turn up.
  const all = done.flat();
  for (const turn of all) expect(all.filter((other) => other === turn).length).toBeLessThanOrEqual(2);
  expect(new Set(all).size).toBeGreaterThanOrEqual(12);
  // None waits until another has come to its end.
  for (const each of done) expect(each[0]).toBeLessThan(Math.min(...done.map((other) => other.at(-1) ?? 0)));
});

it('does work that one task does in several parts without a turn between only as long as the turn has time', async () => {
  const slices = new Slices();
  const done: number[] = [];
  await nextTurn();
  for (let part = 0; part < 8; part++) await slices.run(work(1, done), frame);
  expect(new Set(done).size).toBeGreaterThanOrEqual(4);
});

it('does what fits into a turn at once', () => {
  let steps = 0;
  const short = function* (): Generator<void, void> {
    for (; steps < 10; steps++) yield;
  };
  void new Slices().run(short(), frame);
  expect(steps).toBe(10);
});

it('leaves the rest undone where it may not go on, and closes what is open', async () => {
  const slices = new Slices();
  const done: number[] = [];
  let isClosed = false;
  const open = function* (): Generator<void, void> {
    try {
      yield* work(100, done);
    } finally {
      isClosed = true;
    }
  };
  await slices.run(open(), { enter: () => done.length < 4, leave: () => {} });
  expect(isClosed).toBe(true);
  expect(done.length).toBeLessThan(10);
});
