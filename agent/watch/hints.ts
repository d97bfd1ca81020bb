// What a backend says, put in terms of the index: which directory and which name has to be looked at.
import type { HintSink } from './backend.ts';
import type { DirtyDirectories } from './dirty.ts';
import { type IgnoreRules, rulesFileName } from './ignore-rules.ts';
import type { Interests } from './interests.ts';
import { NameForms } from './name-forms.ts';
import { joinPath, splitPath } from './names.ts';
import type { Evidence } from './touches.ts';
import { Directory, type TreeIndex } from './tree-index.ts';
import type { Turns } from './turns.ts';

/** What follows from a hint. */
export interface HintsHost {
  /** Nothing is wanted any more. */
  readonly isClosed: boolean;
  /** Whether hints come in the order of the changes. */
  readonly areOrdered: boolean;
  /** Whether hints name entries as their directory lists them. */
  readonly areNamesAsListed: boolean;
  /** A hint came. Returns whether they come as fast as they are read. */
  hinted(): boolean;
  /** Watches were closed: of their hints that are queued nobody will hear. */
  unheard(): void;
  /**
   * A hint has been dealt with.
   * @param isDirty whether it left something to look at in the next batch
   * @param isOutside whether that is outside the default view
   */
  took(isDirty: boolean, isOutside?: boolean): void;
  /** A directory may not be the one it was. */
  doubtDirectory(directory: Directory): void;
  /** A path is not below any directory that is known, so the root may be another. */
  suspectRoot(): void;
  /** Hints were lost for certain. */
  lost(): void;
  /** Hints may be missing: the tree is crawled as the backend wants it anyway. */
  wantCrawl(): void;
  /** What a hint that comes now says about an entry. */
  evidence(directory: Directory, name: string | undefined): Evidence;
  /** Stops watching a directory at once. */
  unwatch(directory: Directory): void;
  /** A watch could not be made or died. */
  failed(path: string, error: NodeJS.ErrnoException): void;
}

interface Hint {
  readonly path: string;
  readonly name: string | undefined;
  readonly content: boolean;
}

/** Takes the hints of one root. */
export class Hints implements HintSink {
  private readonly index: TreeIndex;
  private readonly rules: IgnoreRules;
  private readonly interests: Interests;
  private readonly turns: Turns;
  private readonly dirty: DirtyDirectories;
  private readonly host: HintsHost;
  /** The entries of directories of which hints had names that are not known, until the next batch. */
  private forms = new Map<Directory, NameForms>();

  constructor(parts: {
    index: TreeIndex;
    rules: IgnoreRules;
    interests: Interests;
    turns: Turns;
    dirty: DirtyDirectories;
    host: HintsHost;
  }) {
    this.index = parts.index;
    this.rules = parts.rules;
    this.interests = parts.interests;
    this.turns = parts.turns;
    this.dirty = parts.dirty;
    this.host = parts.host;
  }

  hintItself(path: string): void {
    if (this.host.isClosed) return;
    const isFlood = this.host.hinted();
    const directory = this.index.directories.get(path);
    if (directory !== undefined) {
      if (isFlood) this.holdBack(directory);
      directory.hintedTurn ??= this.turns.now;
      // One that watches by itself has lost what it watched in a root that was gone for a moment.
      if (!this.host.areOrdered) directory.doubtful = true;
      this.host.doubtDirectory(directory);
    }
    this.host.took(false);
  }

  hint(path: string, name: string | undefined, content: boolean): void {
    if (!this.host.isClosed) this.take({ path, name, content }, this.host.hinted());
  }

  private take(hint: Hint, isFlood: boolean): void {
    const { directory, known } = this.find(hint.path, hint.name);
    let isOutside = false;
    if (directory === undefined) this.host.suspectRoot();
    else {
      if (isFlood) this.holdBack(directory);
      const entry = known === undefined ? undefined : directory.entries.get(known);
      isOutside = entry === undefined ? directory.stat.outside : this.index.isOutside(entry);
      if (known !== undefined && entry === undefined) {
        isOutside ||= this.rules.ignoresHint(directory, known);
        // What is never reported is no reason to wait.
        if (isOutside && !this.isWanted(directory, known)) return;
      }
      const { areOrdered } = this.host;
      // Where hints come late and without order, a turn says nothing of what they are about.
      if (entry instanceof Directory && areOrdered) entry.hintedTurn ??= this.turns.now;
      const heard = areOrdered ? this.host.evidence(directory, known) : 'often';
      const evidence = hint.content ? heard : 'none';
      if (known === undefined || entry !== undefined || this.host.areNamesAsListed) {
        this.dirty.mark(directory, known, evidence);
      } else this.markForms(directory, known, hint, evidence);
    }
    this.host.took(true, isOutside);
  }

