import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { messageText } from './event-text.ts';
import { isNestedDeeper, jsonText } from './json-text.ts';
import { limits } from './limits.ts';

/** `value` inside as many arrays and objects by turns. */
function nested(value: unknown, levels: number): unknown {
  let whole = value;
  for (let level = 0; level < levels; level++) {
    whole = level % 2 === 0 ? [0, whole, 'x'] : { before: null, at: whole, after: {} };
  }
  return whole;
}

describe('isNestedDeeper', () => {
  it.each([0, 1, 2, 100])('counts arrays and objects to %d levels', (levels) => {
    expect(isNestedDeeper(nested('x', levels), levels)).toBe(false);
    expect(isNestedDeeper(nested('x', levels + 1), levels)).toBe(true);
  });

  it('looks at every member', () => {
    expect(isNestedDeeper([1, 'x', { a: [], b: [[1]] }], 3)).toBe(true);
    expect(isNestedDeeper([1, 'x', { a: [], b: [1] }], 3)).toBe(false);
  });

  it('looks into what no stack holds', () => {
    expect(isNestedDeeper(JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`), 100)).toBe(true);
  });
});

describe('jsonText', () => {
  it('is what JSON.stringify gives, however deep the value is', async () => {
    await fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 90, 300), (value, levels) => {
        const whole = nested(value, levels);
        expect(jsonText(whole)).toBe(JSON.stringify(whole));
      }),
    );
  });

  it('writes what JSON.stringify has no stack for', () => {
    const text = `${'[{"a":'.repeat(50_000)}"b"${'}]'.repeat(50_000)}`;
    expect(jsonText(JSON.parse(text))).toBe(text);
    expect(messageText(JSON.parse(text))).toBe(text);
  });

  it('leaves data that the agent accepts to JSON.stringify', () => {
    const deepest = nested(1, limits.dataDepth);
    expect(jsonText(deepest)).toBe(JSON.stringify(deepest));
  });
});
