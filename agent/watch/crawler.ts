// Walks the disk, compares it with the index, mends the index and records each difference. All of the
// engine's truth comes from here: hints only say where to look.
//
// The work is written as generators that stop between steps (slices.ts), for a tree can be large. Between
// two steps the disk goes on changing; whatever changes then gives a hint of its own, because a directory
// is always watched first and listed afterwards.
import { SliceClock } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { DifferenceSink } from './delta.ts';
import type { Disk } from './disk.ts';
import { type IgnoreRules, rulesFileName } from './ignore-rules.ts';
import { NameForms } from './name-forms.ts';
import { joinPath } from './names.ts';
import type { OuterRulesReader } from './outer-rules.ts';
import { isSameDirectory, Places, type PlacesHost } from './places.ts';
import { type RulesHost, RulesReader } from './rules-reader.ts';
import { Skips } from './skips.ts';
import { sorted } from './slices.ts';
import { both, type Evidence, Touches } from './touches.ts';
import {
  type Difference,
  Directory,
  type EntryStat,
  kindOf,
  type Removed,
  statOf,
  type TreeIndex,
  type Youth,
} from './tree-index.ts';
import type { Turns } from './turns.ts';
import { type Dirty, evidenceOf, type Visit } from './visits.ts';
import { youthOf } from './youth.ts';

/** What the crawler needs done that is not looking. */
export interface CrawlerHost extends PlacesHost, RulesHost {
  /** Another directory is where this one was, or it has been away: so for all below it. */
  replaced(directory: Directory): void;
  /** Hints about an entry that have come since the batch under way was closed. */
  pending(directory: Directory, name: string): Evidence | undefined;
}

/** A step ends after so long, and with the entry that is looked at: with slow rules one can take 10 ms. */
const stepMs = 1;
/** What a look at an entry costs beside the rules, in steps of matching (SliceClock): 5 µs or so. */
const entrySteps = 2500;
/** What it costs to compare a name. */
const nameSteps = 40;
/** A directory this large may have more than a thousand entries; on tmpfs and ext4 20 and 24 bytes each or more. */
const largeDirectoryBytes = 32 * 1024;

/** Keeps one root's index true. */
export class Crawler {
  private readonly disk: Disk;
  private readonly index: TreeIndex;
  private readonly rules: IgnoreRules;
  private readonly rulesReader: RulesReader;
  private readonly host: CrawlerHost;
  readonly places: Places;
  private readonly touches: Touches;
  private readonly clock = new SliceClock(stepMs);
  private readonly skips: Skips;
  /** Directories that were taken out of the index while what was below them is still in it. */
  private readonly removed: Directory[] = [];

  constructor(parts: {
    disk: Disk;
    index: TreeIndex;
    rules: IgnoreRules;
    host: CrawlerHost;
    log: Log;
    turns: Turns;
    outer: OuterRulesReader;
  }) {
    this.disk = parts.disk;
    this.index = parts.index;
    this.rules = parts.rules;
    this.host = parts.host;
    this.rulesReader = new RulesReader(parts.disk, parts.rules, parts.outer, parts.host);
    this.skips = new Skips(parts.log);
    this.places = new Places(parts.disk, parts.host, parts.turns);
    this.touches = new Touches(parts.turns);
  }

  /**
   * Compares everything below `directory`.
   * @param suspicious whether hints may be missing
   */
  *crawl(directory: Directory, delta: DifferenceSink, suspicious: boolean): Generator<void, void> {
    yield* this.visit([{ directory, deep: true, suspicious }], delta);
    this.skips.sumUp();
  }

