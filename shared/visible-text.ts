// A file name or a message may hold anything; printed as it is, it could move the cursor, retitle the
// window, answer a query as if typed, or turn the text around (CVE-2021-42574). So what is printed for
// people has every such character replaced by what it would be in a string literal.

/**
 * C0 and C1 controls with DEL, the line and paragraph separators, the marks that change the direction of
 * text, and halves of surrogate pairs. Joiners stay: emoji and several scripts need them, and they move
 * nothing.
 */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function hexEscape(character: string): string {
  const code = character.charCodeAt(0);
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

/** `text` on one line and harmless to a terminal: `\n`, `\x1b`, `\u202e` stand for what they name. */
export function visibleText(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? hexEscape(character));
}

/** How picocolors sets and ends colours, bold and dim. Not what hides text, nor anything that moves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of our own colours
const paint = /(\u001b\[(?:0|1|2|22|3[0-79]|9[0-7])m)/;

/**
 * {@link visibleText} for a line that we put together ourselves.
 * @param painted whether its colours stay
 */
export function visibleLine(text: string, painted: boolean): string {
  if (!painted) return visibleText(text);
  // Every other piece is a sequence that was split at.
  return text
    .split(paint)
    .map((piece, index) => (index % 2 === 1 ? piece : visibleText(piece)))
    .join('');
}

/** JSON text of the same value that is harmless to a terminal: such characters only occur in strings. */
export function visibleJson(text: string): string {
  return text.replace(unsafe, unicodeEscape);
}

/** A piece of a text: as it is, or what stands for characters that can't be shown. */
export interface VisiblePiece {
  readonly text: string;
  readonly escaped: boolean;
}

/** {@link visibleText} in pieces, for those who can show that an escape is none of the text's own. */
export function visiblePieces(text: string): VisiblePiece[] {
  const pieces: VisiblePiece[] = [];
  let end = 0;
  for (const match of text.matchAll(unsafe)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), escaped: false });
    end = match.index + match[0].length;
    pieces.push({ text: visibleText(match[0]), escaped: true });
  }
  if (end < text.length) pieces.push({ text: text.slice(end), escaped: false });
  return pieces;
}
