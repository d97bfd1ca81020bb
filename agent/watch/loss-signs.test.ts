import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LossSigns, type LossVerdict } from './loss-signs.ts';

const queueLength = 1000;

describe('the signs of loss', () => {
  let verdicts: LossVerdict[];
  let signs: LossSigns;

  beforeEach(() => {
    verdicts = [];
    signs = new LossSigns(queueLength, (verdict) => verdicts.push(verdict));
  });
  afterEach(() => signs.close());

  function hints(count: number): void {
    for (let hint = 0; hint < count; hint++) signs.hint();
  }

  /** What the kernel does to a process that was stopped and goes on. */
  function goOn(): void {
    process.emit('SIGCONT', 'SIGCONT');
  }

  it('a quarter of the queue in one turn is possible loss, half of it is certain', () => {
    hints(249);
    expect(verdicts).toEqual([]);
    hints(1);
    expect(verdicts).toEqual(['possible']);
    hints(250);
    expect(verdicts).toEqual(['possible', 'certain']);
  });

  it('as many hints in many turns are no sign', async () => {
    for (let turn = 0; turn < 10; turn++) {
      hints(200);
      await nextTurn();
    }
    expect(verdicts).toEqual([]);
  });

  it('a hundred hints after the process was stopped are certain loss, fewer are not', async () => {
    goOn();
    hints(99);
    await nextTurn();
    expect(verdicts).toEqual([]);
    goOn();
    hints(100);
    expect(verdicts).toEqual(['certain']);
  });

  it.each([
    ['in the turn in which its hints come', async () => {}],
    ['in the turn after that', () => nextTurn()],
  ])('the news that the process goes on may come %s', async (_when, pass) => {
    hints(100);
    await pass();
    expect(verdicts).toEqual([]);
    goOn();
    expect(verdicts).toEqual(['certain']);
  });
});
