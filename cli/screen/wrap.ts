// Lines that fit a terminal: broken between words by us, not in the middle of one by the terminal.
import displayWidth from './display-width.ts';

/** Below this the breaks would be worse than what the terminal does. */
const leastRoomColumns = 20;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of our own colours
const paint = /\u001b\[[0-9;]*m/g;
/** An escape sequence, or one character. */
const piece = new RegExp(`${paint.source}|[^]`, 'gu');

/** How many columns text takes that may have been painted. */
export function paintedWidth(text: string): number {
  return displayWidth(text.replace(paint, ''));
}

/** What of a long word fits into `room` columns: up to a slash, if one is in the later half. */
function cutWord(word: string, room: number): [head: string, rest: string] {
  let columns = 0;
  let end = 0;
  let afterSlash = 0;
  for (const [part] of word.matchAll(piece)) {
    columns += paintedWidth(part);
    if (columns > room) break;
    end += part.length;
    if (part === '/' && columns > room / 2) afterSlash = end;
  }
  const cut = afterSlash || end;
  return [word.slice(0, cut), word.slice(cut)];
}

/**
 * `text` as lines of at most `columns` columns, those after the first with `indent` blanks before them.
 * @param text one line, which may be painted
 * @param columns undefined for no limit
 * @param startColumn where the first line begins
 */
export function wrapLine(
  text: string,
  columns: number | undefined,
  indent: number,
  startColumn = 0,
): string[] {
  if (columns === undefined || columns - indent < leastRoomColumns) return [text];
  if (startColumn + paintedWidth(text) <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  let used = startColumn;
  const breakLine = (): void => {
    lines.push(line.trimEnd());
    line = ' '.repeat(indent);
    used = indent;
  };
  for (const [index, whole] of text.split(' ').entries()) {
    let word = whole;
    const fits = used + 1 + paintedWidth(word) <= columns;
    const fitsBelow = paintedWidth(word) <= columns - indent;
    if (index > 0) {
      if (!fits && (fitsBelow || columns - used - 1 < leastRoomColumns)) breakLine();
      else {
        line += ' ';
        used += 1;
      }
    }
    while (used + paintedWidth(word) > columns) {
      const room = columns - used;
      if (room >= leastRoomColumns) {
        const [head, rest] = cutWord(word, room);
        line += head;
        word = rest;
      }
      breakLine();
    }
    line += word;
    used += paintedWidth(word);
  }
  return [...lines, line];
}
