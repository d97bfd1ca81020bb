import { describe, expect, it } from '@jest/globals';
import { foldOf, NameForms } from './name-forms.ts';

const composed = 'caf\u00e9';
const decomposed = 'cafe\u0301';

it.each([
  [composed, decomposed],
  ['README', 'readme'],
  ['CAFE\u0301', composed],
  ['ΟΔΟΣ', 'οδος'],
  ['οδοσ', 'οδος'],
  ['STRASSE', 'straße'],
  ['ϴ', 'θ'],
])('%s and %s fold to the same', (a, b) => {
  expect(foldOf(a)).toBe(foldOf(b));
});

it.each([
  ['a', 'b'],
  ['cafe', composed],
  ['a', 'a '],
])('%s and %s do not', (a, b) => {
  expect(foldOf(a)).not.toBe(foldOf(b));
});

/** The same names, at once and in steps. */
function bothWays(names: readonly string[]): [string, NameForms][] {
  const steps = NameForms.of(names);
  for (;;) {
    const step = steps.next();
    if (step.done === true)
      return [
        ['at once', new NameForms(names)],
        ['in steps', step.value],
      ];
  }
}

describe.each(bothWays(['Makefile', composed, 'x', 'X']))('a name among others, taken %s,', (_how, forms) => {
  it('is found in any form', () => {
    expect(['makefile', 'MAKEFILE', decomposed].map((name) => forms.find(name))).toEqual([
      'Makefile',
      'Makefile',
      composed,
    ]);
  });

  it('is not guessed at where several have that form, or none', () => {
    expect(['x', 'X', 'y'].map((name) => forms.find(name))).toEqual([undefined, undefined, undefined]);
  });
});

it('many names are taken in steps', () => {
  const names = Array.from({ length: 1000 }, (_unused, index) => `Name${index}`);
  const steps = NameForms.of(names);
  let rests = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) rests += 1;
  expect(rests).toBe(3);
  expect([0, 255, 256, 999].map((index) => step.value?.find(`name${index}`))).toEqual([
    'Name0',
    'Name255',
    'Name256',
    'Name999',
  ]);
});
