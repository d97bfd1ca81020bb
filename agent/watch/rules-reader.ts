// Reads what says what counts in a directory: its .gitignore, the `.git` that makes it the top of a repository, and
// what counts there from outside of the tree.
import type { Disk } from './disk.ts';
import { gitDirectoryAt } from './git-directories.ts';
import { type IgnoreRules, rulesFileName } from './ignore-rules.ts';
import { joinPath } from './names.ts';
import type { OuterRulesReader } from './outer-rules.ts';
import { readRulesText } from './rules-text.ts';
import type { Directory } from './tree-index.ts';

/** What the reader needs done that is not reading. */
export interface RulesHost {
  /** The directory is there but can't be looked into: look again later, if nothing will say when. */
  retry(directory: Directory, error: NodeJS.ErrnoException): void;
}

/** Keeps one root's rules as the disk has them. */
export class RulesReader {
  private readonly disk: Disk;
  private readonly rules: IgnoreRules;
  private readonly outer: OuterRulesReader;
  private readonly host: RulesHost;

  constructor(disk: Disk, rules: IgnoreRules, outer: OuterRulesReader, host: RulesHost) {
    this.disk = disk;
    this.rules = rules;
    this.outer = outer;
    this.host = host;
  }

  /**
   * Reads the rules of a directory.
   * @param names what is in it, if that is known
   * @returns whether they changed
   */
  *readRules(directory: Directory, names?: readonly string[]): Generator<void, boolean> {
    const present = names === undefined || names.includes(rulesFileName);
    const place = this.disk.place(joinPath(directory.path, rulesFileName));
    const text = present ? readRulesText(place) : undefined;
    const isOuterNew = yield* this.outer.read(directory);
    if (text === undefined || !('unseen' in text))
      return (yield* this.rules.setRules(directory, text)) || isOuterNew;
    this.rules.keepRules(directory, text.unseen);
    this.host.retry(directory, text.unseen);
    return isOuterNew;
  }

  /** Forgets what counted in a directory that is gone. */
  forget(directory: Directory): void {
    this.rules.forget(directory);
    this.outer.forget(directory);
  }

  /** Forgets what counted in a directory that leaves the default view: no rules are read outside, nor repositories sought. */
  leave(directory: Directory): void {
    this.forget(directory);
    if (directory.gitDirectory !== undefined) this.rules.forgetNames();
    directory.gitDirectory = undefined;
  }

  /**
   * Finds out whether the directory is the top of a repository.
   * @param names what is in it, if that is known
   * @returns whether rules of other directories begin or cease to count in it
   */
  lookForRepository(directory: Directory, names?: readonly string[]): boolean {
    const before = directory.gitDirectory;
    const present = names === undefined || names.includes('.git');
    const dotGit = present ? this.disk.look(joinPath(directory.path, '.git')) : undefined;
    const isSeen = dotGit !== undefined && !('unseen' in dotGit);
    const found = isSeen ? gitDirectoryAt(this.disk.absolute(directory.path), dotGit) : undefined;
    if (typeof found === 'object') {
      // As long as that can't be told, what was known counts.
      this.host.retry(directory, found.unseen);
      return false;
    }
    directory.gitDirectory = found;
    if (before === found) return false;
    this.rules.forgetNames();
    return true;
  }
}
