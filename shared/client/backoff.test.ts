import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles up to two seconds and starts anew after a good connection', () => {
    const backoff = new Backoff();
    const delays = Array.from({ length: 7 }, () => Math.round(backoff.next(0.999_999)));
    expect(delays).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    backoff.reset();
    expect(Math.round(backoff.next(0.999_999))).toBe(100);
  });

  it('leaves half of each delay to chance', () => {
    expect(new Backoff().next(0)).toBe(50);
    expect(new Backoff().next(0.5)).toBe(75);
  });
});
