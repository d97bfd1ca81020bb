// Entries that are put into the streams of some clients between two events of the journal: of a root that was added, or
// is no longer watched. Whoever began with a snapshot holds what was below the roots of that moment; for it the root's
// entries are added, or unlinked, at one position of the journal. The journal itself says nothing of it: nothing on disk
// changed.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Change, type FileEvent, type FileRecord, limits, type RootFrame } from '../../shared/index.ts';
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

/**
 * The changes by which the entries that `filter` takes come, or go: lists of them as JSON, each as long as an event
 * may be. The loop gets a turn after each.
 * @param come whether they come
 * @param records parents before what is in them
 */
export async function changesOf(
  come: boolean,
  records: Iterable<FileRecord>,
  filter: Filter,
): Promise<string[]> {
  const pieces: string[] = [];
  let changes: Change[] = [];
  const flush = async (): Promise<void> => {
    pieces.push(JSON.stringify(changes));
    changes = [];
    await nextTurn();
  };
  for (const change of come ? adds(records) : unlinks(records)) {
    if (!filter.takesPath(change.path)) continue;
    if (changes.length === limits.changesPerEvent) await flush();
    changes.push(change);
  }
  if (changes.length > 0) await flush();
  return pieces;
}

/** A piece of an insertion as JSON. */
export function pieceOf({ event, pieces }: Insertion, index: number): Buffer {
  const head = JSON.stringify(event).slice(0, -1);
  const more = index < pieces.length - 1 ? ',"more":true' : '';
  return Buffer.from(`${head},"changes":${pieces[index]}${more}}`, 'utf8');
}

function* adds(records: Iterable<FileRecord>): Generator<Change> {
  for (const record of records) yield { event: record.kind === 'dir' ? 'addDir' : 'add', ...record };
}

function* unlinks(records: Iterable<FileRecord>): Generator<Change> {
  // Children before parents.
  for (const { size: _size, mtime: _mtime, ...entry } of [...records].reverse()) {
    yield { event: entry.kind === 'dir' ? 'unlinkDir' : 'unlink', ...entry };
  }
}
