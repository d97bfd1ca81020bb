import { performance } from 'node:perf_hooks';
import { expect, it } from '@jest/globals';
import { SliceClock } from './index.ts';

/** The turn of the loop that is under way, as the loop itself counts them. */
const turnNow = (): number => performance.nodeTiming.uvMetricsInfo.loopCount;

it('gives all that pause one slice a turn together, and each its share', async () => {
  const slices: { turn: number; task: number }[] = [];
  const work = async (task: number): Promise<void> => {
    const clock = new SliceClock(1);
    for (let slice = 0; slice < 6; slice++) {
      await clock.pause();
      slices.push({ turn: turnNow(), task });
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, task) => work(task)));
  const turns = slices.map(({ turn }) => turn);
  expect(new Set(turns).size).toBe(turns.length);
  // Nobody has a second slice before all have had their first.
  for (let round = 0; round < 6; round++)
    expect(new Set(slices.slice(round * 10, round * 10 + 10).map(({ task }) => task)).size).toBe(10);
});
