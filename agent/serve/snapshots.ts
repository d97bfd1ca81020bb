// Snapshots of the index for streams that begin with what exists. Clients that want the same at the same
// time share one.
import { type FileRecord, limits, SliceClock, type SnapshotFrame } from '../../shared/index.ts';
import type { Filter, SnapshotCourse, SnapshotPlace, SnapshotReader, SnapshotSource } from '../hub/index.ts';
import type { Watcher } from '../watch/index.ts';

/**
 * Copies of the index that are held at the same time, at about 100 bytes a file each. Whoever finds none free waits,
 * in the order of asking, and for nobody who reads slowly.
 */
const mostCopies = 4;
/** Records are looked at for so long before others get their turn: the filter may be slow. */
const sliceMs = 5;
/** What a record costs beside its filter, in steps (SliceClock): 2 µs or so. */
const recordSteps = 800;
/** How often it is looked, while somebody waits, whether a copy is held by nobody but slow readers. */
const evictionCheckMs = 100;

interface Frames {
  readonly seq: number;
  readonly frames: readonly Buffer[];
  readonly roots: readonly string[];
  readonly rootsVersion: number;
}

interface Copy {
  readonly filter: Filter;
  readonly course: SnapshotCourse;
  /** The same for those that are of the same. */
  readonly key: string;
  /** Who waits for it or reads it. */
  readonly readers: Set<SnapshotReader>;
  /** Once it is made. */
  seq: number | undefined;
  rootsVersion: number | undefined;
}

interface Waiting {
  readonly copy: Copy;
  readonly begin: () => void;
  readonly giveUp: (error: Error) => void;
}

/** Takes snapshots of the watcher's index. */
export class Snapshots implements SnapshotSource {
  private readonly watcher: Pick<Watcher, 'withIndexes' | 'rootsVersion'>;
  /** The newest of each view and filter that are in use. */
  private readonly newest = new Map<string, Copy & { readonly made: Promise<Frames> }>();
  /** Those that take up one of the places in memory, the oldest first. */
  private readonly held = new Set<Copy>();
  private queue: Waiting[] = [];
  private evictionTimer: NodeJS.Timeout | undefined;

  constructor(watcher: Pick<Watcher, 'withIndexes' | 'rootsVersion'>) {
    this.watcher = watcher;
  }

  get rootsVersion(): number {
    return this.watcher.rootsVersion;
  }

  take(filter: Filter, course: SnapshotCourse, reader: SnapshotReader): SnapshotPlace {
    const copy = this.copyFor(filter, course);
    copy.readers.add(reader);
    return { taken: copy.made, leave: () => this.leave(copy, reader) };
  }

  still<T>(use: () => Promise<T>): Promise<T> {
    return this.watcher.withIndexes(undefined, use);
  }

  private copyFor(filter: Filter, course: SnapshotCourse): Copy & { readonly made: Promise<Frames> } {
    const key = `${course.view?.id ?? ''} ${filter.key}`;
    const known = this.newest.get(key);
    // One that is older than the newest event, or of other roots, would have its client see what was before it came.
    if (known !== undefined && this.isNew(known)) return known;
    const readers = new Set<SnapshotReader>();
    const copy: Copy = { filter, course, key, readers, seq: undefined, rootsVersion: undefined };
    // Not before its first reader has joined.
    const made = Promise.resolve().then(() => this.make(copy));
    const promised = Object.assign(copy, { made });
    this.newest.set(key, promised);
    return promised;
  }

  private isNew({ seq, rootsVersion, course }: Copy): boolean {
    // The roots are known as soon as it is begun, its position only when it is made.
    if (rootsVersion !== undefined && rootsVersion !== this.rootsVersion) return false;
    return seq === undefined || seq === course.journal.headSeq;
  }

  private leave(copy: Copy, reader: SnapshotReader): void {
    if (!copy.readers.delete(reader) || copy.readers.size > 0) return;
    if (this.newest.get(copy.key) === copy) this.newest.delete(copy.key);
    const waiting = this.queue.find((other) => other.copy === copy);
    if (waiting !== undefined) {
      this.queue = this.queue.filter((other) => other !== waiting);
      waiting.giveUp(new Abandoned());
    } else if (copy.seq !== undefined) this.letGo(copy);
    // One that is being made ends by itself.
  }

  private async make(copy: Copy): Promise<Frames> {
    if (copy.readers.size === 0) throw new Abandoned();
    if (this.held.size >= mostCopies) await this.waitForPlace(copy);
    this.held.add(copy);
    try {
      const made = await this.copyIndexes(copy);
      copy.seq = made.seq;
      return made;
    } catch (error) {
      this.letGo(copy);
      throw error;
    }
  }

  private copyIndexes(copy: Copy): Promise<Frames> {
    const { filter, course } = copy;
    const { root } = filter.spec;
    return this.watcher.withIndexes(
      root,
      async (indexes) => {
        // The indexes are held still, and are what has been told up to here.
        const seq = course.journal.headSeq;
        const { rootsVersion } = this;
        copy.rootsVersion = rootsVersion;
        const frames: Buffer[] = [];
        // Of a root that was asked for by name it is said that it has nothing, even when it is no longer watched.
        const roots = root === undefined ? [...indexes.keys()] : [root];
        const clock = new SliceClock(sliceMs);
        for (const path of roots) {
          for (const frame of framesOf(path, indexes.get(path)?.() ?? [], filter, clock)) {
            if (copy.readers.size === 0) throw new Abandoned();
            if (frame !== 'pause') frames.push(Buffer.from(JSON.stringify(frame), 'utf8'));
            await clock.pause();
          }
        }
        // The last turn was one in which everybody may have left.
        if (copy.readers.size === 0) throw new Abandoned();
        return { seq, frames, roots, rootsVersion };
      },
      course.view,
    );
  }

  private waitForPlace(copy: Copy): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({ copy, begin: resolve, giveUp: reject });
      this.evictionTimer ??= setInterval(() => this.evictSlow(), evictionCheckMs).unref();
    });
  }

  private letGo(copy: Copy): void {
    this.held.delete(copy);
    const next = this.queue.shift();
    if (next !== undefined) {
      // Its place is taken before anybody else can see it free.
      this.held.add(next.copy);
      next.begin();
    }
    if (this.queue.length > 0) return;
    clearInterval(this.evictionTimer);
    this.evictionTimer = undefined;
  }

  /** Frees as many copies as are waited for, of those that nobody reads at a pace worth waiting for. */
  private evictSlow(): void {
    let wanted = this.queue.length;
    for (const { seq, readers } of [...this.held]) {
      if (wanted === 0) return;
      const all = [...readers];
      if (seq === undefined || !all.every((reader) => reader.isSlow())) continue;
      for (const reader of all) reader.evict();
      wanted -= 1;
    }
  }
}

/** Nobody is there any more who wanted the snapshot. */
class Abandoned extends Error {
  constructor() {
    super('nobody wants this snapshot any more');
  }
}

/** The frames, and a pause whenever the time is used up. Others get their turn after each. */
function* framesOf(
  root: string,
  records: Iterable<FileRecord>,
  filter: Filter,
  clock: SliceClock,
): Generator<SnapshotFrame | 'pause'> {
  let files: FileRecord[] = [];
  for (const record of records) {
    if (filter.takesPath(record.path)) {
      if (files.length === limits.changesPerEvent) {
        yield { type: 'snapshot', root, files, done: false };
        files = [];
      }
      files.push(record);
    }
    if (clock.spend(recordSteps + filter.stepsFor(record.path))) yield 'pause';
  }
  yield { type: 'snapshot', root, files, done: true };
}
