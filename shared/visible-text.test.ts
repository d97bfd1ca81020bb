import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { visibleJson, visiblePieces, visibleText } from './visible-text.ts';

describe('visibleText', () => {
  it('shows escape sequences as text', () => {
    expect(visibleText('\u001b]0;owned\u0007')).toBe('\\x1b]0;owned\\x07');
  });

  it('shows the C1 controls, which are escape sequences in one character', () => {
    expect(visibleText('\u009b31m\u0085\u007f')).toBe('\\x9b31m\\x85\\x7f');
  });

  it('shows marks that turn the direction of text', () => {
    expect(visibleText('exe\u202Etxt.\u2066a\u2069\u200f\u061c')).toBe(
      'exe\\u202etxt.\\u2066a\\u2069\\u200f\\u061c',
    );
  });

  it('keeps one line one line', () => {
    expect(visibleText('a\nb\rc\td\u2028e\u2029')).toBe('a\\nb\\rc\\td\\u2028e\\u2029');
  });

  it('shows halves of surrogate pairs and leaves whole ones alone', () => {
    expect(visibleText('\ud83d 😀 \ude00')).toBe('\\ud83d 😀 \\ude00');
  });

  it('leaves ordinary text of any script as it is', () => {
    const text = 'src/naïve – 文件 – ملف – 👩‍💻.ts';
    expect(visibleText(text)).toBe(text);
  });

  it('lets no control character through, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleText(text)).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Cs}/u);
      }),
    );
  });
});

describe('visibleJson', () => {
  it('is JSON of the same value without anything that drives a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = visibleJson(JSON.stringify({ [text]: text }));
        expect(JSON.parse(json)).toEqual({ [text]: text });
        expect(json).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
      }),
    );
  });
});

describe('visiblePieces', () => {
  it('tells escapes from text that looks like one', () => {
    expect(visiblePieces('a\\n\n\u202eb')).toEqual([
      { text: 'a\\n', escaped: false },
      { text: '\\n', escaped: true },
      { text: '\\u202e', escaped: true },
      { text: 'b', escaped: false },
    ]);
  });

  it('is the visible text, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(
          visiblePieces(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(visibleText(text));
      }),
    );
  });
});
