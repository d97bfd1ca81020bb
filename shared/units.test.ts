import { describe, expect, it } from '@jest/globals';
import { countOf, formatBytes, formatDuration } from './units.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [16 * 1024 * 1024, '16 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [5000 * 1024 ** 4, '5000 TiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [999.9, '999 ms'],
    [1_000, '1 s'],
    [1_500, '1.5 s'],
    [9_999, '9.9 s'],
    [10_999, '10 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [11_520_000, '3 h 12 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe('countOf', () => {
  it('takes the plural for all but one', () => {
    expect([0, 1, 2].map((count) => countOf(count, 'event'))).toEqual(['0 events', '1 event', '2 events']);
  });
});
