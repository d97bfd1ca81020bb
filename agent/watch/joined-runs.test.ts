import { expect, it } from '@jest/globals';
import { JoinedRuns } from './joined-runs.ts';

/** Runs that end on request. */
function controlled(): { joined: JoinedRuns<number>; ends: ((error?: Error) => void)[] } {
  const ends: ((error?: Error) => void)[] = [];
  const joined = new JoinedRuns(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = ends.length;
        ends.push((error) => (error === undefined ? resolve(number) : reject(error)));
      }),
  );
  return { joined, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('gives calls that come during a run the next one, and all of them the same', async () => {
  const { joined, ends } = controlled();
  const first = joined.run();
  const others = Array.from({ length: 1000 }, () => joined.run());
  expect(ends.length).toBe(1);
  ends[0]?.();
  expect(await first).toBe(0);
  await turn();
  expect(ends.length).toBe(2);
  // That one has begun before this call.
  const late = joined.run();
  ends[1]?.();
  expect(new Set(await Promise.all(others))).toEqual(new Set([1]));
  await turn();
  ends[2]?.();
  expect(await late).toBe(2);
  await turn();
  const afresh = joined.run();
  ends[3]?.();
  expect(await afresh).toBe(3);
});

it('goes on after a run that failed, and tells only those whose run it was', async () => {
  const { joined, ends } = controlled();
  const first = joined.run();
  const second = joined.run();
  ends[0]?.(new Error('no inode'));
  await expect(first).rejects.toThrow('no inode');
  await turn();
  ends[1]?.();
  expect(await second).toBe(1);
});
