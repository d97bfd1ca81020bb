// What is not watched: the version-control stores, the globs that were given, and what the .gitignore
// files say, each of which speaks for its own directory and what lies below.

import ignore, { type Ignore } from 'ignore';
import { compileGlobs, type PathTest } from '../../shared/globs/index.ts';
import { joinPath } from './names.ts';
import type { Directory } from './tree-index.ts';

const stores = new Set(['.git', '.hg', '.svn']);

/** The name of the files that the rules are read from. */
export const rulesFileName = '.gitignore';

/** `ignore` keeps each answer for good; after this many it is made anew, which drops them. */
const answersKept = 20_000;

/** Ignored names that are remembered of a directory: more than are written to again and again. */
const ignoredNamesKept = 100;

class RulesFile {
  readonly text: string;
  private matcher: Ignore | undefined;
  private answers = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** @param path relative to the file's directory; with a slash at its end if it is a directory */
  test(path: string): { ignored: boolean; unignored: boolean } {
    const verdict = this.ask(path);
    const slash = path.lastIndexOf('/', path.length - 2);
    // `ignore` says of everything in an ignored directory that it is ignored. Here the directory is known
    // to be seen, because a deeper .gitignore brought it back: only what names the entry itself counts.
    if (verdict.ignored && slash !== -1 && this.ask(path.slice(0, slash + 1)).ignored) {
      return this.ask(path.slice(slash + 1));
    }
    return verdict;
  }

  private ask(path: string): { ignored: boolean; unignored: boolean } {
    if (this.matcher === undefined || this.answers >= answersKept) {
      this.matcher = ignore({ allowRelativePaths: true }).add(this.text);
      this.answers = 0;
    }
    this.answers += 1;
    return this.matcher.test(path);
  }
}

/** The ignoring of one root. */
export class IgnoreRules {
  /** Whether .gitignore files count. */
  readonly gitignore: boolean;
  private readonly matchesGlob: PathTest | undefined;
  private readonly files = new Map<Directory, RulesFile>();
  /** Names in a directory that are left out whatever they are, as long as the rules stay as they are. */
  private ignoredNames = new WeakMap<Directory, Set<string>>();

  /** @param globs relative to the root; a directory that matches is left out with all that is in it */
  constructor(globs: readonly string[], gitignore: boolean) {
    this.gitignore = gitignore;
    this.matchesGlob = globs.length === 0 ? undefined : compileGlobs(globs);
  }

  /**
   * Takes the text of a directory's .gitignore, undefined when there is none.
   * @returns whether that changes anything
   */
  setRules(directory: Directory, text: string | undefined): boolean {
    if (this.files.get(directory)?.text === text) return false;
    this.ignoredNames = new WeakMap();
    if (text === undefined) this.files.delete(directory);
    else this.files.set(directory, new RulesFile(text));
    return true;
  }

  /** Forgets what a directory's .gitignore said, because the directory is gone. */
  forget(directory: Directory): void {
    this.files.delete(directory);
  }

  /** Whether `name` is left out whatever it is: cheap, before the entry is looked at. */
  ignoresName(name: string): boolean {
    return stores.has(name);
  }

  /**
   * Whether a hint of `name` is of no interest, because it is left out whether or not it is a directory. Quick for
   * a name that was asked about before: a log can be written to a thousand times a second.
   */
  ignoresHint(directory: Directory, name: string): boolean {
    let names = this.ignoredNames.get(directory);
    if (names?.has(name) === true) return true;
    // What is in these says how to look at others.
    if (name === rulesFileName || name === '.git') return false;
    if (!this.ignores(directory, name, false) || !this.ignores(directory, name, true)) return false;
    if (names === undefined || names.size >= ignoredNamesKept) {
      names = new Set();
      this.ignoredNames.set(directory, names);
    }
    names.add(name);
    return true;
  }

  /** Whether the entry `name` of a directory that is not ignored itself is left out. */
  ignores(directory: Directory, name: string, isDirectory: boolean): boolean {
    if (this.ignoresName(name)) return true;
    if (this.matchesGlob?.(joinPath(directory.path, name)) === true) return true;
    if (this.files.size === 0) return false;
    let path = isDirectory ? `${name}/` : name;
    // The deepest file that says something has the last word, as in git.
    for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) {
      const verdict = this.files.get(at)?.test(path);
      if (verdict?.ignored === true) return true;
      if (verdict?.unignored === true) return false;
      path = `${at.path.slice(at.path.lastIndexOf('/') + 1)}/${path}`;
    }
    return false;
  }
}
