import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wholeLines } from './whole-lines.ts';

async function* each(chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks;
}

async function linesOf(chunks: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const lines of wholeLines(each(chunks))) all.push(...lines);
  return all;
}

describe('wholeLines', () => {
  it('gives the same lines however the text is cut', async () => {
    const text = fc.array(fc.constantFrom('a', 'b\u2028', '\n', '\r'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          text.map((parts) => parts.join('')),
          { maxLength: 8 },
        ),
        async (chunks) => {
          const whole = chunks.join('');
          const wanted = whole.split('\n');
          // What no line break follows.
          wanted.pop();
          expect(await linesOf(chunks)).toEqual(wanted);
        },
      ),
    );
  });
});
