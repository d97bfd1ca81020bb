// The net of a batch: each path once, with what it was before and what it is now.
import type { Change, EntryKind } from '../../shared/index.ts';
import { type Sees, seenByDefault } from './interests.ts';
import { toldPath } from './names.ts';
import { Origins } from './origins.ts';
import { sorted } from './slices.ts';
import { differenceOf, type EntryStat } from './tree-index.ts';

/** Where a crawl leaves what it finds. */
export interface DifferenceSink {
  /** Notes that `path` was `before` and is `after` now; undefined is absence. */
  record(path: string, before: EntryStat | undefined, after: EntryStat | undefined, forced?: boolean): void;
}

/** For a root's first crawl, of which nothing is told: what nobody reads must not be kept in memory. */
export const untold: DifferenceSink = { record() {} };

/** What a path was at first and is now; undefined is absence. */
export interface PathDifference {
  readonly before: EntryStat | undefined;
  readonly after: EntryStat | undefined;
}

interface Difference extends PathDifference {
  after: EntryStat | undefined;
  /** Told as a change even if before and after look alike. */
  forced: boolean;
}

/** Differences worked at between two steps. */
const differencesPerStep = 256;
/** Differences looked through at once: a save is a few, and what is beside it outside the default view is bounded, too. */
const mostLookedThrough = 2000;

/** What is said of an entry of this kind that came. */
export const addEvent = (kind: EntryKind) => (kind === 'dir' ? 'addDir' : 'add');
/** What is said of one that went. */
export const unlinkEvent = (kind: EntryKind) => (kind === 'dir' ? 'unlinkDir' : 'unlink');

function seen(sees: Sees, path: string, stat: EntryStat | undefined): EntryStat | undefined {
  return stat !== undefined && sees(path, stat) ? stat : undefined;
}

/** Collects what the engine finds while it works through one batch. */
export class Delta implements DifferenceSink {
  private readonly differences = new Map<string, Difference>();

  get isEmpty(): boolean {
    return this.differences.size === 0;
  }

  /** Each path that was recorded. */
  get paths(): ReadonlyMap<string, PathDifference> {
    return this.differences;
  }

  /** Those of the default view; of very many, an empty map. */
  ofDefault(): ReadonlyMap<string, PathDifference> {
    const found = new Map<string, PathDifference>();
    if (this.differences.size > mostLookedThrough) return found;
    for (const [path, difference] of this.differences) {
      const { before, after } = difference;
      if (before?.outside === false || after?.outside === false) found.set(path, difference);
    }
    return found;
  }

  record(path: string, before: EntryStat | undefined, after: EntryStat | undefined, forced = false): void {
    const known = this.differences.get(path);
    if (known === undefined) this.differences.set(path, { before, after, forced });
    else {
      known.after = after;
      known.forced ||= forced;
    }
  }

  /** The changes of the default view, all at once: see `collect`. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const _step of this.collect(changes));
    return changes;
  }

  /**
   * Adds the changes of a view to `changes`, in the order they can be applied in: unlinks, children first, then adds and
   * changes, parents first. A generator that stops between steps (slices.ts): there can be very many.
   */
  *collect(changes: Change[], sees: Sees = seenByDefault): Generator<void, void> {
    const gone: [string, EntryStat][] = [];
    const present: [string, EntryStat, 'add' | 'change'][] = [];
    let steps = 0;
    for (const [path, difference] of this.differences) {
      const before = seen(sees, path, difference.before);
      const after = seen(sees, path, difference.after);
      const { forced } = difference;
      const replaced = before !== undefined && after !== undefined && before.kind !== after.kind;
      if (before !== undefined && (after === undefined || replaced)) gone.push([path, before]);
      if (after !== undefined && (before === undefined || replaced)) present.push([path, after, 'add']);
      if (before !== undefined && after !== undefined && !replaced && after.kind !== 'dir') {
        if (forced || differenceOf(before, after) !== 'none') present.push([path, after, 'change']);
      }
      if (++steps % differencesPerStep === 0) yield;
    }
    // A path sorts after each of its ancestors, being longer with the same beginning.
    const goneSorted = yield* sorted(gone, (a, b) => (a[0] < b[0] ? 1 : -1));
    const presentSorted = yield* sorted(present, (a, b) => (a[0] < b[0] ? -1 : 1));

    const origins = new Origins();
    for (const [path, stat] of goneSorted) {
      changes.push({ event: unlinkEvent(stat.kind), ...toldPath(path), kind: stat.kind });
      origins.add(path, stat);
      if (++steps % differencesPerStep === 0) yield;
    }
    for (const [path, stat, what] of presentSorted) {
      const from = what === 'add' ? origins.take(stat) : undefined;
      changes.push({
        event: what === 'change' ? 'change' : addEvent(stat.kind),
        ...toldPath(path),
        kind: stat.kind,
        size: stat.size,
        mtime: stat.mtimeMs,
        ...(from === undefined ? {} : { from: toldPath(from).path }),
      });
      if (++steps % differencesPerStep === 0) yield;
    }
  }
}
