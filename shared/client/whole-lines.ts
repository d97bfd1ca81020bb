/**
 * The lines of a text that comes in chunks, without their ends: those that each chunk completes together.
 * What follows the last line break was cut off, and is no line. Not node:readline, which also ends lines at U+2028, and
 * JSON may hold that.
 */
export async function* wholeLines(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = chunk.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
}