  doubt(certain: boolean): void {
    if (this.host.isClosed) return;
    if (certain) this.host.lost();
    else this.host.wantCrawl();
  }

  passed(): boolean {
    return this.host.hinted();
  }

  /** The rules that count in a directory may have changed, somewhere outside of the tree. */
  lookAtRules(directory: Directory): void {
    if (this.host.isClosed) return;
    this.dirty.mark(directory, rulesFileName, 'none');
    this.host.took(true);
  }

  unheard(): void {
    this.host.unheard();
  }

  ignores(path: string, isDirectory: boolean): boolean {
    const { directory: at, name } = splitPath(path);
    const directory = this.index.directories.get(at);
    // It counts also where it is ignored itself, and so do its changes.
    if (name === rulesFileName && this.rules.gitignore && directory?.stat.outside !== true) return false;
    if (directory === undefined) return this.rules.isNeverName(name);
    const isOutside = directory.stat.outside || this.rules.ignores(directory, name, isDirectory);
    return isOutside && (this.rules.isNeverName(name) || !this.interests.wants(path, isDirectory));
  }

  /** Whether a wide view wants an entry that is outside the default one, whatever it is. */
  private isWanted(directory: Directory, name: string): boolean {
    if (this.interests.isEmpty || this.rules.isNeverName(name)) return false;
    return this.interests.wants(joinPath(directory.path, name), true);
  }

  failed(path: string, error: NodeJS.ErrnoException): void {
    this.host.failed(path, error);
  }

  /** The directory that a hint is of, and the name in it. A backend that walks by itself may be ahead of the index. */
  private find(
    path: string,
    name: string | undefined,
  ): { directory: Directory | undefined; known: string | undefined } {
    let at = path;
    let known = name;
    let directory = this.index.directories.get(at);
    while (directory === undefined && at !== '') {
      ({ directory: at, name: known } = splitPath(at));
      directory = this.index.directories.get(at);
    }
    return { directory, known };
  }

  /**
   * Marks what a hint may be about that has the unknown name `unknown` below `directory`. That may be another form of a
   * name: the directory is listed, so that the index gets the form that is there, and a known entry whose name it may
   * be is taken to be meant as well.
   */
  private markForms(directory: Directory, unknown: string, hint: Hint, evidence: Evidence): void {
    this.dirty.mark(directory, undefined, 'none');
    const form = this.formsOf(directory).find(unknown);
    if (form === undefined) return;
    if (hint.path === directory.path) this.dirty.mark(directory, form, evidence);
    else {
      const rest = hint.path.slice(joinPath(directory.path, unknown).length);
      this.take({ ...hint, path: joinPath(directory.path, form) + rest }, false);
    }
  }

  /** Collected once a batch: a directory can have many entries, and a storm many hints with names that are not known. */
  private formsOf(directory: Directory): NameForms {
    let forms = this.forms.get(directory);
    if (forms === undefined) {
      forms = new NameForms(directory.entries.keys());
      this.forms.set(directory, forms);
    }
    return forms;
  }

  /** A batch begins: what it looks at may change the names that are known. */
  forgetForms(): void {
    if (this.forms.size > 0) this.forms = new Map();
  }

  /**
   * libuv reads hints for as long as there are any, and they can come as fast as that: then nothing else would have a
   * turn. So every directory that takes part in such a flood is watched no longer; the next batch watches it again, and
   * compares all that is in it.
   */
  private holdBack(directory: Directory): void {
    if (!this.host.areOrdered) return;
    this.host.unwatch(directory);
    this.dirty.markUnwatched(directory);
    // The hint of a move of one of these may be among those that nobody will hear.
    for (const entry of directory.entries.values()) {
      if (entry instanceof Directory) entry.hintedTurn ??= this.turns.now;
    }
    this.host.took(true);
  }
}
