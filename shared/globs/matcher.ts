// The quickest way to match a pattern: its literal beginning and end are compared, what is left in the middle
// is often one of a few common shapes, and only where it is not an automaton runs.
import { Automaton } from './automaton.ts';
import { type CharSet, includes, onlyUnit } from './char-set.ts';
import { anything, below, directories, flatten, type Pattern, sequence, star } from './pattern.ts';
import { compileProgram } from './program.ts';

/** A compiled pattern. */
export interface Matcher {
  /** The text that every match begins with. */
  readonly head: string;
  /** The text that every match ends with; all of it is behind the head. */
  readonly tail: string;
  /** Whether head and tail are all there is: then only `head + tail` matches. */
  readonly exact: boolean;
  /** Whether what is between head and tail may be any text without a slash. */
  readonly isStar: boolean;
  /** Steps per code unit of a path that matching takes, at most. */
  readonly cost: number;
  /** What takes them, where it is more than a comparison. */
  readonly automaton?: Automaton;
  /** Whether a whole path matches. Paths are neither empty nor begin or end with a slash. */
  test(path: string): boolean;
}

/** The run of units at the beginning of `items`: how many are literal, and the sets of those behind them. */
function leadingUnits(items: readonly Pattern[]): { text: string; sets: CharSet[] } {
  let text = '';
  const sets: CharSet[] = [];
  for (const item of items) {
    if (item.kind !== 'unit') break;
    const only = onlyUnit(item.set);
    if (only !== undefined && sets.length === 0) text += String.fromCharCode(only);
    else sets.push(item.set);
  }
  return { text, sets };
}

/** Whether a pattern depends on what follows what it matches. */
function looksAhead(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'unit':
      return false;
    case 'sequence':
      return pattern.items.some(looksAhead);
    case 'choice':
      return pattern.options.some(looksAhead);
    case 'repeat':
      return looksAhead(pattern.body);
    default:
      return true;
  }
}

/** Whether the middle of a path, from one index up to another, matches. */
type Middle = (path: string, from: number, to: number) => boolean;

/** A middle of a common shape, and the steps that it takes for each code unit. */
interface Shape {
  readonly middle: Middle;
  readonly cost: 0 | 1;
}

/** The common shapes of a middle. */
function shapeOf(items: readonly Pattern[]): Shape | undefined {
  const [first] = items;
  if (first === undefined) return { middle: (_path, from, to) => from === to, cost: 0 };
  if (items.length > 1) return textWithin(items);
  if (first === anything) return { middle: () => true, cost: 0 };
  if (first === directories) {
    return { middle: (path, from, to) => from === to || path.charCodeAt(to - 1) === 0x2f, cost: 0 };
  }
  if (first === below) {
    return { middle: (path, from, to) => from === to || path.charCodeAt(from) === 0x2f, cost: 0 };
  }
  if (first !== star) return undefined;
  const middle: Middle = (path, from, to) => {
    const at = path.indexOf('/', from);
    return at === -1 || at >= to;
  };
  return { middle, cost: 1 };
}

/** The shape of a text with anything before and after it, such as `*text*`. */
function textWithin(items: readonly Pattern[]): Shape | undefined {
  const [first, last] = [items[0], items.at(-1)];
  const within = leadingUnits(items.slice(1, -1));
  const { text } = within;
  if (items.length < 3 || within.sets.length > 0 || text.length !== items.length - 2) return undefined;
  if (text.includes('/') || (last !== star && last !== anything)) return undefined;
  if (first === star) {
    return {
      cost: 1,
      middle: (path, from, to) => {
        const at = path.indexOf(text, from);
        if (at === -1 || at + text.length > to) return false;
        const slash = path.indexOf('/', from);
        if (slash === -1 || slash >= to) return true;
        return last === anything && slash > at;
      },
    };
  }
  if (first !== anything) return undefined;
  return {
    cost: 1,
    middle: (path, from, to) => {
      // The last one leaves the least behind it.
      const at = to - text.length < from ? -1 : path.lastIndexOf(text, to - text.length);
      if (at < from) return false;
      const slash = last === star ? path.indexOf('/', at) : -1;
      return slash === -1 || slash >= to;
    },
  };
}

/** The name in a pattern that says: this name, anywhere, and all that is in it. */
function nameAnywhere(items: readonly Pattern[]): string | undefined {
  if (items[0] !== directories || items.at(-1) !== below) return undefined;
  const { text, sets } = leadingUnits(items.slice(1, -1));
  return sets.length === 0 && text !== '' && text.length === items.length - 2 ? text : undefined;
}

