// `{1..20}` in a glob, as digits to be matched rather than numbers to be listed: {1..1000000000} is 60 states.
import { GlobError } from './glob-error.ts';
import { choice, literal, type Pattern, sequence, unit } from './pattern.ts';

const digitSet = (low: number, high: number): Pattern => unit([0x30 + low, 0x30 + high]);

/** Numbers of `low.length` digits from `low` to `high`, which is as long. */
function sameLength(low: string, high: string): Pattern {
  if (low === '') return sequence();
  const [a, b] = [Number(low[0]), Number(high[0])];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  const zeros = '0'.repeat(lowRest.length);
  const nines = '9'.repeat(lowRest.length);
  if (lowRest === zeros && highRest === nines) {
    return sequence(digitSet(a, b), ...Array.from(lowRest, () => digitSet(0, 9)));
  }
  if (a === b) return sequence(digitSet(a, a), sameLength(lowRest, highRest));
  const options = [
    sequence(digitSet(a, a), sameLength(lowRest, nines)),
    sequence(digitSet(b, b), sameLength(zeros, highRest)),
  ];
  if (b - a > 1) options.push(sequence(digitSet(a + 1, b - 1), ...Array.from(lowRest, () => digitSet(0, 9))));
  return choice(...options);
}

/** Numbers from `low` to `high`, which are digits alone and in order, each length of its own. */
function natural(low: string, high: string): Pattern {
  const options: Pattern[] = [];
  for (let length = low.length; length <= high.length; length++) {
    const from = length === low.length ? low : `1${'0'.repeat(length - 1)}`;
    const to = length === high.length ? high : '9'.repeat(length);
    options.push(sameLength(from, to));
  }
  return choice(...options);
}

/** As many digits as anybody's numbers have: the states of a range grow with the square. */
const mostDigits = 18;

/**
 * The numbers or letters of a range in braces, as a shell counts them: `1..12`, `-3..3`, `a..e`, `01..12` with
 * as many digits in each.
 * @param text without the braces
 * @returns undefined if it is no range
 * @throws GlobError for one with a step, too large, or of a letter and a number
 */
export function rangePattern(text: string): Pattern | undefined {
  if (!/^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(\.\.-?\d+)?$/.test(text)) return undefined;
  const range = letterRange(text) ?? numberRange(text);
  if (range !== undefined) return range;
  throw new GlobError(
    `has a range that is not supported, {${text}}: give two letters, or two numbers of up to 17 digits, without a step`,
  );
}

function letterRange(text: string): Pattern | undefined {
  const letters = /^([A-Za-z])\.\.([A-Za-z])$/.exec(text);
  if (letters === null) return undefined;
  const ends = [letters[1] ?? '', letters[2] ?? '']
    .map((letter) => letter.charCodeAt(0))
    .sort((a, b) => a - b);
  return unit([ends[0] ?? 0, ends[1] ?? 0]);
}

function numberRange(text: string): Pattern | undefined {
  const numbers = /^(-?\d+)\.\.(-?\d+)$/.exec(text);
  if (numbers === null) return undefined;
  const [one, two] = [numbers[1] ?? '', numbers[2] ?? ''];
  if (Math.max(one.length, two.length) > mostDigits) return undefined;
  const ascending = BigInt(one) <= BigInt(two);
  const low = ascending ? one : two;
  const high = ascending ? two : one;
  const padded = [low, high].some((end) => /^-?0\d/.test(end));
  const width = Math.max(low.length, high.length);
  const digits = (value: bigint, room: number): string => {
    return padded ? value.toString().padStart(room, '0') : value.toString();
  };
  const [from, to] = [BigInt(low), BigInt(high)];
  const options: Pattern[] = [];
  if (from < 0n) {
    const nearest = to < 0n ? -to : 1n;
    options.push(sequence(...literal('-'), natural(digits(nearest, width - 1), digits(-from, width - 1))));
  }
  if (to >= 0n) options.push(natural(digits(from > 0n ? from : 0n, width), digits(to, width)));
  return choice(...options);
}
