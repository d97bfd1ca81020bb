// How bash cuts a command line into words for completion, and how words that are offered to it are quoted.

/** Characters at which readline begins a new word, by COMP_WORDBREAKS, beside blanks and what ends a command. */
const breaks = /^[=:]+$/;

/** A word as it was typed. */
interface Typed {
  /** What it means to the shell. */
  readonly text: string;
  /** The quote that is open at its end. */
  readonly quote: '"' | "'" | '';
}

/** Reads a word as bash does, as far as completion is concerned: quotes and backslashes, no expansions. */
function unquoted(raw: string): Typed {
  let text = '';
  let quote: Typed['quote'] = '';
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at] ?? '';
    const next = raw[at + 1] ?? '';
    if (character === '\\' && quote !== "'") {
      const isPlain = quote === '"' && !'"\\$`'.includes(next);
      text += isPlain ? character + next : next;
      at += 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else text += character;
  }
  return { text, quote };
}

function quoted(text: string, quote: Typed['quote']): string {
  if (quote === "'") return text.replaceAll("'", `'\\''`);
  if (quote === '"') return text.replaceAll(/["\\$`]/g, '\\$&');
  // Everything that is not known to mean itself.
  return text.replaceAll(/[^\p{L}\p{N}\p{M}_./:=@%+,-]/gu, '\\$&');
}

/** The words of a line, the last one being completed. */
export interface BashLine {
  readonly before: readonly string[];
  readonly current: string;
  /** The text of a word that is offered, as bash is to put it in; undefined for one that does not fit. */
  reply(value: string): string | undefined;
}

/**
 * Puts together what bash took apart.
 * @param pieces COMP_WORDS up to the one at COMP_CWORD, without the program: bash makes three of `--root=/app`,
 *   and replaces only the last
 */
export function bashLine(pieces: readonly string[]): BashLine {
  const words: string[] = [];
  let last = '';
  let glue = false;
  for (const piece of pieces) {
    const isBreak = breaks.test(piece);
    if ((isBreak || glue) && words.length > 0) words.push(`${words.pop()}${piece}`);
    else words.push(piece);
    last = isBreak ? '' : piece;
    glue = isBreak;
  }
  const raw = words.pop() ?? '';
  const { text: current } = unquoted(raw);
  const kept = unquoted(raw.slice(0, raw.length - last.length)).text;
  const { quote } = unquoted(last);
  return {
    before: words.map((word) => unquoted(word).text),
    current,
    reply: (value) => (value.startsWith(current) ? quoted(value.slice(kept.length), quote) : undefined),
  };
}
