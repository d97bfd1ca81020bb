// The net of a batch: each path once, with what it was before and what it is now.
import { type Change, type EntryKind, isSaveTrial, savedFileOf } from '../../shared/index.ts';
import { toldPath } from './names.ts';
import { sorted } from './slices.ts';
import { differenceOf, type EntryStat } from './tree-index.ts';

/**
 * The coarsest step of a local file system's clock, with some room: an entry that changed this recently
 * may change again without its times showing it.
 */
export const clockGrainMs = 12;

/** Where a crawl leaves what it finds. */
export interface DifferenceSink {
  /** Notes that `path` was `before` and is `after` now; undefined is absence. */
  record(path: string, before: EntryStat | undefined, after: EntryStat | undefined, forced?: boolean): void;
}

/** For a root's first crawl, of which nothing is told: what nobody reads must not be kept in memory. */
export const untold: DifferenceSink = { record() {} };

interface Difference {
  readonly before: EntryStat | undefined;
  after: EntryStat | undefined;
  /** Told as a change even if before and after look alike. */
  forced: boolean;
}

/** Differences worked at between two steps. */
const differencesPerStep = 256;

/** A save touches a few paths. Where more differ something larger goes on, and waiting is no use. */
const mostOfSave = 16;

const addEvent = (kind: EntryKind) => (kind === 'dir' ? 'addDir' : 'add');
const unlinkEvent = (kind: EntryKind) => (kind === 'dir' ? 'unlinkDir' : 'unlink');

/** Collects what the engine finds while it works through one batch. */
export class Delta implements DifferenceSink {
  private readonly differences = new Map<string, Difference>();

  get size(): number {
    return this.differences.size;
  }

  record(path: string, before: EntryStat | undefined, after: EntryStat | undefined, forced = false): void {
    const known = this.differences.get(path);
    if (known === undefined) this.differences.set(path, { before, after, forced });
    else {
      known.after = after;
      known.forced ||= forced;
    }
  }

  /**
   * Whether a save seems to be under way, with the old file still there under another name. Some editors keep
   * it until the new one is safely on the disk, which can take longer than the settle time, and a file that
   * nobody made would be told.
   * @param isKnownFile whether the index has a file at a path
   */
  holdsBackup(isKnownFile: (path: string) => boolean): boolean {
    if (this.differences.size > mostOfSave) return false;
    for (const [path, { before, after }] of this.differences) {
      if (before !== undefined || after?.kind !== 'file') continue;
      if (after.size === 0 && isSaveTrial(path)) return true;
      const original = savedFileOf(path);
      if (original !== undefined && this.wasFile(original, isKnownFile)) return true;
      for (const other of this.differences.values()) if (isReplacedBy(other, after)) return true;
    }
    return false;
  }

  private wasFile(path: string, isKnownFile: (path: string) => boolean): boolean {
    const difference = this.differences.get(path);
    return difference === undefined ? isKnownFile(path) : difference.before?.kind === 'file';
  }

  /** The changes, all at once: see `collect`. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const _step of this.collect(changes));
    return changes;
  }

  /**
   * Adds the changes to `changes`, in the order they can be applied in: unlinks, children first, then adds and
   * changes, parents first. A generator that stops between steps (slices.ts): there can be very many.
   */
  *collect(changes: Change[]): Generator<void, void> {
    const gone: [string, EntryStat][] = [];
    const present: [string, EntryStat, 'add' | 'change'][] = [];
    let steps = 0;
    for (const [path, { before, after, forced }] of this.differences) {
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

/** Whether the file of a difference has another in its place, and is what was added elsewhere. */
function isReplacedBy({ before, after }: Difference, added: EntryStat): boolean {
  return (
    before?.kind === 'file' &&
    after?.kind === 'file' &&
    before.ino !== after.ino &&
    before.ino === added.ino &&
    before.birthtimeMs === added.birthtimeMs
  );
}

/**
 * Finds what an added entry was called before. An inode number proves nothing, since a new file often
 * carries a deleted one's; with the birth time beside it it does, but for entries that lived and died
 * within one tick of the clock, where nothing may have been written either.
 */
class Origins {
  private readonly byIdentity = new Map<string, [string, EntryStat][]>();

  add(path: string, stat: EntryStat): void {
    if (stat.birthtimeMs === 0) return;
    const key = `${stat.ino}:${stat.birthtimeMs}`;
    const same = this.byIdentity.get(key);
    if (same === undefined) this.byIdentity.set(key, [[path, stat]]);
    else same.push([path, stat]);
  }

  take(stat: EntryStat): string | undefined {
    const candidates = this.byIdentity.get(`${stat.ino}:${stat.birthtimeMs}`);
    const index = candidates?.findIndex(([, before]) => provesIdentity(before, stat)) ?? -1;
    return index === -1 ? undefined : candidates?.splice(index, 1)[0]?.[0];
  }
}

function provesIdentity(before: EntryStat, after: EntryStat): boolean {
  if (before.kind !== after.kind) return false;
  const sameTick = after.ctimeMs - after.birthtimeMs < clockGrainMs;
  return !sameTick || (before.mtimeMs === after.mtimeMs && before.size === after.size);
}
