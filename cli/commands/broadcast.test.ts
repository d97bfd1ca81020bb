import { describe, expect, it } from '@jest/globals';
import { countsOf, describeDelivery } from './broadcast.ts';

describe('describeDelivery', () => {
  it('says how many got it', () => {
    expect(describeDelivery({ cursor: 'm3k9:1044', matched: 3, delivered: 3, lagging: 0 })).toBe(
      'delivered to 3 of 3 clients (m3k9:1044)',
    );
  });

  it('says how many are behind it', () => {
    expect(describeDelivery({ cursor: 'm3k9:1044', matched: 3, delivered: 2, lagging: 1 })).toBe(
      'delivered to 2 of 3 clients (m3k9:1044) — 1 lagging',
    );
  });
});

describe('countsOf', () => {
  it('finds the counts in a problem, or nothing', () => {
    const counts = { cursor: 'm3k9:1044', matched: 3, delivered: 2, lagging: 1 };
    expect(countsOf({ status: 504, detail: '1 lags', ...counts })).toEqual(counts);
    expect(countsOf({ status: 504, detail: '1 lags' })).toBeUndefined();
  });
});
