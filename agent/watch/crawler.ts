// Walks the disk, compares it with the index, mends the index and records each difference. All of the
// engine's truth comes from here: hints only say where to look.
//
// The work is written as generators that stop between steps (slices.ts), for a tree can be large. Between
// two steps the disk goes on changing; whatever changes then gives a hint of its own, because a directory
// is always watched first and listed afterwards.
//
// A directory can also be elsewhere while something below it is looked at or watched, and be back, the same as
// before, when it is examined itself. Each move gives a hint in the directory that it is an entry of. So
// everything below a directory is watched and compared anew if any of it was looked at since just before the
// oldest hint that named it (turns.ts). From the root down this makes every watch and every look right in the
// end. For the root itself there is no such hint: Disk.enter sees to it that all looks are into the same one.
import type { Log } from '../log.ts';
import { clockGrainMs, type DifferenceSink } from './delta.ts';
import type { Disk } from './disk.ts';
import { type IgnoreRules, rulesFileName } from './ignore-rules.ts';
import { joinPath } from './names.ts';
import { sorted } from './slices.ts';
import {
  Directory,
  type EntryStat,
  kindOf,
  type Removed,
  statOf,
  type TreeIndex,
  type Youth,
} from './tree-index.ts';
import type { Turns } from './turns.ts';

/**
 * Names to look at in a directory, each with whether its content may have changed; or all of them; or all of them
 * in one that is no longer watched, and has to be again.
 */
export type DirtyNames = Map<string, boolean> | 'all' | 'unwatched';

/** What the crawler needs done that is not looking. */
export interface CrawlerHost {
  /** Watches the directory. Returns false if that can't be done because it is gone or closed to us. */
  watch(directory: Directory): boolean;
  unwatch(directory: Directory): void;
  /** The directory is there but can't be looked into: look again later, if nothing will say when. */
  retry(directory: Directory, error: NodeJS.ErrnoException): void;
  /** The place is not what it was a moment ago: look again, in the next batch. */
  doubt(directory: Directory): void;
}

/** A directory to list, and how thoroughly. */
interface Visit {
  readonly directory: Directory;
  /** Go into the directories below as well, even those that are known. */
  readonly deep: boolean;
  /**
   * Hints may be missing, or may have been another directory's: it is watched anew, and what may have been
   * written without a trace counts as changed.
   */
  readonly suspicious: boolean;
}

/** Entries looked at between two steps. */
const entriesPerStep = 64;
/** Names compared between two steps. */
const namesPerStep = 1024;
/** A directory this large may have more than a thousand entries; on tmpfs and ext4 20 and 24 bytes each or more. */
const largeDirectoryBytes = 32 * 1024;
/** How often a directory that is replaced while it is being watched is tried again at once. */
const watchTries = 4;
/** Skipped paths that are remembered, so as to be counted once: a megabyte or two. */
const skipsRemembered = 10_000;
/** Skipped paths that are logged one by one; the rest is summed up. */
const skipsLogged = 100;

/** Keeps one root's index true. */
export class Crawler {
  private readonly disk: Disk;
  private readonly index: TreeIndex;
  private readonly rules: IgnoreRules;
  private readonly host: CrawlerHost;
  private readonly log: Log;
  private readonly turns: Turns;
  private readonly watched = new WeakSet<Directory>();
  private readonly skipped = new Set<string>();
  private skipsSummedUp = skipsLogged;
  /** Directories that were taken out of the index while what was below them is still in it. */
  private readonly removed: Directory[] = [];

  constructor(parts: {
    disk: Disk;
    index: TreeIndex;
    rules: IgnoreRules;
    host: CrawlerHost;
    log: Log;
    turns: Turns;
  }) {
    this.disk = parts.disk;
    this.index = parts.index;
    this.rules = parts.rules;
    this.host = parts.host;
    this.log = parts.log;
    this.turns = parts.turns;
  }

  /**
   * Compares everything below `directory`.
   * @param suspicious whether hints may be missing
   */
  *crawl(directory: Directory, delta: DifferenceSink, suspicious: boolean): Generator<void, void> {
    yield* this.visit([{ directory, deep: true, suspicious }], delta);
    this.sumUpSkipped();
  }

