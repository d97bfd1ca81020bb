// Globs as picomatch reads them, with dot files like any others: `*`, `**`, `?`, classes, braces, extended globs
// and groups. Where its habits and its documentation differ, its habits are kept as long as they are not plainly
// faults, for people's globs were written against them; docs/protocol.md lists what differs.
import { notSlash } from './char-set.ts';
import { classPattern } from './glob-class.ts';
import { GlobError } from './glob-error.ts';
import { type Closers, closersOf, listsIn } from './glob-nesting.ts';
import { globstarAt, type Token } from './glob-stars.ts';
import { rangePattern } from './number-range.ts';
import {
  anything,
  choice,
  end,
  literal,
  optional,
  type Pattern,
  sequence,
  slash,
  star,
  unit,
} from './pattern.ts';

/** What an extended glob's own text holds, which decides how far `!(…)` looks. */
interface Inner {
  stars: number;
  slashes: number;
  tokens: number;
}

/** A dot and a star do not match a dot alone, nor two: those are directories' names for themselves. */
const notDotsAlone: Pattern = {
  kind: 'unless',
  body: sequence(optional(unit([0x2e, 0x2e])), choice(slash, end)),
};

class GlobParser {
  readonly #glob: string;
  readonly #closers: Closers;
  /** Whether it is only what comes behind a `!(…)`: then a dot at its beginning is not that of a name. */
  readonly #isRest: boolean;
  #at: number;
  #last: Token = 'start';
  #beforeLast: Token = 'start';
  readonly #open: ('paren' | 'brace')[] = [];
  readonly #inners: Inner[] = [];
  #negations = 0;
  #quoted = false;

  constructor(glob: string, from: number, isRest = false) {
    this.#glob = glob;
    this.#isRest = isRest;
    this.#at = from;
    this.#closers = closersOf(glob, from);
  }

  parse(): Pattern {
    return this.#options(this.#glob.length);
  }

