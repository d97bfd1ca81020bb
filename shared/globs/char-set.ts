// Sets of UTF-16 code units: what one position of a pattern may match.

/** Pairs of a first and a last code unit, ascending, with a gap between one pair and the next. */
export type CharSet = readonly number[];

const lastUnit = 0xffff;
const slashUnit = 0x2f;

/** Puts pairs in order and joins those that touch. */
export function charSet(pairs: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...pairs].sort(([a], [b]) => a - b);
  const set: number[] = [];
  for (const [first, last] of sorted) {
    const end = set.at(-1);
    if (end !== undefined && first <= end + 1) set[set.length - 1] = Math.max(end, last);
    else set.push(first, last);
  }
  return set;
}

/** Everything that is not in `set`. */
export function complement(set: CharSet): CharSet {
  const pairs: [number, number][] = [];
  let next = 0;
  for (let at = 0; at < set.length; at += 2) {
    const first = set[at] ?? 0;
    if (first > next) pairs.push([next, first - 1]);
    next = (set[at + 1] ?? lastUnit) + 1;
  }
  if (next <= lastUnit) pairs.push([next, lastUnit]);
  return charSet(pairs);
}

/** The union of some sets. */
export function union(sets: readonly CharSet[]): CharSet {
  const [only] = sets;
  if (only !== undefined && sets.length === 1) return only;
  const pairs: [number, number][] = [];
  for (const set of sets) {
    for (let at = 0; at < set.length; at += 2) pairs.push([set[at] ?? 0, set[at + 1] ?? 0]);
  }
  return charSet(pairs);
}

/** `set` without the slash, which separates directories. */
export function withoutSlash(set: CharSet): CharSet {
  if (!includes(set, slashUnit)) return set;
  return complement(union([complement(set), [slashUnit, slashUnit]]));
}

/** Whether `unit` is in `set`. */
export function includes(set: CharSet, unit: number): boolean {
  for (let at = 0; at < set.length; at += 2) {
    if (unit < (set[at] ?? 0)) return false;
    if (unit <= (set[at + 1] ?? 0)) return true;
  }
  return false;
}

/** The one unit of a set that has a single one. */
export function onlyUnit(set: CharSet): number | undefined {
  return set.length === 2 && set[0] === set[1] ? set[0] : undefined;
}

/** All code units. */
export const anyUnit: CharSet = [0, lastUnit];
/** All but the slash. */
export const notSlash: CharSet = complement([slashUnit, slashUnit]);

const posixPairs: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  alpha: [
    [65, 90],
    [97, 122],
  ],
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: [[48, 57]],
  graph: [[33, 126]],
  lower: [[97, 122]],
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [[65, 90]],
  word: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
};

/** The ASCII characters of a POSIX class, such as `alpha`; undefined for a name that is none. */
export function posixClass(name: string): CharSet | undefined {
  const pairs = Object.hasOwn(posixPairs, name) ? posixPairs[name] : undefined;
  return pairs === undefined ? undefined : charSet(pairs);
}
