// `[…]` in a glob.
import { type CharSet, charSet, complement, posixClass, union, withoutSlash } from './char-set.ts';
import { GlobError } from './glob-error.ts';
import { choice, literal, type Pattern, sequence, unit } from './pattern.ts';

/** Characters in a class by which it is certainly meant as one: without any, its own text matches, too. */
const certainlyClass = /[-*+?.^${}(|)[\]]/;

/**
 * Where the class that begins at `start` ends: at the index of its `]`; undefined if nothing closes it.
 * A `]` right at its beginning is one of its characters.
 */
export function classEnd(glob: string, start: number): number | undefined {
  let at = start + 1;
  if (glob[at] === '!' || glob[at] === '^') at += 1;
  if (glob[at] === ']') at += 1;
  for (; at < glob.length; at++) {
    if (glob[at] === ']') return at;
    if (glob[at] === '\\') at += 1;
    else if (glob.startsWith('[:', at)) {
      const named = /^\[:[a-z]*:\]/.exec(glob.slice(at, at + 12));
      if (named !== null) at += named[0].length - 1;
    }
  }
  return undefined;
}

/**
 * The pattern of a class.
 * @param text with its brackets
 * @throws GlobError for a range that runs backwards, or a POSIX class that does not exist
 */
export function classPattern(text: string): Pattern {
  const content = text.slice(1, -1);
  const negated = content.startsWith('!') || content.startsWith('^');
  const sets: CharSet[] = [];
  let at = negated ? 1 : 0;
  /** The character at `at`, and where the next one begins. */
  const read = (): number => {
    if (content[at] === '\\' && at + 1 < content.length) at += 1;
    return content.charCodeAt(at++);
  };
  while (at < content.length) {
    const named = content.startsWith('[:', at) ? /^\[:([a-z]*):\]/.exec(content.slice(at, at + 12)) : null;
    if (named !== null) {
      const set = posixClass(named[1] ?? '');
      if (set === undefined) throw new GlobError(`has no class ${named[0]}: write one such as [:alpha:]`);
      sets.push(set);
      at += named[0].length;
      continue;
    }
    const first = read();
    if (content[at] !== '-' || at + 1 >= content.length) {
      sets.push([first, first]);
      continue;
    }
    at += 1;
    const last = read();
    if (last < first)
      throw new GlobError(`has a range that runs backwards in ${text}: write the smaller end first`);
    sets.push(charSet([[first, last]]));
  }
  const set = union(sets);
  if (negated) return unit(withoutSlash(complement(set)));
  return certainlyClass.test(content) ? unit(set) : choice(unit(set), sequence(...literal(text)));
}
