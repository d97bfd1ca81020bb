// Snapshots of the index for streams that begin with what exists. Clients that want the same at the same
// time share one.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FileRecord, limits, type SnapshotFrame } from '../../shared/index.ts';
import type { Filter, Snapshot, SnapshotSource } from '../hub/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Watcher } from '../watch/index.ts';

/**
 * Copies of the index that are held at the same time, at about 100 bytes a file each. A client that does
 * not read keeps one until it is closed for that; whoever finds none free waits.
 */
const mostCopies = 4;

interface Copy {
  readonly made: Promise<{ seq: number; frames: readonly Buffer[] }>;
  /** Once it is made. */
  seq: number | undefined;
  users: number;
}

/** Takes snapshots of the watcher's index. */
export class Snapshots implements SnapshotSource {
  private readonly watcher: Watcher;
  private readonly journal: Journal;
  /** The newest of each filter that is in use. */
  private readonly copies = new Map<string, Copy>();
  private free = mostCopies;
  private readonly queue: (() => void)[] = [];

  constructor(watcher: Watcher, journal: Journal) {
    this.watcher = watcher;
    this.journal = journal;
  }

  async take(filter: Filter): Promise<Snapshot> {
    const copy = this.copyFor(filter);
    copy.users += 1;
    try {
      const { seq, frames } = await copy.made;
      return { seq, frames, release: () => this.release(filter, copy) };
    } catch (error) {
      this.release(filter, copy);
      throw error;
    }
  }

  private copyFor(filter: Filter): Copy {
    const known = this.copies.get(filter.key);
    // One that is older than the newest event would have its client see what was before it came.
    if (known !== undefined && (known.seq === undefined || known.seq === this.journal.headSeq)) return known;
    const copy: Copy = {
      made: this.make(filter).then((made) => {
        copy.seq = made.seq;
        return made;
      }),
      seq: undefined,
      users: 0,
    };
    this.copies.set(filter.key, copy);
    return copy;
  }

  private release(filter: Filter, copy: Copy): void {
    copy.users -= 1;
    if (copy.users > 0) return;
    if (this.copies.get(filter.key) === copy) this.copies.delete(filter.key);
    const next = this.queue.shift();
    if (next === undefined) this.free += 1;
    else next();
  }

  private async make(filter: Filter): Promise<{ seq: number; frames: readonly Buffer[] }> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    const { root } = filter.spec;
    const roots = root === undefined ? this.watcher.roots : [root];
    return this.watcher.withIndexes(roots, async (indexes) => {
      // The indexes are held still, and are what has been told up to here.
      const seq = this.journal.headSeq;
      const frames: Buffer[] = [];
      for (const [path, records] of indexes) {
        for (const frame of framesOf(path, records(), filter)) {
          frames.push(Buffer.from(JSON.stringify(frame), 'utf8'));
          await nextTurn();
        }
      }
      return { seq, frames };
    });
  }
}

function* framesOf(root: string, records: Iterable<FileRecord>, filter: Filter): Generator<SnapshotFrame> {
  let files: FileRecord[] = [];
  for (const record of records) {
    if (!filter.takesPath(record.path)) continue;
    if (files.length === limits.changesPerEvent) {
      yield { type: 'snapshot', root, files, done: false };
      files = [];
    }
    files.push(record);
  }
  yield { type: 'snapshot', root, files, done: true };
}
