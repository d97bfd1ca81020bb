// What is not watched: the version-control stores, the globs that were given, what git's rules say, each file of
// which speaks for its own directory and what lies below, as far as the next repository, and node_modules.

import {
  compileGlobs,
  type GitignoreFile,
  type PathMatcher,
  parseGitignore,
  type RulesEntry,
} from '../../shared/globs/index.ts';
import { TurnBudget } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import { bytesText, joinPath } from './names.ts';
import type { RulesText } from './rules-text.ts';
import { RulesTroubles, troubleWith } from './rules-troubles.ts';
import { Directory } from './tree-index.ts';

const stores = new Set(['.git', '.hg', '.svn']);
const inStore = /(?:^|\/)\.(?:git|hg|svn)(?:\/|$)/;

/** Why an entry is not in the default view: no view ever holds it, or the rules leave it out. */
type LeftOut = 'never' | 'rule';

/** Left out at any depth, whatever it is, unless a rule says otherwise: nobody edits what is in there. */
const dependencies = 'node_modules';

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

/** Rules from outside of the tree that count in a directory that is a repository's top, or the root. */
export interface OuterRules {
  readonly file: GitignoreFile;
  /** The directory's path from where these rules begin, as bytes in Latin-1; '' if they begin in it. */
  readonly base: string;
}

/** A file that has a say in a directory, and what it is asked: where the directory is for it stays the same. */
interface Level {
  readonly file: GitignoreFile;
  readonly entry: { name: string; readonly directory: string; isDirectory: boolean };
}

/** The ignoring of one root. */
export class IgnoreRules {
  /** Whether git's rules count, and node_modules is left out. */
  readonly gitignore: boolean;
  private readonly log: Log;
  private readonly matchesGlob: PathMatcher | undefined;
  private readonly files = new Map<Directory, KnownRules>();
  /** What has a word after these files, in order. */
  private readonly outer = new Map<Directory, readonly OuterRules[]>();
  /** Names in a directory that are left out whatever they are, as long as the rules stay as they are. */
  private ignoredNames = new WeakMap<Directory, Set<string>>();
  /** What is wrong with files of rules. */
  readonly troubles: RulesTroubles;
  private slowPath: string | undefined;
  /** Steps of matching since they were taken. */
  private steps = 0;
  /** The levels of the directory that was asked about last. */
  private latest: { known: Directory; above: string; levels: readonly Level[] } | undefined;
  /** Steps that are left for the entry in question. */
  private stepsLeft = 0;
  private readonly hintSteps = new TurnBudget(mostHintSteps);

  /** @param globs relative to the root; a directory that matches is left out with all that is in it */
  constructor(globs: readonly string[], gitignore: boolean, log: Log) {
    this.gitignore = gitignore;
    this.log = log;
    this.troubles = new RulesTroubles(log);
    this.matchesGlob = globs.length === 0 ? undefined : compileGlobs(globs);
  }

  /** Why some rules do not count, or older ones still do; undefined if all is as the files say. */
  get trouble(): string | undefined {
    const { first } = this.troubles;
    if (first !== undefined || this.slowPath === undefined) return first;
    return `the .gitignore files above ${this.slowPath} have too many wildcard rules for so long a path: those furthest up do not count there`;
  }

  /**
   * Takes the text of a directory's .gitignore, undefined when there is none. Long ones are read in steps.
   * @returns whether that changes anything
   */
  *setRules(directory: Directory, text: RulesText | undefined): Generator<void, boolean> {
    const path = joinPath(directory.path, rulesFileName);
    if (text === undefined) {
      this.troubles.set(path, undefined);
      const changes = this.files.delete(directory);
      if (changes) this.forgetNames();
      return changes;
    }
    const { bytes, whole } = text;
    const known = this.files.get(directory);
    const file = known?.bytes === bytes ? known.file : yield* parseGitignore(bytes);
    // Removed while its rules were read.
    if (directory.gone) return false;
    this.troubles.set(path, troubleWith(path, file, whole));
    if (file === known?.file) return false;
    this.files.set(directory, { bytes, file });
    this.forgetNames();
    return true;
  }