  /** Parses up to `stop`, where the group is closed or the glob ends, at each `|` or `,` an option. */
  #options(stop: number): Pattern {
    const options: Pattern[] = [];
    let items: Pattern[] = [];
    const kind = this.#open.at(-1);
    while (this.#at < stop) {
      const character = this.#glob[this.#at];
      const separates =
        !this.#quoted &&
        ((character === '|' && kind !== undefined) || (character === ',' && kind === 'brace'));
      if (separates) {
        options.push(sequence(...items));
        items = [];
        this.#at += 1;
        this.#token(character === ',' ? 'comma' : 'text');
      } else this.#item(items, stop);
    }
    options.push(sequence(...items));
    return options.length === 1 ? (options[0] as Pattern) : choice(...options); // one was pushed
  }

  #token(token: Token): void {
    this.#beforeLast = this.#last;
    this.#last = token;
    const inner = this.#inners.at(-1);
    if (inner !== undefined) inner.tokens += 1;
  }

  #item(items: Pattern[], stop: number): void {
    const [glob, at] = [this.#glob, this.#at];
    const isFirst = this.#last === 'start' || this.#last === 'slash';
    const character = glob[at] as string; // `at` is below `stop`
    if (this.#quoted && character !== '"' && character !== '\\') {
      this.#text(items, character, 1);
      return;
    }
    if ('?*+!@'.includes(character) && glob[at + 1] === '(' && this.#closers.has(at + 1)) {
      this.#extendedGlob(items, character);
      return;
    }
    switch (character) {
      case '\\':
        this.#escape(items);
        return;
      case '"':
        this.#quoted = !this.#quoted;
        this.#at += 1;
        return;
      case '/':
        this.#at += 1;
        items.push(slash);
        this.#slash();
        return;
      case '*':
        this.#stars(items);
        return;
      case '?':
        this.#questionMark(items);
        return;
      case '+':
        this.#plus(items);
        return;
      case '[':
        this.#class(items);
        return;
      case '(':
        if (this.#closers.has(at)) this.#group(items);
        else this.#text(items, '(', 1);
        return;
      case '{':
        this.#braces(items);
        return;
      case '.':
        this.#at += 1;
        items.push(...literal('.'));
        this.#token(this.#open.length > 0 || isFirst ? 'dot' : 'text');
        return;
      default:
        this.#plain(items, stop);
    }
  }

  /** Characters without a meaning; a quotation mark among them has none either. */
  #plain(items: Pattern[], stop: number): void {
    const run = /[^@![\].,$*+?^{}()|\\/]*/y;
    run.lastIndex = this.#at + 1;
    const length = Math.min(1 + (run.exec(this.#glob)?.[0].length ?? 0), stop - this.#at);
    this.#text(items, this.#glob.slice(this.#at, this.#at + length), length);
  }

  #text(items: Pattern[], text: string, length: number): void {
    this.#at += length;
    items.push(...literal(text));
    if (text === '*') this.#note('stars');
    this.#token('text');
  }

  #escape(items: Pattern[]): void {
    const next = this.#glob[this.#at + 1];
    if (next === undefined) {
      throw new GlobError(
        'ends with a backslash that has nothing to escape: write \\\\ for a backslash itself',
      );
    }
    if (next === '/' || next === '.') this.#at += 1;
    else this.#text(items, next, 2);
  }

  #note(what: 'stars' | 'slashes'): void {
    const inner = this.#inners.at(-1);
    if (inner !== undefined) inner[what] += 1;
  }

  #questionMark(items: Pattern[]): void {
    this.#at += 1;
    const previous = items.at(-1);
    // As in a regular expression, the group before may be missing.
    if (this.#last === 'group' && previous !== undefined) items[items.length - 1] = optional(previous);
    else if (this.#last !== 'repeated') items.push(unit(notSlash));
    this.#token('text');
  }

  #plus(items: Pattern[]): void {
    const repeats =
      this.#last === 'group' || this.#last === 'repeated' || this.#last === 'brace' || this.#last === 'class';
    const previous = items.at(-1);
    if (!repeats || previous === undefined) {
      this.#text(items, '+', 1);
      return;
    }
    this.#at += 1;
    items[items.length - 1] = { kind: 'repeat', body: previous, least: 1 };
    this.#token('text');
  }

  #class(items: Pattern[]): void {
    const close = this.#closers.get(this.#at);
    if (close === undefined) {
      this.#text(items, '[', 1);
      return;
    }
    items.push(classPattern(this.#glob.slice(this.#at, close + 1)));
    this.#at = close + 1;
    this.#token('class');
  }

  /** @returns the pattern between the bracket at `at` and the one that closes it, which is passed */
  #within(kind: 'paren' | 'brace'): Pattern {
    const close = this.#closers.get(this.#at) as number; // asked for only where there is one
    this.#at += 1;
    this.#token('open');
    this.#open.push(kind);
    const pattern = this.#options(close);
    this.#open.pop();
    this.#at = close + 1;
    this.#quoted = false;
    return pattern;
  }

  #group(items: Pattern[]): void {
    if (/^\(\?[:=!<]/.test(this.#glob.slice(this.#at, this.#at + 3))) {
      throw new GlobError('has a group of a regular expression, (?…): write @(…), ?(…), *(…), +(…) or !(…)');
    }
    items.push(this.#within('paren'));
    this.#token('group');
  }

  #braces(items: Pattern[]): void {
    const [glob, at] = [this.#glob, this.#at];
    const close = this.#closers.get(at);
    if (close === undefined) {
      this.#text(items, '{', 1);
      return;
    }
    const range = rangePattern(glob.slice(at + 1, close));
    if (range !== undefined) {
      items.push(range);
      this.#at = close + 1;
      this.#token('open');
      this.#token('brace');
      return;
    }
    const pattern = this.#within('brace');
    const lists = listsIn(glob, at, close, this.#closers);
    // Braces without a comma stand for themselves.
    if (lists) items.push(pattern);
    else items.push(...literal('{'), pattern, ...literal('}'));
    this.#token(lists ? 'brace' : 'text');
  }

  #stars(items: Pattern[]): void {
    const glob = this.#glob;
    let run = this.#at;
    while (glob[run] === '*') run += 1;
    // The last one may begin an extended glob.
    if (glob[run] === '(' && this.#closers.has(run)) run -= 1;
    const count = run - this.#at;
    const before = this.#last;
    const further = this.#beforeLast;
    this.#note('stars');
    const globstar =
      count === 2
        ? globstarAt({ glob, at: run, before, further, open: this.#open, negating: this.#negations > 0 })
        : undefined;
    if (globstar !== undefined) {
      this.#at = globstar.at;
      if (globstar.takesSlash) items.pop();
      items.push(globstar.pattern);
      this.#token('globstar');
      if (globstar.endsWithSlash) this.#slash();
      return;
    }
    this.#at = run;
    if (before === 'dot' && (this.#isRest || this.#open.length > 0)) items.push(notDotsAlone);
    items.push(star);
    this.#token('star');
  }

  #slash(): void {
    this.#token('slash');
    this.#note('slashes');
  }

  #extendedGlob(items: Pattern[], operator: string): void {
    this.#at += 1;
    if (operator === '@') {
      items.push(this.#within('paren'));
      this.#token('group');
      return;
    }
    const outer = this.#inners.at(-1);
    if (outer !== undefined) outer.tokens += 1;
    if (operator === '*') this.#note('stars');
    const inner: Inner = { stars: 0, slashes: 0, tokens: 0 };
    this.#inners.push(inner);
    if (operator === '!') this.#negations += 1;
    const body = this.#within('paren');
    this.#inners.pop();
    if (operator === '!') {
      this.#negations -= 1;
      const spans = inner.slashes > 0 && inner.tokens > 2;
      items.push(this.#negation(body, inner.stars > 0, spans));
      this.#token(spans ? 'repeated' : 'group');
      return;
    }
    items.push(operator === '?' ? optional(body) : { kind: 'repeat', body, least: operator === '*' ? 0 : 1 });
    this.#token('repeated');
  }

  /**
   * `!(…)`: a name that does not begin with what is in it, or is not all of it where nothing follows.
   * @param spans whether it names paths rather than names
   */
  #negation(body: Pattern, hasStars: boolean, spans: boolean): Pattern {
    const rest = this.#glob.slice(this.#at);
    const matched = spans ? anything : star;
    let refused = body;
    if (hasStars && /^\.[^\\/.]+$/.test(rest)) {
      // A file's ending: !(*.d).ts leaves out what ends with .d.ts.
      refused = sequence(body, new GlobParser(this.#glob, this.#at, true).parse());
    } else if (spans || /^\)*$/.test(rest)) refused = sequence(body, end);
    return sequence({ kind: 'unless', body: refused }, matched);
  }
}

/** A glob's pattern, and whether the paths that don't match it are meant. */
export interface ParsedGlob {
  readonly pattern: Pattern;
  readonly negated: boolean;
}

/**
 * Parses a glob. Takes time in proportion to its length.
 * @throws GlobError
 */
export function parseGlob(glob: string): ParsedGlob {
  if (glob.includes('\0')) throw new GlobError('has a NUL character, which no path has');
  let at = 0;
  const skipDot = (): void => {
    while (glob.startsWith('./', at)) at += 2;
  };
  skipDot();
  let negated = false;
  // An extended glob, !(a|b), stands for the paths that it matches.
  while (glob[at] === '!' && glob[at + 1] !== '(') {
    negated = !negated;
    at += 1;
  }
  skipDot();
  return { pattern: new GlobParser(glob, at).parse(), negated };
}
