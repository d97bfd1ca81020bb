// Walks the disk and has each entry compared with the index (examiner.ts). All of the engine's truth comes from here:
// hints only say where to look.
//
// The work is written as generators that stop between steps (slices.ts), for a tree can be large. Between
// two steps the disk goes on changing; whatever changes then gives a hint of its own, because a directory
// is always watched first and listed afterwards.
import { SliceClock } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { DifferenceSink } from './delta.ts';
import type { Departures } from './departures.ts';
import type { Disk } from './disk.ts';
import { Examiner, type ExaminerHost } from './examiner.ts';
import { type IgnoreRules, rulesFileName } from './ignore-rules.ts';
import type { Interests } from './interests.ts';
import { NameForms } from './name-forms.ts';
import { joinPath } from './names.ts';
import type { OuterRulesReader } from './outer-rules.ts';
import type { Places } from './places.ts';
import { type RulesHost, RulesReader } from './rules-reader.ts';
import type { Skips } from './skips.ts';
import { sorted } from './slices.ts';
import type { Evidence } from './touches.ts';
import { Directory, type TreeIndex } from './tree-index.ts';
import type { Turns } from './turns.ts';
import type { Interest } from './views.ts';
import { type Dirty, evidenceOf, type Visit } from './visits.ts';

/** What the crawler needs done that is not looking. */
export interface CrawlerHost extends ExaminerHost, RulesHost {}

/** A step ends after so long, and with the entry that is looked at: with slow rules one can take 10 ms. */
const stepMs = 1;
/** What a look at an entry costs beside the rules, in steps of matching (SliceClock): 5 µs or so. */
const entrySteps = 2500;
/** What it costs to compare a name. */
const nameSteps = 40;
/** A directory this large may have more than a thousand entries; on tmpfs and ext4 20 and 24 bytes each or more. */
const largeDirectoryBytes = 32 * 1024;

/**
 * Entries outside the default view that are looked at in the batch whose hints led there, so that what was moved keeps its
 * `from`: some 10 ms. The default view's batches wait for no more; the rest is done between them.
 */
const outsideInBatch = 1000;

/** Keeps one root's index true. */
export class Crawler {
  private readonly disk: Disk;
  private readonly index: TreeIndex;
  private readonly rules: IgnoreRules;
  private readonly interests: Interests;
  private readonly rulesReader: RulesReader;
  private readonly host: CrawlerHost;
  readonly places: Places;
  private readonly clock = new SliceClock(stepMs);
  private readonly examiner: Examiner;
  private readonly skips: Skips;
  private readonly departures: Departures;
  /** Visits outside the default view that are to be made between batches. */
  private outlying: Visit[] = [];
  /** Entries outside the default view that this batch may still look at. */
  private outsideLeft = Number.POSITIVE_INFINITY;
  private isReadingRules = false;

  constructor(parts: {
    disk: Disk;
    index: TreeIndex;
    rules: IgnoreRules;
    interests: Interests;
    host: CrawlerHost;
    log: Log;
    turns: Turns;
    outer: OuterRulesReader;
  }) {
    this.disk = parts.disk;
    this.index = parts.index;
    this.rules = parts.rules;
    this.interests = parts.interests;
    this.host = parts.host;
    this.rulesReader = new RulesReader(parts.disk, parts.rules, parts.outer, parts.host);
    this.examiner = new Examiner({ ...parts, rulesReader: this.rulesReader });
    this.places = this.examiner.places;
    this.skips = this.examiner.skips;
    this.departures = this.examiner.departures;
  }

  /**
   * Compares everything below `directory`, but for what has to wait (`takeOutlying`).
   * @param suspicious whether hints may be missing
   */
  *crawl(directory: Directory, delta: DifferenceSink, suspicious: boolean): Generator<void, void> {
    this.outsideLeft = 0;
    yield* this.visit([{ directory, deep: true, suspicious }], delta);
    this.skips.sumUp();
  }

  /** Looks for what an interest adds to the index. Batches may come between any two steps while `isWhole`. */
  *widen(root: Directory, interest: Interest, delta: DifferenceSink): Generator<void, void> {
    const how = { deep: true, suspicious: false, widens: true };
    if (interest.everything) yield* this.visit([{ ...how, directory: root }], delta, true);
    for (const place of interest.places) {
      const { directory, name } = this.index.deepest(root, place);
      const visits: Visit[] = [];
      if (name === undefined) visits.push({ ...how, directory });
      else this.examiner.examine({ ...how, directory }, name, 'none', delta, visits);
      yield* this.visit(visits, delta, true);
    }
    this.skips.sumUp();
  }

