// What is not watched: the version-control stores, the globs that were given, and what the .gitignore
// files say, each of which speaks for its own directory and what lies below, as far as the next repository.

import {
  compileGlobs,
  type GitignoreFile,
  type PathMatcher,
  parseGitignore,
} from '../../shared/globs/index.ts';
import { TurnBudget } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { RulesText } from './disk.ts';
import { bytesText, joinPath } from './names.ts';
import { Directory } from './tree-index.ts';

const stores = new Set(['.git', '.hg', '.svn']);
const inStore = /(?:^|\/)\.(?:git|hg|svn)(?:\/|$)/;

/** Why an entry is not in the default view: no view ever holds it, or the rules leave it out. */
type LeftOut = 'never' | 'rule';

/** The name of the files that the rules are read from. */
export const rulesFileName = '.gitignore';

/**
 * Steps of matching that one entry may take: some 10 ms. Ordinary rules take a thousandth of it. It is reached by
 * hundreds of wildcard rules above a path of thousands of bytes; then those of the files further up do not count.
 */
const mostSteps = 4_000_000;

/**
 * Steps of matching that the hints of one turn of the loop may take: some milliseconds. They are read until there are
 * none, and nobody else has a turn meanwhile.
 */
const mostHintSteps = 1_000_000;

/** Ignored names that are remembered of a directory: more than are written to again and again. */
const ignoredNamesKept = 100;

/** The rules of one directory's file, and the text that they were read from. */
interface KnownRules {
  readonly bytes: string;
  readonly file: GitignoreFile;
}

/** The ignoring of one root. */
export class IgnoreRules {
  /** Whether .gitignore files count. */
  readonly gitignore: boolean;
  private readonly log: Log;
  private readonly matchesGlob: PathMatcher | undefined;
  private readonly files = new Map<Directory, KnownRules>();
  /** Names in a directory that are left out whatever they are, as long as the rules stay as they are. */
  private ignoredNames = new WeakMap<Directory, Set<string>>();
  /** What is wrong with files of rules, in words. */
  private readonly troubles = new Map<Directory, string>();
  private slowPath: string | undefined;
  /** Steps of matching since they were taken. */
  private steps = 0;
  private readonly hintSteps = new TurnBudget(mostHintSteps);

  /** @param globs relative to the root; a directory that matches is left out with all that is in it */
  constructor(globs: readonly string[], gitignore: boolean, log: Log) {
    this.gitignore = gitignore;
    this.log = log;
    this.matchesGlob = globs.length === 0 ? undefined : compileGlobs(globs);
  }

  /** Why some rules do not count, or older ones still do; undefined if all is as the files say. */
  get trouble(): string | undefined {
    const [first] = this.troubles.values();
    if (first !== undefined || this.slowPath === undefined) return first;
    return `the .gitignore files above ${this.slowPath} have too many wildcard rules for so long a path: those furthest up do not count there`;
  }

  /**
   * Takes the text of a directory's .gitignore, undefined when there is none. Long ones are read in steps.
   * @returns whether that changes anything
   */
  *setRules(directory: Directory, text: RulesText | undefined): Generator<void, boolean> {
    if (text === undefined) {
      this.setTrouble(directory, undefined);
      const changes = this.files.delete(directory);
      if (changes) this.forgetNames();
      return changes;
    }
    const { bytes, whole } = text;
    const known = this.files.get(directory);
    const file = known?.bytes === bytes ? known.file : yield* parseGitignore(bytes);
    // Removed while its rules were read.
    if (directory.gone) return false;
    this.setTrouble(directory, this.troubleOf(directory, file, whole));
    if (file === known?.file) return false;
    this.files.set(directory, { bytes, file });
    this.forgetNames();
    return true;
  }

  /** Forgets which names are left out: the rules are others, or count elsewhere. */
  forgetNames(): void {
    this.ignoredNames = new WeakMap();
  }

  /** A directory's .gitignore can't be read at the moment: what it said before still counts. */
  keepRules(directory: Directory, error: NodeJS.ErrnoException): void {
    const still = this.files.has(directory) ? 'its former rules still count' : 'its rules do not count yet';
    this.setTrouble(
      directory,
      `${joinPath(directory.path, rulesFileName)} can not be read (${error.code}): ${still}`,
    );
  }

  /** Forgets what a directory's .gitignore said, because the directory is gone. */
  forget(directory: Directory): void {
    // The root stays the same directory when it is back, and may have no rules then.
    if (this.files.delete(directory)) this.forgetNames();
    this.troubles.delete(directory);
  }

  private troubleOf(directory: Directory, file: GitignoreFile, whole: boolean): string | undefined {
    const path = joinPath(directory.path, rulesFileName);
    if (!whole) return `${path} is larger than 4 MiB: only the lines in its first 4 MiB count`;
    if (file.firstLeftOut === undefined) return undefined;
    return `${path} has more wildcard rules than can be matched quickly: line ${file.firstLeftOut} and others do not count`;
  }

