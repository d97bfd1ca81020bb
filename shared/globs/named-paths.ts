// Which paths globs name: what stands before the first component that has a wildcard. Braces are expanded first, so
// that `{dist,out}/**` names two.
import { type Closers, closersOf, listsIn } from './glob-nesting.ts';
import { rangePattern } from './number-range.ts';

/** A path that a glob names. */
export interface NamedPath {
  readonly path: string;
  /** Whether the glob goes on behind it, so that it has to be a directory. */
  readonly goesOn: boolean;
}

/** Globs that one expands to, at most: what braces list beyond that is not looked at. */
const mostExpanded = 1000;

/** The paths that globs name, each once. A glob whose first component has a wildcard, or that is negated, names none. */
export function namedPaths(globs: readonly string[]): NamedPath[] {
  const named = new Map<string, NamedPath>();
  for (const glob of globs) {
    for (const expanded of expand(glob)) {
      const found = namedBy(expanded);
      if (found !== undefined) named.set(JSON.stringify(found), found);
    }
  }
  return [...named.values()];
}

function namedBy(glob: string): NamedPath | undefined {
  let at = 0;
  while (glob.startsWith('./', at)) at += 2;
  // `!(…)` is a wildcard, and any other beginning with `!` means the paths that do not match.
  if (glob[at] === '!') return undefined;
  const names: string[] = [];
  let goesOn = false;
  for (const component of componentsOf(glob.slice(at))) {
    goesOn = component === undefined;
    if (component === undefined) break;
    // No path has such a component.
    if (component === '' || component === '.' || component === '..') return undefined;
    names.push(component);
  }
  return names.length === 0 ? undefined : { path: names.join('/'), goesOn };
}

/** The names in a glob without braces, and undefined for one that has a wildcard, which is the last. */
function* componentsOf(glob: string): Generator<string | undefined, void> {
  const closers = closersOf(glob, 0);
  let name = '';
  let isQuoted = false;
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] as string; // `at` is below the length
    if (character === '\\' && at + 1 < glob.length) {
      at += 1;
      if (glob[at] === '/') at -= 1;
      else name += glob[at];
    } else if (character === '"') isQuoted = !isQuoted;
    else if (character === '/') {
      yield name;
      name = '';
    } else if (!isQuoted && isWild(glob, at, closers)) {
      yield undefined;
      return;
    } else name += character;
  }
  yield name;
}

function isWild(glob: string, at: number, closers: Closers): boolean {
  const character = glob[at];
  if (character === '*' || character === '?') return true;
  const close = closers.get(at);
  if (close === undefined) return false;
  // A range too long to list; braces that list nothing stand for themselves.
  return character !== '{' || rangePattern(glob.slice(at + 1, close)) !== undefined;
}

/** What a glob stands for without its braces. */
function expand(glob: string): string[] {
  const done: string[] = [];
  const open = [glob];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const options = firstBraces(next);
    if (options === undefined) done.push(next);
    else if (done.length + open.length + options.length <= mostExpanded) open.push(...options.reverse());
  }
  return done;
}

/** A glob with its first list or range in braces replaced by each of its options; undefined if there is none. */
function firstBraces(glob: string): string[] | undefined {
  const closers = closersOf(glob, 0);
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at];
    if (character === '\\') at += 1;
    if (character !== '{') continue;
    const close = closers.get(at);
    if (close === undefined) continue;
    const options = listsIn(glob, at, close, closers)
      ? optionsOf(glob, at, close, closers)
      : rangeOf(glob.slice(at + 1, close));
    if (options === undefined) continue;
    const [before, after] = [glob.slice(0, at), glob.slice(close + 1)];
    return options.map((option) => before + option + after);
  }
  return undefined;
}

function optionsOf(glob: string, from: number, to: number, closers: Closers): string[] {
  const options: string[] = [];
  let start = from + 1;
  for (let at = start; at < to; at++) {
    if (glob[at] === '\\') at += 1;
    else if (glob[at] === ',') {
      options.push(glob.slice(start, at));
      start = at + 1;
    } else at = closers.get(at) ?? at;
  }
  return [...options, glob.slice(start, to)];
}

/** What a range such as `1..3` or `a..c` counts; undefined for other text and for one that is too long to list. */
function rangeOf(text: string): string[] | undefined {
  const ends = /^(?:(-?\d{1,17})\.\.(-?\d{1,17})|([A-Za-z])\.\.([A-Za-z]))$/.exec(text);
  if (ends === null) return undefined;
  const [, one, two, first, last] = ends;
  const numbers = one !== undefined && two !== undefined;
  const [a, b] = numbers
    ? [Number(one), Number(two)]
    : [(first ?? '').charCodeAt(0), (last ?? '').charCodeAt(0)];
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  if (high - low >= mostExpanded) return undefined;
  const all = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  if (!numbers) return all.map((code) => String.fromCharCode(code));
  const isPadded = /^-?0\d/.test(one) || /^-?0\d/.test(two);
  const width = isPadded ? Math.max(one.length, two.length) : 0;
  return all.map(
    (value) => (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width - (value < 0 ? 1 : 0), '0'),
  );
}