  /** Takes out what is outside the default view and wanted no more. Batches may come between, as above. */
  *narrow(root: Directory, delta: DifferenceSink): Generator<void, void> {
    const directories = [root];
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      for (const [name, entry] of next.entries) {
        const isDirectory = entry instanceof Directory;
        const path = joinPath(next.path, name);
        if (this.index.isOutside(entry) && !this.interests.wants(path, isDirectory)) {
          this.departures.remove(next, name, delta);
          yield* this.finish(delta);
        } else if (isDirectory) directories.push(entry);
        if (this.isDue(nameSteps)) yield* this.rest();
        if (next.gone) break;
      }
    }
  }

  /** Takes the visits that were left for later: `resume` makes them. */
  takeOutlying(): Visit[] {
    const { outlying } = this;
    this.outlying = [];
    return outlying;
  }

  /** Makes visits that were left for later. Batches may come between any two steps while `isWhole`. */
  *resume(visits: Visit[], delta: DifferenceSink): Generator<void, void> {
    yield* this.visit(visits, delta, true);
    this.skips.sumUp();
  }

  /** Whether nothing is half done: batches may be looked at now, and the index read. */
  get isWhole(): boolean {
    return this.departures.areDone && !this.isReadingRules;
  }

  /** Compares what the hints named. */
  *examineHints(hinted: ReadonlyMap<Directory, Dirty>, delta: DifferenceSink): Generator<void, void> {
    // Parents first: a directory that is gone or replaced takes the hints below it along.
    const directories = yield* sorted([...hinted.keys()], (a, b) => (a.path < b.path ? -1 : 1));
    this.outsideLeft = outsideInBatch;
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
      const { outside } = directory.stat;
      if (outside && !this.takesInBatch(dirty.names.size)) {
        this.outlying.push({ directory, deep: false, suspicious: false, dirty });
        continue;
      }
      for (const [name, evidence] of dirty.names) {
        this.examiner.examine({ directory, deep: false, suspicious: false }, name, evidence, delta, visits);
        if (!this.departures.areDone) yield* this.finish(delta);
        if (name === rulesFileName && !outside)
          rulesTouched.set(directory, rulesTouched.get(directory) ?? false);
        if (name === '.git' && !outside && this.rulesReader.lookForRepository(directory))
          rulesTouched.set(directory, true);
        if (this.isDue(entrySteps)) yield* this.rest();
      }
      yield* this.visit(visits, delta);
    }
    if (!this.rules.gitignore) rulesTouched.clear();
    for (const [directory, changed] of rulesTouched) {
      // Also one that is ignored itself, and so no entry.
      if (directory.gone || directory.stat.outside) continue;
      if ((yield* this.rulesReader.readRules(directory)) || changed) {
        yield* this.visit([{ directory, deep: true, suspicious: false, forRules: true }], delta);
      }
    }
    this.skips.sumUp();
  }

  /** Takes everything out of the index, because the root is gone. */
  *removeAll(root: Directory, delta: DifferenceSink): Generator<void, void> {
    this.departures.empty(root);
    yield* this.finish(delta);
    this.examiner.forgetDirectory(root);
  }

  /** @param betweenBatches whether what is outside the default view need not wait any longer */
  private *visit(visits: Visit[], delta: DifferenceSink, betweenBatches = false): Generator<void, void> {
    for (let next = visits.pop(); next !== undefined; next = visits.pop()) {
      if (this.isDue(entrySteps)) yield* this.rest();
      const { directory } = next;
      if (directory.gone) continue;
      // What is known can only be relied on where it is watched.
      const isDeaf = next.widens === true && !this.places.isWatched(directory);
      const visit: Visit = isDeaf ? { ...next, widens: false, suspicious: true } : next;
      const { outside } = directory.stat;
      if (outside && !betweenBatches && this.outsideLeft <= 0) {
        this.outlying.push(visit);
        continue;
      }
      const widens = visit.widens === true;
      if (visit.suspicious) this.places.distrust(directory);
      if (!this.places.watchTruly(directory)) continue;
      const names = yield* this.list(directory);
      if (directory.gone) continue;
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
      if (outside && !betweenBatches && !this.takesInBatch(names.length)) {
        this.outlying.push(visit);
        continue;
      }
      directory.unreadable = false;
      const before = directory.entries.size;
      const newRules = !outside && !widens && (yield* this.readRules(directory, names));
      const inside = newRules && before > 0 && !visit.deep ? { ...visit, deep: true, forRules: true } : visit;
      for (const name of names) {
        this.examiner.examine(inside, name, evidenceOf(visit, name), delta, visits);
        if (!this.departures.areDone) yield* this.finish(delta);
        if (this.isDue(entrySteps)) yield* this.rest();
        // Batches may come between.
        if (directory.gone) break;
      }
      if (before > 0 && !widens) yield* this.examineUnlisted(inside, names, delta, visits);
    }
  }

  /** @returns whether other rules count in the directory */
  private *readRules(directory: Directory, names: readonly string[]): Generator<void, boolean> {
    const newBounds = this.rulesReader.lookForRepository(directory, names);
    if (!this.rules.gitignore) return false;
    this.isReadingRules = true;
    try {
      return (yield* this.rulesReader.readRules(directory, names)) || newBounds;
    } finally {
      this.isReadingRules = false;
    }
  }

  /** Whether a batch may look at so many entries more outside the default view. */
  private takesInBatch(entries: number): boolean {
    const takes = entries <= this.outsideLeft;
    this.outsideLeft = takes ? this.outsideLeft - entries : 0;
    return takes;
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
      if (visit.directory.gone) return;
      if (!isListed) {
        this.examiner.examine(visit, name, 'none', delta, visits);
        if (!this.departures.areDone) yield* this.finish(delta);
        if (entries.has(name)) {
          // Not listed, and yet there: where case is folded, Readme answers after its renaming to README.
          forms ??= yield* NameForms.of(names);
          const other = forms.find(name);
          if (other !== undefined && this.disk.isSame(directory.path, name, other)) {
            this.departures.remove(directory, name, delta);
            yield* this.finish(delta);
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

  /** What a hint that comes now says about an entry. */
  evidence(directory: Directory, name: string | undefined): Evidence {
    return this.examiner.evidence(directory, name);
  }

  /** Finishes what looking began. */
  finish(delta: DifferenceSink): Generator<void, void> {
    return this.examiner.departures.finish(delta);
  }
}