  /** Compares what the hints named. */
  *examineHints(hinted: ReadonlyMap<Directory, Dirty>, delta: DifferenceSink): Generator<void, void> {
    // Parents first: a directory that is gone or replaced takes the hints below it along.
    const directories = yield* sorted([...hinted.keys()], (a, b) => (a.path < b.path ? -1 : 1));
    /** Whether the rules change in any case, by directory. */
    const rulesTouched = new Map<Directory, boolean>();
    for (const directory of directories) {
      if (this.isDue(entrySteps)) yield* this.rest();
      const dirty = hinted.get(directory);
      if (dirty === undefined || directory.gone || !this.places.stillThere(directory)) continue;
      if (dirty.unwatched || dirty.all !== undefined) {
        yield* this.visit([{ directory, deep: false, suspicious: dirty.unwatched, dirty }], delta);
        continue;
      }
      const visits: Visit[] = [];
      for (const [name, evidence] of dirty.names) {
        this.examine({ directory, deep: false, suspicious: false }, name, evidence, delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
        if (name === rulesFileName) rulesTouched.set(directory, rulesTouched.get(directory) ?? false);
        if (name === '.git' && this.rulesReader.lookForRepository(directory))
          rulesTouched.set(directory, true);
        if (this.isDue(entrySteps)) yield* this.rest();
      }
      yield* this.visit(visits, delta);
    }
    if (!this.rules.gitignore) rulesTouched.clear();
    for (const [directory, changed] of rulesTouched) {
      // Also one that is ignored itself, and so no entry.
      if (!directory.gone && ((yield* this.rulesReader.readRules(directory)) || changed)) {
        yield* this.visit([{ directory, deep: true, suspicious: false }], delta);
      }
    }
    this.skips.sumUp();
  }

  /** Takes everything out of the index, because the root is gone. */
  *removeAll(root: Directory, delta: DifferenceSink): Generator<void, void> {
    yield* this.index.removeBelow(root, this.removal(delta));
    this.forgetDirectory(root);
  }

  private *visit(visits: Visit[], delta: DifferenceSink): Generator<void, void> {
    for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
      if (this.isDue(entrySteps)) yield* this.rest();
      const { directory } = visit;
      if (directory.gone) continue;
      if (visit.suspicious) this.places.distrust(directory);
      if (!this.places.watchTruly(directory)) continue;
      const names = yield* this.list(directory);
      if (names === undefined) {
        directory.doubtful = true;
        this.host.doubt(directory);
        continue;
      }
      if ('unseen' in names) {
        this.skips.add(directory.path, 'the directory can not be listed', names.unseen);
        directory.unreadable = true;
        this.host.retry(directory, names.unseen);
        continue;
      }
      directory.unreadable = false;
      const before = directory.entries.size;
      const newBounds = this.rulesReader.lookForRepository(directory, names);
      const newRules =
        this.rules.gitignore && ((yield* this.rulesReader.readRules(directory, names)) || newBounds);
      const inside = newRules && before > 0 ? { ...visit, deep: true } : visit;

      for (const name of names) {
        this.examine(inside, name, evidenceOf(visit, name), delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
        if (this.isDue(entrySteps)) yield* this.rest();
      }
      if (before > 0) yield* this.examineUnlisted(inside, names, delta, visits);
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
    const { directory } = visit;
    const { entries } = directory;
    const listed = new Set<string>();
    for (const name of names) {
      if (entries.has(name)) listed.add(name);
      if (this.isDue(nameSteps)) yield* this.rest();
    }
    if (listed.size === entries.size) return;
    let forms: NameForms | undefined;
    for (const name of [...entries.keys()]) {
      const isListed = listed.has(name);
      if (!isListed) {
        this.examine(visit, name, 'none', delta, visits);
        if (this.removed.length > 0) yield* this.removeBelow(delta);
        if (entries.has(name)) {
          // Not listed, and yet there: where case is folded, Readme answers after its renaming to README.
          forms ??= yield* NameForms.of(names);
          const other = forms.find(name);
          if (other !== undefined && this.disk.isSame(directory.path, name, other)) {
            this.remove(directory, name, delta);
            yield* this.removeBelow(delta);
          }
        }
      }
      if (this.isDue(isListed ? nameSteps : entrySteps)) yield* this.rest();
    }
  }

  /** Notes work beside the rules, and theirs. Returns whether this step has used up its time. */
  private isDue(steps: number): boolean {
    return this.clock.spend(steps + this.rules.takeSteps());
  }

  private *rest(): Generator<void, void> {
    yield;
    this.clock.restart();
  }

  /** Looks at one name and mends the index; directories to be listed next go to `visits`. */
  private examine(
    visit: Visit,
    name: string,
    evidence: Evidence,
    delta: DifferenceSink,
    visits: Visit[],
  ): void {
    const { directory } = visit;
    this.places.noteLook(directory);
    const path = joinPath(directory.path, name);
    const known = directory.entries.get(name);
    const stats = this.rules.isNeverName(name) ? undefined : this.disk.look(path);
    if (stats !== undefined && 'unseen' in stats) {
      // Neither there nor gone, as far as anyone here can tell: what was told last stays. Where the directory
      // is closed to us, the hint of its opening has everything in it looked at.
      if (stats.unseen.code === 'EACCES') directory.unreadable = true;
      this.skips.add(path, 'it can not be looked at', stats.unseen);
      return;
    }
    const kind = stats === undefined ? undefined : kindOf(stats.mode);
    const isWanted = stats !== undefined && !this.rules.ignores(directory, name, kind === 'dir');
    if (isWanted && kind === undefined) this.skips.add(path, 'it is no file, directory or symlink');
    if (!isWanted || kind === undefined) {
      if (known !== undefined) this.remove(directory, name, delta);
      return;
    }
    const stat = statOf(stats, kind);
    if (kind === 'dir') this.examineDirectory(visit, name, known, stat, delta, visits);
    else this.examineFile(directory, name, known, stat, evidence, delta);
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
      const doubted = this.places.takeDoubt(known);
      if (doubted || !isSameDirectory(known.stat, stat)) {
        // Another directory under the same name, or one that was elsewhere meanwhile.
        this.places.distrust(known);
        if (visit.replaced !== true) this.host.replaced(known);
        visits.push({ directory: known, deep: true, suspicious: suspicious || doubted, replaced: true });
      } else if (visit.deep || known.unreadable) {
        visits.push({ ...visit, directory: known });
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
    evidence: Evidence,
    delta: DifferenceSink,
  ): void {
    const path = joinPath(parent.path, name);
    if (typeof known !== 'number') {
      if (known !== undefined) this.remove(parent, name, delta);
      this.index.addFile(parent, name, stat, youthOf(stat));
      delta.record(path, undefined, stat);
      return;
    }
    const difference = this.index.difference(known, stat);
    const differs =
      difference === 'more' || this.isWrite(parent, name, difference, this.index.youth(known), evidence);
    if (difference === 'more') this.touches.forget(path);
    if (!differs && difference === 'none') return;
    const before = this.index.fileStat(known);
    this.index.setFile(known, stat, youthOf(stat));
    if (differs) delta.record(path, before, stat, difference !== 'more');
  }

  private isWrite(
    parent: Directory,
    name: string,
    difference: Difference,
    youth: Youth,
    evidence: Evidence,
  ): boolean {
    // The usual case: nothing differs, and nothing can be hidden in that.
    if (difference === 'none' && evidence !== 'certain' && youth === 'none') return false;
    const path = joinPath(parent.path, name);
    const pending = this.host.pending(parent, name);
    const all = pending === undefined ? evidence : both(pending, evidence);
    return this.touches.isWrite(path, difference, youth, all, () => this.disk.contents(path));
  }

  /** What a hint that comes now says about an entry. */
  evidence(directory: Directory, name: string | undefined): Evidence {
    if (name === undefined) return 'once';
    return this.touches.isLate(joinPath(directory.path, name)) ? 'certain' : 'once';
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
      this.touches.forget(path);
      this.skips.forget(path);
    };
  }

  private forgetDirectory(directory: Directory): void {
    this.places.forget(directory);
    this.rulesReader.forget(directory);
  }
}
