import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import picocolors from 'picocolors';
import { paintedWidth, wrapLine } from './wrap.ts';

describe('wrapLine', () => {
  it('leaves a line alone that fits, or that has no width to fit', () => {
    expect(wrapLine('a b', 40, 2)).toEqual(['a b']);
    expect(wrapLine('x'.repeat(200), undefined, 2)).toEqual(['x'.repeat(200)]);
    expect(wrapLine('x'.repeat(40), 40, 2)).toEqual(['x'.repeat(40)]);
  });

  it('breaks between words, and begins what follows below the indent', () => {
    expect(wrapLine('one two three four five six seven', 24, 4)).toEqual([
      'one two three four five',
      '    six seven',
    ]);
    expect(wrapLine('one two three', 30, 4, 22)).toEqual(['one two', '    three']);
  });

  it('breaks a long path behind a slash, and what has none where the line ends', () => {
    expect(wrapLine('deep/in/the/tree/of/files/name.ts', 26, 2)).toEqual([
      'deep/in/the/tree/of/files/',
      '  name.ts',
    ]);
    expect(wrapLine('x'.repeat(30), 24, 2)).toEqual(['x'.repeat(24), `  ${'x'.repeat(6)}`]);
  });

  it('does not count what only paints', () => {
    const { red } = picocolors.createColors(true);
    const text = `${red('one two')} three`;
    expect(wrapLine(text, 23, 2, 10)).toEqual([text]);
    expect(paintedWidth(red('é日'))).toBe(3);
  });

  it('leaves the line to a terminal that is too narrow for better', () => {
    expect(wrapLine('one two three four five six', 20, 10)).toEqual(['one two three four five six']);
  });

  it('loses nothing and is never too wide', () => {
    const words = fc.array(fc.stringMatching(/^[a-z/日 ]{0,60}$/), { maxLength: 20 });
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 30, max: 90 }),
        fc.integer({ min: 0, max: 10 }),
        (all, columns, indent) => {
          const text = all.join(' ');
          const lines = wrapLine(text, columns, indent);
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
          for (const line of lines) expect(paintedWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});
