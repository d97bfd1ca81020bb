// One .gitignore file: its lines as git reads them, found by what is literal in them.
//
// The last line that matches an entry decides. Most lines name something, or end in something: those are found in
// hash tables, however many there are. The rest is tried from the last line on, as far as no later line has decided.
import { compileMatcher, type Matcher } from './matcher.ts';
import { TooManyStates } from './program.ts';
import { literalLength, wildmatchPattern } from './wildmatch.ts';

/** Bounds on one file of rules; what is beyond does not count, and the file says so. */
const gitignoreLimits = {
  /**
   * Steps of matching for each byte of a path that all lines together may take which are found in no table: some
   * 5,000 lines such as `*cache-[0-9]*`, whose automata take 15 MB.
   */
  steps: 50_000,
  /** States of one line: no path has more than 4,096 bytes, so none matches a longer one. */
  states: 4200,
  /** Bytes of a line with wildcards. */
  lineBytes: 8192,
} as const;

/** Bytes of lines that are parsed between two steps ... */
const bytesPerStep = 8192;
/** ... and states of automata that are built: either takes a millisecond or less. */
const statesPerStep = 64;
/** States of an automaton that are not among its steps, at most. */
const uncountedStates = 4;

/** A line's number and what it says, in one number: later lines are greater. */
type Verdict = number;
const none: Verdict = -1;

/** The last lines that name something, whatever it is and where it is a directory. */
interface Slot {
  any: Verdict;
  directory: Verdict;
}

/** A line that has to be tried. */
interface TriedLine {
  readonly verdict: Verdict;
  readonly directoryOnly: boolean;
  readonly test: (text: string) => boolean;
}

interface Line {
  readonly verdict: Verdict;
  readonly directoryOnly: boolean;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Values by texts of several lengths, to be found by the beginnings or ends of a name. */
class ByLength<T> {
  readonly #byLength = new Map<number, Map<string, T>>();

  entry(scope: string, text: string, make: () => T): T {
    const values = getOrMake(this.#byLength, text.length, () => new Map<string, T>());
    return getOrMake(values, scope + text, make);
  }

  /** Hands over the values of all beginnings of `name`, or of all its ends. */
  each(scope: string, name: string, side: 'beginning' | 'end', use: (value: T) => void): void {
    for (const [size, values] of this.#byLength) {
      if (size > name.length) continue;
      const part = side === 'beginning' ? name.slice(0, size) : name.slice(name.length - size);
      const value = values.get(scope + part);
      if (value !== undefined) use(value);
    }
  }
}

const newSlot = (): Slot => ({ any: none, directory: none });

/** Lines about single names, each in a scope: anywhere, or in one directory. */
class NameLines {
  readonly #literals = new Map<string, Slot>();
  readonly #endings = new ByLength<Slot>();
  readonly #beginnings = new ByLength<Slot>();
  readonly #triedByBeginning = new ByLength<TriedLine[]>();
  readonly #triedByEnding = new ByLength<TriedLine[]>();
  readonly #tried = new Map<string, TriedLine[]>();
  readonly #scopes = new Set<string>();

  get isEmpty(): boolean {
    return this.#scopes.size === 0;
  }

  add(scope: string, matcher: Matcher, line: Line): void {
    const { head, tail, exact, isStar, test } = matcher;
    this.#scopes.add(scope);
    if (exact) this.#note(getOrMake(this.#literals, scope + head + tail, newSlot), line);
    else if (isStar && head === '') this.#note(this.#endings.entry(scope, tail, newSlot), line);
    else if (isStar && tail === '') this.#note(this.#beginnings.entry(scope, head, newSlot), line);
    else {
      const tried = { ...line, test };
      if (head !== '') this.#triedByBeginning.entry(scope, head, () => []).push(tried);
      else if (tail !== '') this.#triedByEnding.entry(scope, tail, () => []).push(tried);
      else getOrMake(this.#tried, scope, () => []).push(tried);
    }
  }

  addLiteral(scope: string, name: string, line: Line): void {
    this.#scopes.add(scope);
    this.#note(getOrMake(this.#literals, scope + name, newSlot), line);
  }

  #note(slot: Slot, { verdict, directoryOnly }: Line): void {
    if (directoryOnly) slot.directory = verdict;
    else slot.any = verdict;
  }