function onName(name: string): Matcher {
  const slash = 0x2f;
  return {
    head: '',
    tail: '',
    exact: false,
    isStar: false,
    cost: 1,
    test: (path) => {
      for (let at = path.indexOf(name); at !== -1; at = path.indexOf(name, at + 1)) {
        const end = at + name.length;
        const begins = at === 0 || path.charCodeAt(at - 1) === slash;
        if (begins && (end === path.length || path.charCodeAt(end) === slash)) return true;
      }
      return false;
    },
  };
}

/** Patterns that lists of texts are multiplied out to, at most: they are tried one by one. */
const mostWays = 32;

/** Whether a pattern is a text, or the empty one. */
function isText(pattern: Pattern): boolean {
  if (pattern.kind === 'unit') return onlyUnit(pattern.set) !== undefined;
  return pattern.kind === 'sequence' && pattern.items.every(isText);
}

/** The ways to write a pattern without its lists of texts, {a,b}; undefined if there are none, or too many. */
function waysOf(items: readonly Pattern[]): Pattern[][] | undefined {
  let ways: Pattern[][] = [[]];
  for (const item of items) {
    const lists =
      item.kind === 'choice' && item !== directories && item !== below && item.options.every(isText);
    if (!lists) for (const way of ways) way.push(item);
    else if (ways.length * item.options.length > mostWays) return undefined;
    else ways = ways.flatMap((way) => item.options.map((option) => [...way, option]));
  }
  return ways.length > 1 ? ways : undefined;
}

/**
 * Compiles a pattern.
 * @param mostStates that it may take
 * @throws TooManyStates
 */
export function compileMatcher(pattern: Pattern, mostStates: number): Matcher {
  const items = flatten(pattern);
  const simple = simpleMatcher(items);
  if (simple !== undefined) return simple;
  const ways = waysOf(items)?.map((way) => simpleMatcher(flatten(sequence(...way))));
  if (ways === undefined || !ways.every((way) => way !== undefined)) return fullMatcher(items, mostStates);
  return {
    head: '',
    tail: '',
    exact: false,
    isStar: false,
    cost: ways.reduce((sum, { cost }) => sum + cost, 0),
    test: (path) => ways.some((way) => way.test(path)),
  };
}

/** What is literal at the beginning and end of a pattern, and the rest. */
function ends(items: readonly Pattern[]): { head: string; tail: string; rest: Pattern[] } {
  const head = leadingUnits(items).text;
  const rest = items.slice(head.length);
  // What looks ahead has to see the end.
  if (rest.some(looksAhead)) return { head, tail: '', rest };
  const { text } = leadingUnits(rest.toReversed());
  return { head, tail: text.split('').reverse().join(''), rest: rest.slice(0, rest.length - text.length) };
}

/** The matcher of a pattern that needs no automaton. */
function simpleMatcher(items: readonly Pattern[]): Matcher | undefined {
  const name = nameAnywhere(items);
  if (name !== undefined) return onName(name);
  const { head, tail, rest } = ends(items);
  const shape = shapeOf(rest);
  if (shape === undefined) return undefined;
  const { middle, cost } = shape;
  const least = head.length + tail.length;
  return {
    head,
    tail,
    exact: rest.length === 0,
    isStar: rest.length === 1 && rest[0] === star,
    cost,
    test: (path) =>
      path.length >= least &&
      path.endsWith(tail) &&
      path.startsWith(head) &&
      middle(path, head.length, path.length - tail.length),
  };
}

function fullMatcher(items: readonly Pattern[], mostStates: number): Matcher {
  const { head, tail, rest } = ends(items);
  // Units of fixed place, such as those of a date, are compared where they are: read from the end, what is
  // behind them could be anywhere, and the automaton would have to follow each of these places.
  const fixed: CharSet[] = leadingUnits(rest).sets;
  const variable = rest.slice(fixed.length);
  const shape = shapeOf(variable);
  const automaton =
    shape === undefined ? new Automaton(compileProgram(sequence(...variable), mostStates)) : undefined;
  const middle = shape?.middle ?? ((path, from, to) => automaton?.test(path, from, to) === true);
  return {
    head,
    tail,
    exact: false,
    isStar: false,
    cost: automaton?.cost ?? shape?.cost ?? 0,
    ...(automaton === undefined ? {} : { automaton }),
    test: (path) => {
      const from = head.length + fixed.length;
      const to = path.length - tail.length;
      if (from > to || !path.endsWith(tail) || !path.startsWith(head)) return false;
      for (let at = 0; at < fixed.length; at++) {
        if (!includes(fixed[at] ?? [], path.charCodeAt(head.length + at))) return false;
      }
      return middle(path, from, to);
    },
  };
}