  /** Compares what the hints named. */
  *examineHints(dirty: ReadonlyMap<Directory, DirtyNames>, delta: DifferenceSink): Generator<void, void> {
    // Parents first: a directory that is gone or replaced takes the hints below it along.
    const directories = yield* sorted([...dirty.keys()], (a, b) => (a.path < b.path ? -1 : 1));
    /** Whether the rules change in any case, by directory. */
    const rulesTouched = new Map<Directory, boolean>();
    for (const directory of directories) {
      const names = dirty.get(directory);
      if (names === undefined || directory.gone || !this.stillThere(directory)) continue;
      if (names === 'all' || names === 'unwatched') {
        yield* this.visit([{ directory, deep: false, suspicious: names === 'unwatched' }], delta);
        continue;
      }
      const visits: Visit[] = [];
      let steps = 0;
      for (const [name, content] of names) {
        this.examine({ directory, deep: false, suspicious: false }, name, content, delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
        if (name === rulesFileName) rulesTouched.set(directory, rulesTouched.get(directory) ?? false);
        if (name === '.git' && this.lookForRepository(directory)) rulesTouched.set(directory, true);
        if (++steps % entriesPerStep === 0) yield;
      }
      yield* this.visit(visits, delta);
      yield;
    }
    if (!this.rules.gitignore) rulesTouched.clear();
    for (const [directory, changed] of rulesTouched) {
      // Also one that is ignored itself, and so no entry.
      if (!directory.gone && ((yield* this.readRules(directory)) || changed)) {
        yield* this.visit([{ directory, deep: true, suspicious: false }], delta);
      }
    }
    this.sumUpSkipped();
  }

  /**
   * Begins the examination of a directory that is where it belongs: hints that come from now on lead to another.
   * @returns whether what is known below it is in doubt, and has to be watched and compared anew
   */
  takeDoubt(directory: Directory): boolean {
    const { doubtful, hintedTurn, lookedTurn, newborn } = directory;
    directory.doubtful = false;
    directory.hintedTurn = undefined;
    if (hintedTurn === undefined) return doubtful;
    // The hint may be of the end of another that could not be told from this one by its birth time.
    const unproven = newborn || directory.stat.birthtimeMs === 0;
    return doubtful || unproven || this.turns.mayConcern(lookedTurn, hintedTurn);
  }

  /** Takes everything out of the index, because the root is gone. */
  *removeAll(root: Directory, delta: DifferenceSink): Generator<void, void> {
    yield* this.index.removeBelow(root, this.removal(delta));
    this.forgetDirectory(root);
  }

  private *visit(visits: Visit[], delta: DifferenceSink): Generator<void, void> {
    for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
      const { directory } = visit;
      if (directory.gone) continue;
      if (visit.suspicious) this.watched.delete(directory);
      if (!this.watchTruly(directory)) continue;
      const names = yield* this.list(directory);
      if (names === undefined) {
        directory.doubtful = true;
        this.host.doubt(directory);
        continue;
      }
      if ('unseen' in names) {
        this.skip(directory.path, 'the directory can not be listed', names.unseen);
        directory.unreadable = true;
        this.host.retry(directory, names.unseen);
        continue;
      }
      directory.unreadable = false;
      const before = directory.entries.size;
      const newBounds = this.lookForRepository(directory, names);
      const newRules = this.rules.gitignore && ((yield* this.readRules(directory, names)) || newBounds);
      const inside = newRules && before > 0 ? { ...visit, deep: true } : visit;

      let steps = 0;
      for (const name of names) {
        this.examine(inside, name, visit.suspicious, delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
        if (++steps % entriesPerStep === 0) yield;
      }
      if (before > 0) {
        yield* this.examineUnlisted(inside, names, delta, visits);
      }
      yield;
    }
  }

  /** One call for all names is quickest, but holds the loop for a millisecond per thousand or two. */
  private *list(directory: Directory): Generator<void, ReturnType<Disk['list']>> {
    if (directory.stat.size < largeDirectoryBytes) return this.disk.list(directory.path);
    return yield* this.disk.listInSteps(directory.path);
  }

  /** Looks at the entries that are known and were not listed. */
  private *examineUnlisted(
    visit: Visit,
    names: readonly string[],
    delta: DifferenceSink,
    visits: Visit[],
  ): Generator<void, void> {
    const { entries } = visit.directory;
    const listed = new Set<string>();
    let steps = 0;
    for (const name of names) {
      if (entries.has(name)) listed.add(name);
      if (++steps % namesPerStep === 0) yield;
    }
    if (listed.size === entries.size) return;
    for (const name of [...entries.keys()]) {
      if (!listed.has(name)) {
        this.examine(visit, name, false, delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
      }
      if (++steps % namesPerStep === 0) yield;
    }
  }

  /** Looks at one name and mends the index; directories to be listed next go to `visits`. */
  private examine(
    visit: Visit,
    name: string,
    content: boolean,
    delta: DifferenceSink,
    visits: Visit[],
  ): void {
    const { directory } = visit;
    this.noteLook(directory);
    const path = joinPath(directory.path, name);
    const known = directory.entries.get(name);
    const stats = this.rules.ignoresName(name) ? undefined : this.disk.look(path);
    if (stats !== undefined && 'unseen' in stats) {
      // Neither there nor gone, as far as anyone here can tell: what was told last stays. Where the directory
      // is closed to us, the hint of its opening has everything in it looked at.
      if (stats.unseen.code === 'EACCES') directory.unreadable = true;
      this.skip(path, 'it can not be looked at', stats.unseen);
      return;
    }
    const kind = stats === undefined ? undefined : kindOf(stats.mode);
    if (stats !== undefined && kind === undefined && !this.rules.ignores(directory, name, false)) {
      this.skip(path, 'it is no file, directory or symlink');
    }
    if (stats === undefined || kind === undefined || this.rules.ignores(directory, name, kind === 'dir')) {
      if (known !== undefined) this.remove(directory, name, delta);
      return;
    }
    const stat = statOf(stats, kind);
    if (kind === 'dir') this.examineDirectory(visit, name, known, stat, delta, visits);
    else this.examineFile(directory, name, known, stat, content, delta);
  }

  private examineDirectory(
    visit: Visit,
    name: string,
    known: number | Directory | undefined,
    stat: EntryStat,
    delta: DifferenceSink,
    visits: Visit[],
  ): void {
    const { directory: parent, suspicious } = visit;
    if (known instanceof Directory) {
      if (this.takeDoubt(known)) {
        visits.push({ directory: known, deep: true, suspicious: true });
      } else if (!isSameDirectory(known.stat, stat)) {
        // Another directory under the same name.
        this.watched.delete(known);
        visits.push({ directory: known, deep: true, suspicious });
      } else if (visit.deep || known.unreadable) {
        visits.push({ directory: known, deep: visit.deep, suspicious });
      }
      return;
    }
    if (known !== undefined) this.remove(parent, name, delta);
    const added = this.index.addDirectory(parent, name, stat);
    delta.record(added.path, undefined, stat);
    visits.push({ directory: added, deep: true, suspicious: false });
  }

  private examineFile(
    parent: Directory,
    name: string,
    known: number | Directory | undefined,
    stat: EntryStat,
    content: boolean,
    delta: DifferenceSink,
  ): void {
    const path = joinPath(parent.path, name);
    if (typeof known !== 'number') {
      if (known !== undefined) this.remove(parent, name, delta);
      this.index.addFile(parent, name, stat, youthOf(stat));
      delta.record(path, undefined, stat);
      return;
    }
    // A write of the same length within the clock's grain of the last look leaves no trace in the stat: on
    // an entry that was young then, the hint of a write is all the proof there will ever be.
    const untraced = content && this.index.youth(known) !== 'none';
    if (!untraced && this.index.difference(known, stat) === 'none') return;
    const before = this.index.fileStat(known);
    this.index.setFile(known, stat, youthOf(stat));
    delta.record(path, before, stat, untraced && before.kind === stat.kind);
  }

  /** Whether the directory is where it was; otherwise it is looked at again through its parent. */
  private stillThere(directory: Directory): boolean {
    this.noteLook(directory);
    const stats = this.disk.look(directory.path);
    if (stats !== undefined && !('unseen' in stats) && kindOf(stats.mode) === 'dir') {
      const stat = statOf(stats, 'dir');
      // Without birth times this can't be told. If it is another one, a hint of its parent says so as well.
      const maybe = stat.birthtimeMs === 0 && stat.ino === directory.stat.ino;
      if (maybe || isSameDirectory(directory.stat, stat)) {
        directory.stat = stat;
        return true;
      }
    }
    directory.doubtful = true;
    this.host.doubt(directory);
    return false;
  }

  /**
   * Watches a directory and makes sure that the watch is on the one that is there now: an inode number is
   * given again at once when a directory is removed and made anew, and the old watch is dead then.
   */
  private watchTruly(directory: Directory): boolean {
    this.noteLook(directory);
    for (let tries = 0; tries < watchTries; tries++) {
      const before = directory.stat;
      if (!this.watched.has(directory)) {
        if (!this.host.watch(directory)) {
          // It may be elsewhere for this moment and the same when it is looked at again: nothing in it is known.
          directory.doubtful = true;
          return false;
        }
        this.watched.add(directory);
        directory.newborn = Date.now() - before.birthtimeMs < clockGrainMs;
      }
      const stats = this.disk.look(directory.path);
      if (stats === undefined || 'unseen' in stats || kindOf(stats.mode) !== 'dir') break;
      directory.stat = statOf(stats, 'dir');
      if (isSameDirectory(before, directory.stat)) return true;
      this.watched.delete(directory);
      // No birth time to compare: a watch made twice in a row is as sure as it gets.
      if (directory.stat.birthtimeMs === 0 && tries > 0 && before.ino === directory.stat.ino) return true;
    }
    directory.doubtful = true;
    this.host.doubt(directory);
    return false;
  }

  /** A look at something in the directory, or its watch, is only as good as the way to it is at this moment. */
  private noteLook(directory: Directory): void {
    const turn = this.turns.looked();
    for (
      let at: Directory | undefined = directory;
      at !== undefined && at.lookedTurn !== turn;
      at = at.parent
    ) {
      at.lookedTurn = turn;
    }
  }

  /**
   * Reads the rules of a directory.
   * @param names what is in it, if that is known
   * @returns whether they changed
   */
  private *readRules(directory: Directory, names?: readonly string[]): Generator<void, boolean> {
    const present = names === undefined || names.includes(rulesFileName);
    const text = present ? this.disk.readRules(joinPath(directory.path, rulesFileName)) : undefined;
    if (text === undefined || !('unseen' in text)) return yield* this.rules.setRules(directory, text);
    this.rules.keepRules(directory, text.unseen);
    this.host.retry(directory, text.unseen);
    return false;
  }

  /**
   * Finds out whether the directory is the top of a repository.
   * @param names what is in it, if that is known
   * @returns whether rules of other directories begin or cease to count in it
   */
  private lookForRepository(directory: Directory, names?: readonly string[]): boolean {
    const before = directory.gitDirectory;
    const present = names === undefined || names.includes('.git');
    directory.gitDirectory = present ? this.disk.gitDirectory(directory.path) : undefined;
    if (directory.parent === undefined) return false;
    if ((before === undefined) === (directory.gitDirectory === undefined)) return false;
    this.rules.forgetNames();
    return true;
  }

  private remove(parent: Directory, name: string, delta: DifferenceSink): void {
    const directory = this.index.remove(parent, name, this.removal(delta));
    if (directory !== undefined) this.removed.push(directory);
  }

  /** Finishes what looking began: what is below directories that are gone is taken out, too. A tree can be large. */
  *removeBelow(delta: DifferenceSink): Generator<void, void> {
    for (let top = this.removed.pop(); top !== undefined; top = this.removed.pop()) {
      yield* this.index.removeBelow(top, this.removal(delta));
    }
  }

  private removal(delta: DifferenceSink): Removed {
    return (path, stat, directory) => {
      if (directory !== undefined) this.forgetDirectory(directory);
      delta.record(path, stat, undefined);
      this.skipped.delete(path);
    };
  }

  private forgetDirectory(directory: Directory): void {
    this.host.unwatch(directory);
    this.watched.delete(directory);
    this.rules.forget(directory);
  }

  private skip(path: string, why: string, error?: NodeJS.ErrnoException): void {
    if (this.skipped.has(path) || this.skipped.size >= skipsRemembered) return;
    this.skipped.add(path);
    if (this.skipped.size > skipsLogged) return;
    this.log.warn('entry skipped', { path, why, ...(error === undefined ? {} : { error: error.code }) });
  }

  /** Says how many are skipped, whenever that is twice as many as were said before. */
  private sumUpSkipped(): void {
    const { size } = this.skipped;
    if (size < this.skipsSummedUp * 2) return;
    this.skipsSummedUp = size;
    const atLeast = size >= skipsRemembered ? { atLeast: true } : {};
    this.log.warn('more entries skipped', { entries: size, ...atLeast });
  }
}

function youthOf(stat: EntryStat): Youth {
  const nowMs = Date.now();
  if (isYoung(stat.mtimeMs, nowMs)) return 'mtime';
  return isYoung(stat.ctimeMs, nowMs) ? 'ctime' : 'none';
}

function isYoung(timeMs: number, nowMs: number): boolean {
  // A time in whole seconds comes from a clock as coarse as that.
  const grainMs = timeMs % 1000 === 0 ? 2000 : clockGrainMs;
  return nowMs - timeMs < grainMs;
}

/** An inode number alone is no identity; with no birth time beside it nothing is known to be the same. */
function isSameDirectory(a: EntryStat, b: EntryStat): boolean {
  return a.ino === b.ino && a.birthtimeMs === b.birthtimeMs && a.birthtimeMs !== 0;
}
