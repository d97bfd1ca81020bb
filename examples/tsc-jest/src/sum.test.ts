import { expect, it } from '@jest/globals';
import { sum } from './sum.js';

it('adds numbers', () => {
  expect(sum(1, 2, 3)).toBe(6);
});
