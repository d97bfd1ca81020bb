// The clock of one root's default view: what changed since a position of the journal, from the index and not by replay.
import type { Change, ChangeEvent } from '../../shared/index.ts';
import { addEvent, unlinkEvent } from './delta.ts';
import { type DroppedLifetimes, type Lifetime, type LifetimeBudget, Lifetimes } from './lifetimes.ts';
import { joinPath, pathKey, toldPath } from './names.ts';
import { sorted } from './slices.ts';
import { noStamp, type Stamps } from './stamps.ts';
import type { Directory, EntryStat, TreeIndex } from './tree-index.ts';

/** Called right after a piece of a batch got its number, with the changes in it. */
export type Placed = (seq: number, changes: readonly Change[]) => void;

/** The numbers of an entry. */
export interface EntryNumbers {
  /** The event with which it came; 0 if it has been there since the root is watched. */
  readonly came: number;
  /** The event that reported its last change, or that it came; 0 for none. */
  readonly changed: number;
}

/** What a clock knows, in keys (names.ts). Entries that are not listed have no numbers. */
export interface SavedClock {
  /** The position since which the root has been watched; infinite if it was removed. */
  readonly since: number;
  /** The oldest change first. */
  readonly entries: Iterable<EntryNumbers & { readonly path: string }>;
  /** Those that ended first come first. */
  readonly lifetimes: Iterable<Lifetime>;
  readonly dropped: DroppedLifetimes;
}

/** Entries looked at between two steps. */
const entriesPerStep = 64;

/** Keeps the numbers of one root's entries, and tells what changed since one. */
export class TreeClock {
  private readonly index: TreeIndex;
  private readonly stamps: Stamps<Directory>;
  private readonly lifetimes: Lifetimes;
  private beginning = Number.POSITIVE_INFINITY;

  /** @param budget shared by all roots */
  constructor(index: TreeIndex, budget: LifetimeBudget) {
    this.index = index;
    this.stamps = index.stamps;
    this.lifetimes = new Lifetimes(budget);
  }

  /** The root has been watched since this position, or, where it knows of an earlier one, since that. */
  begin(seq: number): void {
    this.beginning = Math.min(this.beginning, seq);
  }

  /** The root is watched no longer: if it is again, then since that. */
  end(): void {
    this.beginning = Number.POSITIVE_INFINITY;
  }

  /** Since which position the root has been watched; infinite while it is not. */
  get since(): number {
    return this.beginning;
  }

  /**
   * Takes the numbers of a piece of a batch. The index has to be as the batch left it, and the pieces have to come in
   * order.
   */
  readonly placed: Placed = (seq, changes) => {
    for (const change of changes) {
      const path = pathKey(change);
      const place = this.index.placeOf(path);
      const stamp = place === undefined ? noStamp : this.index.stampOf(place.entry);
      if (change.event === 'unlink' || change.event === 'unlinkDir') {
        const ended = this.stamps.took(path) || stamp;
        const came = ended === noStamp ? 0 : this.stamps.came(ended);
        if (ended !== noStamp) this.stamps.remove(ended);
        if (place !== undefined && stamp !== noStamp) this.index.setStamp(place.entry, noStamp);
        this.lifetimes.add({ path, kind: change.kind, came, went: seq });
      } else if (place !== undefined) {
        const isNew = change.event !== 'change';
        if (stamp !== noStamp && !isNew) this.stamps.touch(stamp, seq);
        else {
          if (stamp !== noStamp) this.stamps.remove(stamp);
          this.index.setStamp(
            place.entry,
            this.stamps.add(place.directory, place.name, isNew ? seq : 0, seq),
          );
        }
      }
    }
  };

  /** Whether it can tell exactly what changed since position `seq`. */
  reaches(seq: number): boolean {
    return seq >= this.beginning && !this.lifetimes.mayLack(seq);
  }

  /**
   * Adds to `changes` what is different now from what it was at position `seq`, each path once, in the order of a
   * batch (delta.ts). In steps: there can be very many. The index has to be held still.
   * @param seq one that it reaches
   * @param takes which paths are wanted, in the form that clients see
   */
  *collect(seq: number, changes: Change[], takes: (path: string) => boolean): Generator<void, void> {
    const gone = new Map<string, Lifetime>();
    let steps = 0;
    for (const lifetime of this.lifetimes.since(seq)) {
      if (lifetime.came <= seq) gone.set(lifetime.path, lifetime);
      if (++steps % entriesPerStep === 0) yield;
    }
    const present: [string, Change][] = [];
    for (const stamp of this.stamps.since(seq)) {
      if (++steps % entriesPerStep === 0) yield;
      const directory = this.stamps.directory(stamp);
      const name = this.stamps.name(stamp);
      const stat = this.index.statAt(directory, name);
      // One that was taken out, of which no end is reported yet: as far as anybody knows it is there.
      if (stat === undefined) continue;
      const path = joinPath(directory.path, name);
      const before = this.stamps.came(stamp) > seq ? gone.get(path) : undefined;
      const isSame = before === undefined ? this.stamps.came(stamp) <= seq : before.kind === stat.kind;
      if (before !== undefined && isSame) gone.delete(path);
      if (isSame && stat.kind === 'dir') continue;
      const told = toldPath(path);
      if (!takes(told.path)) continue;
      present.push([path, presentChange(isSame ? 'change' : addEvent(stat.kind), told, stat)]);
    }
    const goneSorted = yield* sorted([...gone.values()], (a, b) => (a.path < b.path ? 1 : -1));
    for (const { path, kind } of goneSorted) {
      const told = toldPath(path);
      if (takes(told.path)) changes.push({ event: unlinkEvent(kind), ...told, kind });
      if (++steps % entriesPerStep === 0) yield;
    }
    for (const [, change] of yield* sorted(present, (a, b) => (a[0] < b[0] ? -1 : 1))) {
      changes.push(change);
      if (++steps % entriesPerStep === 0) yield;
    }
  }

  /** What it knows, to be read before anything else happens. */
  save(): SavedClock {
    return {
      since: this.beginning,
      entries: this.savedEntries(),
      lifetimes: this.lifetimes.since(0),
      dropped: this.lifetimes.dropped,
    };
  }

  /**
   * Goes on where another left off. It must know nothing yet, and the index must hold the entries. Those that it lacks
   * are passed over.
   */
  load({ since, entries, lifetimes, dropped }: SavedClock): void {
    this.beginning = since;
    for (const { path, came, changed } of entries) {
      const place = this.index.placeOf(path);
      if (place === undefined) continue;
      this.index.setStamp(place.entry, this.stamps.add(place.directory, place.name, came, changed));
    }
    this.lifetimes.note(dropped);
    for (const lifetime of lifetimes) this.lifetimes.add(lifetime);
  }

  /** Nothing is asked of it any more. */
  close(): void {
    this.lifetimes.close();
  }

  private *savedEntries(): Generator<EntryNumbers & { path: string }, void> {
    for (const stamp of this.stamps.all()) {
      yield {
        path: joinPath(this.stamps.directory(stamp).path, this.stamps.name(stamp)),
        came: this.stamps.came(stamp),
        changed: this.stamps.changed(stamp),
      };
    }
  }
}

function presentChange(event: ChangeEvent, told: ReturnType<typeof toldPath>, stat: EntryStat): Change {
  return { event, ...told, kind: stat.kind, size: stat.size, mtime: stat.mtimeMs };
}