  /** The last line about a name, if it is later than `best`. */
  find(scope: string, name: string, isDirectory: boolean, best: Verdict): Verdict {
    if (!this.#scopes.has(scope)) return best;
    let verdict = best;
    const consider = (slot: Slot): void => {
      if (slot.any > verdict) verdict = slot.any;
      if (isDirectory && slot.directory > verdict) verdict = slot.directory;
    };
    const tryLines = (lines: readonly TriedLine[]): void => {
      verdict = lastMatch(lines, name, isDirectory, verdict);
    };
    const literal = this.#literals.get(scope + name);
    if (literal !== undefined) consider(literal);
    this.#endings.each(scope, name, 'end', consider);
    this.#beginnings.each(scope, name, 'beginning', consider);
    tryLines(this.#tried.get(scope) ?? []);
    this.#triedByBeginning.each(scope, name, 'beginning', tryLines);
    this.#triedByEnding.each(scope, name, 'end', tryLines);
    return verdict;
  }
}

function lastMatch(lines: readonly TriedLine[], text: string, isDirectory: boolean, best: Verdict): Verdict {
  for (let at = lines.length - 1; at >= 0; at--) {
    const { verdict, directoryOnly, test } = lines[at] as TriedLine; // `at` is within
    if (verdict < best) return best;
    if ((isDirectory || !directoryOnly) && test(text)) return verdict;
  }
  return best;
}

/** An entry that rules are asked about. All texts are bytes as Latin-1. */
export interface RulesEntry {
  /** Its name. */
  readonly name: string;
  /** The directory that it is in, relative to that of the rules; empty if it is the same. */
  readonly directory: string;
  readonly isDirectory: boolean;
}

/** The rules of one .gitignore file. */
export class GitignoreFile {
  /** The number of the first line that is left out because the file asks for too much; undefined if none is. */
  firstLeftOut: number | undefined;
  readonly #anywhere = new NameLines();
  readonly #inDirectory = new NameLines();
  /** Lines about paths of any depth, by the directory that they begin with. */
  readonly #paths = new Map<string, TriedLine[]>();
  /** States of the automata that were built for its lines, those that are left out included. */
  builtStates = 0;
  #deepest = 0;
  /** The longest directory that lines name one entry of. */
  #deepestScope = -1;
  #nameSteps = 0;
  #pathSteps = 0;

  /** Steps that a question about an entry may take. */
  stepsFor({ name, directory }: RulesEntry): number {
    return this.#nameSteps * name.length + this.#pathSteps * (directory.length + name.length + 1);
  }

  /** Whether no line says anything about any entry. */
  get isEmpty(): boolean {
    return this.#anywhere.isEmpty && this.#inDirectory.isEmpty && this.#paths.size === 0;
  }

  /** Whether the entry is ignored; undefined if the file says nothing about it. */
  ignores(entry: RulesEntry): boolean | undefined {
    const verdict = this.#find(entry);
    return verdict === none ? undefined : verdict % 2 === 0;
  }

  /** The number of the line that decides about the entry; undefined if the file says nothing about it. */
  lineFor(entry: RulesEntry): number | undefined {
    const verdict = this.#find(entry);
    return verdict === none ? undefined : Math.floor(verdict / 2);
  }

  #find(entry: RulesEntry): Verdict {
    const { name, directory, isDirectory } = entry;
    let verdict = this.#anywhere.find('', name, isDirectory, none);
    if (directory.length <= this.#deepestScope)
      verdict = this.#inDirectory.find(`${directory}/`, name, isDirectory, verdict);
    return this.#paths.size > 0 ? this.#findPath(entry, verdict) : verdict;
  }

  #findPath({ name, directory, isDirectory }: RulesEntry, best: Verdict): Verdict {
    const path = directory === '' ? name : `${directory}/${name}`;
    let verdict = lastMatch(this.#paths.get('') ?? [], path, isDirectory, best);
    // Each directory that the entry lies in may have lines that begin with it.
    for (let at = directory.indexOf('/'); directory !== ''; at = directory.indexOf('/', at + 1)) {
      const above = at === -1 ? directory : directory.slice(0, at);
      if (above.length > this.#deepest) break;
      const lines = this.#paths.get(above);
      if (lines !== undefined) verdict = lastMatch(lines, path, isDirectory, verdict);
      if (at === -1) break;
    }
    return verdict;
  }

  /** Takes in a line without its line break. */
  addLine(text: string, number: number): void {
    const line = readLine(text);
    if (line === undefined) return;
    const { negated, directoryOnly } = line;
    const said = { verdict: number * 2 + (negated ? 1 : 0), directoryOnly };
    const pattern = line.pattern.startsWith('/') ? line.pattern.slice(1) : line.pattern;
    // A name at any depth is a name.
    const name = line.pattern.includes('/') ? /^(?:\*\*\/)+([^/]+)$/.exec(line.pattern)?.[1] : pattern;
    // No path begins with a slash.
    if (pattern.startsWith('/')) return;
    if (name !== undefined && (name === pattern || !name.startsWith('**'))) {
      this.#addName('', name, said, number);
      return;
    }
    const slash = pattern.lastIndexOf('/', literalLength(pattern));
    const directory = slash === -1 ? '' : pattern.slice(0, slash);
    const rest = pattern.slice(slash + 1);
    if (!rest.includes('/') && !rest.includes('**')) this.#addName(`${directory}/`, rest, said, number);
    else this.#addPath(directory, pattern, said, number);
  }

  #addPath(directory: string, pattern: string, line: Line, number: number): void {
    const matcher = this.#compile(pattern, number);
    if (matcher === undefined) return;
    this.#pathSteps += matcher.cost;
    this.#deepest = Math.max(this.#deepest, directory.length);
    getOrMake(this.#paths, directory, () => []).push({ ...line, test: matcher.test });
  }

  /** @param scope empty for anywhere, else a directory with its slash */
  #addName(scope: string, pattern: string, line: Line, number: number): void {
    const lines = scope === '' ? this.#anywhere : this.#inDirectory;
    this.#deepestScope = Math.max(this.#deepestScope, scope.length - 1);
    if (literalLength(pattern) === pattern.length) {
      if (pattern !== '') lines.addLiteral(scope, pattern, line);
      return;
    }
    const matcher = this.#compile(pattern, number);
    if (matcher === undefined) return;
    if (!matcher.exact && !(matcher.isStar && (matcher.head === '' || matcher.tail === ''))) {
      this.#nameSteps += matcher.cost;
    }
    lines.add(scope, matcher, line);
  }

  #compile(pattern: string, number: number): Matcher | undefined {
    if (pattern.length > gitignoreLimits.lineBytes) {
      this.firstLeftOut ??= number;
      return undefined;
    }
    // An automaton that would be left out anyway is not even built: that is what takes time.
    const stepsLeft = gitignoreLimits.steps - this.#nameSteps - this.#pathSteps;
    const states = Math.min(gitignoreLimits.states, stepsLeft + uncountedStates);
    try {
      const parsed = wildmatchPattern(pattern);
      if (parsed === undefined) return undefined;
      const matcher = compileMatcher(parsed, states);
      this.builtStates += matcher.cost;
      if (matcher.cost <= stepsLeft) return matcher;
      this.firstLeftOut ??= number;
      return undefined;
    } catch (error) {
      if (!(error instanceof TooManyStates)) throw error;
      this.builtStates += Math.min(pattern.length, states);
      // Otherwise it is longer than any path.
      if (states < gitignoreLimits.states) this.firstLeftOut ??= number;
      return undefined;
    }
  }
}

/** What a line says; undefined for a comment or an empty one. */
function readLine(
  line: string,
): { readonly pattern: string; readonly negated: boolean; readonly directoryOnly: boolean } | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  // git reads it as a C string.
  const nul = line.indexOf('\0');
  let pattern = withoutTrailingSpaces(nul === -1 ? line : line.slice(0, nul));
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const directoryOnly = pattern.endsWith('/');
  if (directoryOnly) pattern = pattern.slice(0, -1);
  return { pattern, negated, directoryOnly };
}

/** Spaces at the end do not count, unless a backslash precedes the first. */
function withoutTrailingSpaces(line: string): string {
  if (!line.endsWith(' ')) return line;
  let end = line.length;
  while (line[end - 1] === ' ') end -= 1;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1 ? line.slice(0, end + 1) : line.slice(0, end);
}

/**
 * Reads the text of a .gitignore file, in steps.
 * @param text bytes as Latin-1
 * @param skip numbers of lines that do not count, from 1
 */
export function* parseGitignore(text: string, skip?: ReadonlySet<number>): Generator<void, GitignoreFile> {
  const file = new GitignoreFile();
  const byteOrderMark = '\u00ef\u00bb\u00bf';
  let at = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  let stepEnd = at + bytesPerStep;
  let mostStates = statesPerStep;
  for (let number = 1; at < text.length; number++) {
    const lineBreak = text.indexOf('\n', at);
    const end = lineBreak === -1 ? text.length : lineBreak;
    if (skip?.has(number) !== true)
      file.addLine(text.slice(at, end > at && text[end - 1] === '\r' ? end - 1 : end), number);
    at = end + 1;
    if (at < stepEnd && file.builtStates < mostStates) continue;
    stepEnd = at + bytesPerStep;
    mostStates = file.builtStates + statesPerStep;
    yield;
  }
  return file;
}
