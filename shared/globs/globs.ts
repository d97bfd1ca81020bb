// Globs for paths: compiled, bounded, and refused with a reason where they can't be bounded.
import type { Automaton } from './automaton.ts';
import { GlobError } from './glob-error.ts';
import { parseGlob } from './glob-parser.ts';
import { compileMatcher, type Matcher } from './matcher.ts';
import { TooManyStates } from './program.ts';

/** What a list of globs, such as a filter's `match`, may hold; beyond, the list is refused. */
export const globLimits = {
  /** UTF-16 code units of one glob: as long as a path may be. */
  characters: 4096,
  /** Code units of all globs of a list: they are parsed in one go, some 0.2 µs each. */
  charactersTogether: 32_768,
  /**
   * Steps that matching takes for each character of a path, all globs of a list together. What is literal at the
   * beginning or end of a glob takes none, a character elsewhere about one; a glob whose automaton is small enough
   * to be built in advance takes one. So the longest path there is,
   * 4,096 bytes, takes 2 million steps at most, about 5 ms, against globs made to be slow.
   */
  steps: 500,
} as const;

/** Steps spent on automata in advance, where a list would take too many otherwise: 10 to 20 ms. */
const stepsInAdvance = 1_000_000;

/** Whether a path matches: relative, its names separated by slashes, none of them empty, `.` or `..`. */
export type PathTest = (path: string) => boolean;

/** A compiled list of globs. */
export type PathMatcher = PathTest & {
  /** Steps that it takes for each character of a path, at most: see `globLimits`. */
  readonly cost: number;
};

function shortened(glob: string): string {
  return glob.length > 80 ? `${glob.slice(0, 79)}…` : glob;
}

function quoted(glob: string): string {
  return `the glob "${shortened(glob)}"`;
}

/**
 * Compiles globs. A path matches if it matches one of them, or is one of them to the letter.
 * @throws GlobError that names the glob, what is wrong with it, and what to do
 */
export function compileGlobs(globs: readonly string[]): PathMatcher {
  checkLengths(globs);
  const exact = new Set(globs);
  const tests: PathTest[] = [];
  const costly: CostlyGlob[] = [];
  let steps = 0;
  for (const glob of globs) {
    const { matcher, negated } = compileOne(glob);
    const { test, cost, automaton } = matcher;
    if (negated) tests.push((path) => !test(path));
    else if (matcher.exact) exact.add(matcher.head + matcher.tail);
    else tests.push(test);
    if (automaton !== undefined) costly.push({ glob, cost, automaton });
    if (!matcher.exact) steps += cost;
  }
  if (steps > globLimits.steps) steps = lowerCost(costly, steps);
  return Object.assign(anyOf(tests, oneOf([...exact])), { cost: steps });
}

function anyOf(tests: readonly PathTest[], isExact: PathTest): PathTest {
  const [only] = tests;
  if (only === undefined) return isExact;
  if (tests.length === 1) return (path) => only(path) || isExact(path);
  return (path) => tests.some((test) => test(path)) || isExact(path);
}

/** From so many texts on, a look into a set is quicker than comparing with each. */
const worthASet = 8;

function oneOf(texts: readonly string[]): PathTest {
  if (texts.length < worthASet) return (path) => texts.includes(path);
  const set = new Set(texts);
  return (path) => set.has(path);
}

function checkLengths(globs: readonly string[]): void {
  let characters = 0;
  for (const glob of globs) {
    characters += glob.length;
    if (glob === '') throw new GlobError('a glob is empty: write ** for everything');
    if (glob.length > globLimits.characters) {
      throw new GlobError(`${quoted(glob)} is longer than ${globLimits.characters} characters`);
    }
  }
  if (characters <= globLimits.charactersTogether) return;
  throw new GlobError(
    `the globs are longer than ${globLimits.charactersTogether} characters together: give fewer or shorter ones`,
  );
}

function compileOne(glob: string): { readonly matcher: Matcher; readonly negated: boolean } {
  try {
    const { pattern, negated } = parseGlob(glob);
    const matcher = compileMatcher(pattern, globLimits.steps);
    if (matcher.cost > globLimits.steps) throw new TooManyStates();
    return { matcher, negated };
  } catch (error) {
    if (error instanceof GlobError) throw new GlobError(`${quoted(glob)} ${error.message}`);
    if (!(error instanceof TooManyStates)) throw error;
    throw new GlobError(`${quoted(glob)} is too complex: write it shorter, or split it`);
  }
}

/** A glob that takes more than one step for a character of a path. */
interface CostlyGlob {
  readonly glob: string;
  readonly cost: number;
  readonly automaton: Automaton;
}

/**
 * Builds automata in advance until all globs together are cheap enough.
 * @returns the steps that are left
 * @throws GlobError if that is not enough
 */
function lowerCost(globs: CostlyGlob[], total: number): number {
  let steps = total;
  let budget = stepsInAdvance;
  const ascending = globs.sort((a, b) => a.cost - b.cost);
  for (const { cost, automaton } of ascending) {
    const spent = automaton.complete(budget);
    budget -= spent.steps;
    if (spent.done) steps -= cost - 1;
    if (steps <= globLimits.steps) return steps;
  }
  const costliest = shortened(ascending.at(-1)?.glob ?? '');
  throw new GlobError(
    `the globs are too complex together, above all "${costliest}": give fewer or simpler ones`,
  );
}

/** What is wrong with some globs, naming the one that is; undefined if they can be used. */
export function objectionToGlobs(globs: readonly string[]): string | undefined {
  try {
    compileGlobs(globs);
    return undefined;
  } catch (error) {
    if (error instanceof GlobError) return error.message;
    throw error;
  }
}
