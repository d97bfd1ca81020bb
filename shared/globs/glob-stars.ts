// What two stars mean in a glob: they are any number of directories only where they stand alone between slashes.
import { anything, below, choice, directories, end, type Pattern, sequence, slash } from './pattern.ts';

/** What stands before: it decides what stars mean, and question marks and plus signs behind a group. */
export type Token =
  | 'start'
  | 'slash'
  | 'star'
  | 'globstar'
  | 'dot'
  | 'open'
  | 'group'
  | 'repeated'
  | 'brace'
  | 'class'
  | 'comma'
  | 'text';

/** Two stars, and what is around them. */
export interface TwoStars {
  readonly glob: string;
  /** Where what follows them begins. */
  readonly at: number;
  /** What is before them, and before that. */
  readonly before: Token;
  readonly further: Token;
  /** The brackets that they are in. */
  readonly open: readonly ('paren' | 'brace')[];
  /** Whether one of these is a `!(…)`. */
  readonly negating: boolean;
}

/** What they stand for. */
export interface Globstar {
  readonly pattern: Pattern;
  /** Where the glob goes on. */
  readonly at: number;
  /** Whether the slash before them is in the pattern, and so is one behind them. */
  readonly takesSlash: boolean;
  readonly endsWithSlash: boolean;
}

/** @returns undefined if the two stars are no more than one */
export function globstarAt(stars: TwoStars): Globstar | undefined {
  const { glob, before, further, open } = stars;
  const inBraces = open.includes('brace');
  const separated = inBraces && (before === 'comma' || before === 'brace');
  if (!separated && !['start', 'slash', 'open', 'group', 'repeated'].includes(before)) return undefined;
  let { at } = stars;
  // Several in a row say no more than one.
  while (glob.startsWith('/**', at) && (glob[at + 3] ?? '/') === '/') at += 3;
  const rest = glob.slice(at);
  const inDirectory = before === 'slash' && further !== 'start';
  if (rest.startsWith('/') && before === 'start') {
    return { pattern: directories, at: at + 1, takesSlash: false, endsWithSlash: true };
  }
  if (rest.startsWith('/') && inDirectory) {
    const deeper = sequence(slash, directories);
    // What follows can only match nothing, so that the directory itself matches, if it is stars or a group.
    const maybeNothing = /^\/(\*\*|[?*+!@]?\(|\{)/.test(rest);
    const pattern = maybeNothing ? choice(deeper, end) : deeper;
    return { pattern, at: at + 1, takesSlash: true, endsWithSlash: true };
  }
  const parens = open.filter((kind) => kind === 'paren').length;
  const atEnd = rest === '' || (parens > 0 && rest === ')'.repeat(parens) && !stars.negating);
  if (inDirectory && further !== 'star' && further !== 'globstar' && atEnd) {
    return { pattern: below, at, takesSlash: true, endsWithSlash: false };
  }
  const alone = inBraces ? /^($|[/(){},]|@\()/ : /^($|[/(){]|@\()/;
  return alone.test(rest) ? { pattern: anything, at, takesSlash: false, endsWithSlash: false } : undefined;
}
