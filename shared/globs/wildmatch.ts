// The patterns of .gitignore lines, as git's wildmatch reads them, byte by byte: texts here are bytes as Latin-1.
import { type CharSet, charSet, complement, notSlash, posixClass, union, withoutSlash } from './char-set.ts';
import { anything, directories, literal, type Pattern, sequence, star, unit } from './pattern.ts';

const special = /[*?[\\]/;

/** How much of a pattern, from its beginning, stands for itself. */
export function literalLength(pattern: string): number {
  const at = pattern.search(special);
  return at === -1 ? pattern.length : at;
}

/** A class's set and where it ends; undefined if it is not closed or names a class that does not exist. */
function readClass(pattern: string, start: number): { set: CharSet; end: number } | undefined {
  const sets: CharSet[] = [];
  let at = start + 1;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at += 1;
  let before: number | undefined;
  for (let first = true; first || pattern[at] !== ']'; first = false) {
    if (at >= pattern.length) return undefined;
    if (pattern[at] === '-' && before !== undefined && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      at += 1;
      if (pattern[at] === '\\') at += 1;
      if (at >= pattern.length) return undefined;
      const last = pattern.charCodeAt(at++);
      if (last >= before) sets.push(charSet([[before, last]]));
      before = undefined;
      continue;
    }
    if (pattern.startsWith('[:', at)) {
      const close = pattern.indexOf(']', at + 2);
      if (close === -1) return undefined;
      if (close > at + 2 && pattern[close - 1] === ':') {
        const set = posixBytes(pattern.slice(at + 2, close - 1));
        if (set === undefined) return undefined;
        sets.push(set);
        before = undefined;
        at = close + 1;
        continue;
      }
    }
    if (pattern[at] === '\\') at += 1;
    if (at >= pattern.length) return undefined;
    before = pattern.charCodeAt(at++);
    sets.push([before, before]);
  }
  const set = union(sets);
  return { set: withoutSlash(negated ? complement(set) : set), end: at + 1 };
}

/** git's classes: no `ascii` and no `word`, and no line breaks among the spaces but those of C's isspace. */
function posixBytes(name: string): CharSet | undefined {
  return name === 'ascii' || name === 'word' ? undefined : posixClass(name);
}

/**
 * The pattern of a path, as wildmatch matches it where stars do not cross slashes.
 * @returns undefined if it can match nothing
 */
export function wildmatchPattern(text: string): Pattern | undefined {
  const literalEnd = literalLength(text);
  const items: Pattern[] = literal(text.slice(0, literalEnd));
  for (let at = literalEnd; at < text.length; ) {
    const character = text[at];
    if (character === '*') {
      let end = at;
      while (text[end] === '*') end += 1;
      at = addStars(items, text, { from: at, end, first: literalEnd });
    } else if (character === '?') {
      items.push(unit(notSlash));
      at += 1;
    } else if (character === '[') {
      const found = readClass(text, at);
      if (found === undefined) return undefined;
      items.push(unit(found.set));
      at = found.end;
    } else {
      if (character === '\\') at += 1;
      // Escapes nothing.
      if (at >= text.length) return undefined;
      items.push(...literal(text.charAt(at)));
      at += 1;
    }
  }
  return sequence(...items);
}

/** @returns where the pattern goes on */
function addStars(
  items: Pattern[],
  text: string,
  stars: { from: number; end: number; first: number },
): number {
  const { from, end, first } = stars;
  // git looks at what is literal at the beginning apart: two stars behind it count as at the beginning.
  const begins = from === first || text[from - 1] === '/';
  const ends = end === text.length || text[end] === '/' || text.startsWith('\\/', end);
  if (end - from === 1 || !begins || !ends) {
    items.push(star);
    return end;
  }
  if (text[end] === '/') {
    items.push(directories);
    return end + 1;
  }
  items.push(anything);
  return end;
}
