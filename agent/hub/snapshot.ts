// What exists, for clients that want it before the changes.
import type { Journal } from '../journal/index.ts';
import type { WideView } from '../watch/index.ts';
import type { Filter } from './filter.ts';

/** The files that a filter takes, as of one position in the journal. */
export interface Snapshot {
  /** The events after it are the changes since. */
  readonly seq: number;
  /** Snapshot frames as JSON, in the order in which they are to be sent. Shared: not to be written to. */
  readonly frames: readonly Buffer[];
  /** The roots whose files these are. */
  readonly roots: readonly string[];
  /** What {@link SnapshotSource.rootsVersion} was then. */
  readonly rootsVersion: number;
}

/** What a snapshot is of, and the journal that goes on from it. */
export interface SnapshotCourse {
  readonly journal: Pick<Journal, 'headSeq'>;
  /** Undefined for the default view. */
  readonly view: WideView | undefined;
}

/** Who reads one, as far as it concerns the others. */
export interface SnapshotReader {
  /** Whether it takes less than others should have to wait for. */
  isSlow(): boolean;
  /** Ends it, since it is slow and others wait: what it holds is to be released. */
  evict(): void;
}

/** A place among those that wait for a snapshot or read one. */
export interface SnapshotPlace {
  /**
   * Resolves when all roots that the filter takes are crawled and the memory for a snapshot is to be had; never, if
   * the place is left before.
   */
  readonly taken: Promise<Snapshot>;
  /** Leaves it, at any time, and any number of times: a snapshot that nobody needs is not made, and one made is let go of. */
  leave(): void;
}

/** Where the hub gets them. */
export interface SnapshotSource {
  /** Grows whenever a root comes or goes. */
  readonly rootsVersion: number;
  take(filter: Filter, course: SnapshotCourse, reader: SnapshotReader): SnapshotPlace;
  /**
   * Runs `use` while the indexes are held still: of each change in them, all views that have it have been told, and of
   * no other.
   */
  still<T>(use: () => Promise<T>): Promise<T>;
}
