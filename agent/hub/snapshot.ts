// What exists, for clients that want it before the changes.
import type { Filter } from './filter.ts';

/** The files that a filter takes, as of one position in the journal. */
export interface Snapshot {
  /** The events after it are the changes since. */
  readonly seq: number;
  /** Snapshot frames as JSON, in the order in which they are to be sent. Shared: not to be written to. */
  readonly frames: readonly Buffer[];
  /** To be called when it is no longer needed, once. */
  release(): void;
}

/** Where the hub gets them. */
export interface SnapshotSource {
  /** Resolves when all roots that the filter takes are crawled and the memory for a snapshot is to be had. */
  take(filter: Filter): Promise<Snapshot>;
}