  private setTrouble(directory: Directory, trouble: string | undefined): void {
    if (this.troubles.get(directory) === trouble) return;
    if (trouble === undefined) {
      this.troubles.delete(directory);
      this.log.info('rules count again', { path: joinPath(directory.path, rulesFileName) });
    } else {
      this.troubles.set(directory, trouble);
      this.log.warn('rules do not count', { path: joinPath(directory.path, rulesFileName), why: trouble });
    }
  }

  /** How many steps of matching (`globLimits`) the questions took, at most, since this was asked last. */
  takeSteps(): number {
    const { steps } = this;
    this.steps = 0;
    return steps;
  }

  /** Whether a path relative to the root is, or lies in, a version-control store: those are in no view. */
  isNever(path: string): boolean {
    return inStore.test(path);
  }

  /** The same for the name of an entry: cheap, before it is looked at. */
  isNeverName(name: string): boolean {
    return stores.has(name);
  }

  /**
   * Whether a hint of `name` is of no interest, because it is left out whether or not it is a directory. Quick for
   * a name that was asked about before: a log can be written to a thousand times a second. Where that takes too long
   * to say it is of interest: then the entry is looked at, when the crawler's turn comes.
   */
  ignoresHint(directory: Directory, name: string): boolean {
    let names = this.ignoredNames.get(directory);
    if (names?.has(name) === true) return true;
    // What is in these says how to look at others.
    if (name === rulesFileName || name === '.git') return false;
    if (this.hintSteps.left === 0) return false;
    const before = this.steps;
    const isIgnored = this.ignores(directory, name, false) && this.ignores(directory, name, true);
    this.hintSteps.spend(this.steps - before);
    if (!isIgnored) return false;
    if (names === undefined || names.size >= ignoredNamesKept) {
      names = new Set();
      this.ignoredNames.set(directory, names);
    }
    names.add(name);
    return true;
  }

  /** Whether the entry `name` of a directory in the default view is left out. */
  ignores(directory: Directory, name: string, isDirectory: boolean): boolean {
    return this.isNeverName(name) || this.ruleIgnores(directory, directory.path, name, isDirectory);
  }

  /**
   * Whether a path is left out, or something that it lies in. Nothing needs to be there.
   * @param root the root's directory
   * @param path relative to the root
   */
  leftOut(root: Directory, path: string, isDirectory: boolean): LeftOut | undefined {
    if (this.isNever(path)) return 'never';
    const names = path.split('/');
    let known = root;
    for (const [depth, name] of names.entries()) {
      const above = names.slice(0, depth).join('/');
      const isLast = depth === names.length - 1;
      if (this.ruleIgnores(known, above, name, isDirectory || !isLast)) return 'rule';
      const next = known.path === above ? known.entries.get(name) : undefined;
      if (next instanceof Directory) known = next;
    }
    return undefined;
  }

  /**
   * @param known the deepest known directory that the entry lies in
   * @param above the path of the directory that it is in
   */
  private ruleIgnores(known: Directory, above: string, name: string, isDirectory: boolean): boolean {
    if (this.matchesGlob !== undefined) {
      const path = joinPath(above, name);
      this.steps += this.matchesGlob.cost * path.length;
      if (this.matchesGlob(path)) return true;
    }
    return this.files.size > 0 && this.gitIgnores(known, above, name, isDirectory);
  }

  /** The deepest file that says something has the last word, as in git. */
  private gitIgnores(known: Directory, above: string, name: string, isDirectory: boolean): boolean {
    let stepsLeft = mostSteps;
    let bytes: { readonly name: string; readonly path: string } | undefined;
    for (let at: Directory | undefined = known; at !== undefined; at = at.parent) {
      const file = this.files.get(at)?.file;
      if (file !== undefined) {
        bytes ??= { name: bytesText(name), path: bytesText(above) };
        const length = at.path === '' ? 0 : bytesText(at.path).length + 1;
        const entry = { name: bytes.name, directory: bytes.path.slice(length), isDirectory };
        const steps = file.stepsFor(entry);
        stepsLeft -= steps;
        if (stepsLeft >= 0) this.steps += steps;
        else return this.giveUp(joinPath(above, name));
        const ignored = file.ignores(entry);
        if (ignored !== undefined) return ignored;
      }
      // A repository inside another has its own rules alone; those further out decided whether it is seen at all.
      if (at.gitDirectory !== undefined) return false;
    }
    return false;
  }

  private giveUp(path: string): false {
    if (this.slowPath === undefined) {
      this.slowPath = path;
      this.log.warn('rules do not count', { path, why: this.trouble });
    }
    return false;
  }
}
