// Looks at one entry, compares it with the index, and mends the index.
import type { Log } from '../log/index.ts';
import type { DifferenceSink } from './delta.ts';
import { Departures } from './departures.ts';
import type { Disk } from './disk.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import type { Interests } from './interests.ts';
import { joinPath } from './names.ts';
import { isSameDirectory, Places, type PlacesHost } from './places.ts';
import type { RulesReader } from './rules-reader.ts';
import { Skips } from './skips.ts';
import { both, type Evidence, Touches } from './touches.ts';
import {
  type Difference,
  Directory,
  type EntryStat,
  kindOf,
  statOf,
  type TreeIndex,
  type Youth,
} from './tree-index.ts';
import type { Turns } from './turns.ts';
import type { Visit } from './visits.ts';
import { youthOf } from './youth.ts';

/** What looking at an entry needs done that is not looking. */
export interface ExaminerHost extends PlacesHost {
  /** Another directory is where this one was, or it has been away: so for all below it. */
  replaced(directory: Directory): void;
  /** Hints about an entry that have come since the batch under way was closed. */
  pending(directory: Directory, name: string): Evidence | undefined;
}

/** Keeps the entries of one root's index true, one by one. */
export class Examiner {
  private readonly disk: Disk;
  private readonly index: TreeIndex;
  private readonly rules: IgnoreRules;
  private readonly rulesReader: RulesReader;
  private readonly interests: Interests;
  private readonly host: ExaminerHost;
  readonly places: Places;
  readonly skips: Skips;
  readonly departures: Departures;
  private readonly touches: Touches;

  constructor(parts: {
    disk: Disk;
    index: TreeIndex;
    rules: IgnoreRules;
    rulesReader: RulesReader;
    interests: Interests;
    host: ExaminerHost;
    log: Log;
    turns: Turns;
  }) {
    this.disk = parts.disk;
    this.index = parts.index;
    this.rules = parts.rules;
    this.rulesReader = parts.rulesReader;
    this.interests = parts.interests;
    this.host = parts.host;
    this.skips = new Skips(parts.log);
    this.places = new Places(parts.disk, parts.host, parts.turns);
    this.touches = new Touches(parts.turns);
    this.departures = new Departures({
      index: parts.index,
      interests: parts.interests,
      forgetRules: (directory) => this.rulesReader.leave(directory),
      forget: (path, directory) => {
        if (directory !== undefined) this.forgetDirectory(directory);
        this.touches.forget(path);
        this.skips.forget(path);
      },
    });
  }

  /** Looks at one name and mends the index; directories to be listed next go to `visits`. */
  examine(visit: Visit, name: string, evidence: Evidence, delta: DifferenceSink, visits: Visit[]): void {
    const { directory } = visit;
    this.places.noteLook(directory);
    const path = joinPath(directory.path, name);
    const known = directory.entries.get(name);
    if (visit.widens === true && known !== undefined) {
      if (known instanceof Directory) visits.push({ ...visit, directory: known });
      return;
    }
    const stats = this.rules.isNeverName(name) ? undefined : this.disk.look(path);
    if (stats !== undefined && 'unseen' in stats) {
      // Neither there nor gone, as far as anyone here can tell: what was reported last stays. Where the directory
      // is closed to us, the hint of its opening has everything in it looked at.
      if (stats.unseen.code === 'EACCES') directory.unreadable = true;
      this.skips.add(path, 'it can not be looked at', stats.unseen);
      return;
    }
    const kind = stats === undefined ? undefined : kindOf(stats.mode);
    const outside =
      stats !== undefined && (directory.stat.outside || this.rules.ignores(directory, name, kind === 'dir'));
    const isWanted = stats !== undefined && (!outside || this.interests.wants(path, kind === 'dir'));
    if (isWanted && kind === undefined) this.skips.add(path, 'it is no file, directory or symlink');
    if (!isWanted || kind === undefined) {
      if (known !== undefined) this.departures.remove(directory, name, delta);
      return;
    }
    // Of what is new in the default view, a hint tells.
    if (visit.widens === true && !outside) return;
    const stat = statOf(stats, kind, outside);
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
      const enters = known.stat.outside && !stat.outside;
      if (enters) {
        const before = known.stat;
        this.index.markDirectory(known, false);
        delta.record(known.path, before, known.stat);
      } else if (stat.outside && !known.stat.outside) this.departures.leave(known, delta);
      const doubted = this.places.takeDoubt(known);
      if (doubted || !isSameDirectory(known.stat, stat)) {
        // Another directory under the same name, or one that was elsewhere meanwhile.
        this.places.distrust(known);
        if (visit.replaced !== true) this.host.replaced(known);
        visits.push({ directory: known, deep: true, suspicious: suspicious || doubted, replaced: true });
      } else if (enters) {
        visits.push({ directory: known, deep: true, suspicious });
      } else if ((visit.deep && !(visit.forRules === true && stat.outside)) || known.unreadable) {
        visits.push({ ...visit, directory: known });
      }
      return;
    }
    if (known !== undefined) this.departures.remove(parent, name, delta);
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
      if (known !== undefined) this.departures.remove(parent, name, delta);
      this.index.addFile(parent, name, stat, youthOf(stat));
      delta.record(path, undefined, stat);
      return;
    }
    const difference = this.index.difference(known, stat);
    const differs =
      difference === 'more' || this.isWrite(parent, name, difference, this.index.youth(known), evidence);
    if (difference === 'more') this.touches.forget(path);
    const moves = this.index.isOutside(known) !== stat.outside;
    if (!differs && !moves && difference === 'none') return;
    const before = this.index.fileStat(known);
    this.index.setFile(known, stat, youthOf(stat));
    if (differs || moves) delta.record(path, before, stat, differs && difference !== 'more');
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

  /** Forgets what is known beside the index of a directory that is gone. */
  forgetDirectory(directory: Directory): void {
    this.places.forget(directory);
    this.rulesReader.forget(directory);
  }
}