  /** Forgets which names are left out: the rules are others, or count elsewhere. */
  forgetNames(): void {
    this.latest = undefined;
    this.ignoredNames = new WeakMap();
  }

  /** A directory's .gitignore can't be read at the moment: what it said before still counts. */
  keepRules(directory: Directory, error: NodeJS.ErrnoException): void {
    this.troubles.unread(joinPath(directory.path, rulesFileName), error, this.files.has(directory));
  }

  /**
   * Takes what counts in a directory besides the .gitignore files in the tree: the first that says something decides.
   * @returns whether that changes anything
   */
  setOuter(directory: Directory, rules: readonly OuterRules[]): boolean {
    const known = this.outer.get(directory) ?? [];
    const isSame = (one: OuterRules, index: number): boolean =>
      one.file === known[index]?.file && one.base === known[index]?.base;
    if (known.length === rules.length && rules.every(isSame)) return false;
    if (rules.length === 0) this.outer.delete(directory);
    else this.outer.set(directory, rules);
    this.forgetNames();
    return true;
  }

  /** Forgets what a directory's .gitignore said, because the directory is gone. */
  forget(directory: Directory): void {
    // The root stays the same directory when it is back, and may have no rules then.
    const counted = this.files.delete(directory);
    if (this.outer.delete(directory) || counted) this.forgetNames();
    this.troubles.forget(joinPath(directory.path, rulesFileName));
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
    if (!this.gitignore) return false;
    return this.gitIgnores(known, above, name, isDirectory) ?? name === dependencies;
  }

  /**
   * What git's rules say; undefined if they say nothing. The deepest file that says something has the last word; a
   * repository inside another has its own rules alone, for those further out decided whether it is seen at all.
   */
  private gitIgnores(
    known: Directory,
    above: string,
    name: string,
    isDirectory: boolean,
  ): boolean | undefined {
    if (this.files.size === 0 && this.outer.size === 0) return undefined;
    const levels = this.levelsFor(known, above);
    if (levels.length === 0) return undefined;
    this.stepsLeft = mostSteps;
    const bytes = bytesText(name);
    for (const { file, entry } of levels) {
      entry.name = bytes;
      entry.isDirectory = isDirectory;
      const ignored = this.ask(file, entry);
      if (this.stepsLeft < 0) return this.giveUp(joinPath(above, name));
      if (ignored !== undefined) return ignored;
    }
    return undefined;
  }

  /** The files that have a say in a directory, in order. A crawl asks about all entries of one after another. */
  private levelsFor(known: Directory, above: string): readonly Level[] {
    if (this.latest?.known === known && this.latest.above === above) return this.latest.levels;
    const levels: Level[] = [];
    const add = (file: GitignoreFile, directory: string): void => {
      levels.push({ file, entry: { name: '', directory, isDirectory: false } });
    };
    const bytes = bytesText(above);
    for (let at: Directory | undefined = known; at !== undefined; at = at.parent) {
      const inside = at.path === '' ? bytes : bytes.slice(bytesText(at.path).length + 1);
      const file = this.files.get(at)?.file;
      if (file !== undefined) add(file, inside);
      if (at.parent !== undefined && at.gitDirectory === undefined) continue;
      for (const { file, base } of this.outer.get(at) ?? []) {
        add(file, base === '' || inside === '' ? base + inside : `${base}/${inside}`);
      }
      break;
    }
    this.latest = { known, above, levels };
    return levels;
  }

  /** What a file says of an entry; undefined also where that takes more steps than are left. */
  private ask(file: GitignoreFile, entry: RulesEntry): boolean | undefined {
    if (this.stepsLeft < 0) return undefined;
    const steps = file.stepsFor(entry);
    this.stepsLeft -= steps;
    if (this.stepsLeft < 0) return undefined;
    this.steps += steps;
    return file.ignores(entry);
  }

  private giveUp(path: string): undefined {
    if (this.slowPath === undefined) {
      this.slowPath = path;
      this.log.warn('rules do not count', { path, why: this.trouble });
    }
  }
}
