import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closestWord, editDistance } from './suggestion.ts';

describe('editDistance', () => {
  it.each([
    ['tail', 'tail', 0],
    ['tial', 'tail', 1],
    ['tal', 'tail', 1],
    ['tails', 'tail', 1],
    ['mail', 'tail', 1],
    ['', 'tail', 4],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is the same both ways and no more than the longer word', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (from, to) => {
        const distance = editDistance(from, to);
        expect(distance).toBe(editDistance(to, from));
        expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length));
        expect(distance === 0).toBe(from === to);
      }),
    );
  });
});

describe('closestWord', () => {
  const words = ['broadcast', 'tail', 'status', 'clients', 'stop', 'url'];

  it('finds what was mistyped', () => {
    expect(closestWord('brodcast', words)).toBe('broadcast');
    expect(closestWord('tial', words)).toBe('tail');
    expect(closestWord('client', words)).toBe('clients');
  });

  it('says nothing rather than something far off', () => {
    expect(closestWord('frobnicate', words)).toBeUndefined();
    expect(closestWord('x', words)).toBeUndefined();
  });
});
