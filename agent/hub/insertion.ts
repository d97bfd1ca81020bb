// Entries that are put into the streams of some clients between two events of the journal: of a root that was added, or
// is no longer watched. Whoever began with a snapshot holds what was below the roots of that moment; for it the root's
// entries are added, or unlinked, at one position of the journal. The journal itself says nothing of it: nothing on disk
// changed.
import {
  type Change,
  type FileEvent,
  type FileRecord,
  limits,
  type RootFrame,
  SliceClock,
} from '../../shared/index.ts';
import type { Filter } from './filter.ts';

/** What a client that began with a snapshot gets between two events of the journal. */
export interface Insertion {
  /** It follows this event, and each piece carries its cursor: one that was cut off can't be resumed. */
  readonly afterSeq: number;
  /** A snapshot of this version of the roots, or of a later one, has it already. */
  readonly rootsVersion: number;
  /** Ends it. */
  readonly frame: RootFrame;
  readonly event: Omit<FileEvent, 'changes' | 'more'>;
  /** Lists of changes, as JSON. Shared: not to be written to. */
  readonly pieces: readonly string[];
}

/** Entries are looked at for so long before others get their turn. */
const sliceMs = 5;
/** What an entry costs beside its filter, in steps (SliceClock): 2 µs or so. */
const entrySteps = 800;

/**
 * The changes by which the entries that `filter` takes come, or go: lists of them as JSON, each as long as an event
 * may be. The loop gets turns meanwhile.
 * @param come whether they come
 * @param records parents before what is in them
 */
export async function changesOf(
  come: boolean,
  records: Iterable<FileRecord>,
  filter: Filter,
): Promise<string[]> {
  const clock = new SliceClock(sliceMs);
  const taken: FileRecord[] = [];
  for (const record of records) {
    if (filter.takesPath(record.path)) taken.push(record);
    if (clock.spend(entrySteps + filter.stepsFor(record.path))) await clock.pause();
  }
  const pieces: string[] = [];
  const most = limits.changesPerEvent;
  for (let done = 0; done < taken.length; done += most) {
    // Of what goes, children before parents.
    const piece = come
      ? taken.slice(done, done + most).map(added)
      : taken
          .slice(Math.max(0, taken.length - done - most), taken.length - done)
          .reverse()
          .map(removed);
    pieces.push(JSON.stringify(piece));
    await clock.pause();
  }
  return pieces;
}

/** A piece of an insertion as JSON. */
export function pieceOf({ event, pieces }: Insertion, index: number): Buffer {
  const head = JSON.stringify(event).slice(0, -1);
  const more = index < pieces.length - 1 ? ',"more":true' : '';
  return Buffer.from(`${head},"changes":${pieces[index]}${more}}`, 'utf8');
}

function added(record: FileRecord): Change {
  return { event: record.kind === 'dir' ? 'addDir' : 'add', ...record };
}

function removed({ size: _size, mtime: _mtime, ...entry }: FileRecord): Change {
  return { event: entry.kind === 'dir' ? 'unlinkDir' : 'unlink', ...entry };
}
