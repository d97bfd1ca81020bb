// What an engine is given, and what it tells.
import type { Change, FileRecord } from '../../shared/index.ts';
import type { Placed } from './clock.ts';
import { toldPath } from './names.ts';
import type { EntryStat } from './tree-index.ts';
import { View, type WideView } from './views.ts';

/** How a root is to be watched. */
export interface RootOptions {
  /** Globs relative to the root. */
  readonly ignore: readonly string[];
  /** Whether .gitignore files count. */
  readonly gitignore: boolean;
  readonly settleMs: number;
}

/** What is below the root in the default view, or in another, as it has been reported. */
export type Entries = (view?: View) => Iterable<{ path: string; stat: EntryStat }>;

/** What an engine tells. */
export interface EngineEvents {
  /**
   * A settled batch of the default view, or of another; never empty. The index is held still until it has been taken.
   * @param placed to be called for each piece of it when that has its number, before anything else happens
   */
  batch(changes: Change[], placed: Placed, view?: View): Promise<void>;
  /**
   * A hint came: for the sign of a full queue.
   * @returns whether they come as fast as they are read, so that the loop may not come to an end with them
   */
  hinted(): boolean;
  /** Watches were closed: of their hints that are queued nobody will hear. */
  unheard(): void;
  /** Hints were lost for certain; the differences follow. Concerns one view, or all. */
  lost(view?: View): Promise<void>;
  /** The kernel gives no watch for what a view holds. */
  refuse(view: View, error: NodeJS.ErrnoException): void;
  /** The default view needs watches that others hold. Returns whether there were any. */
  freeWatches(error: NodeJS.ErrnoException): boolean;
  /** The root was not watched for a while; the differences follow. Only where something was kept of it. */
  restarted?(): Promise<void>;
  /** The first crawl is done, or what is known of the root is loaded. No batch comes before this has resolved. */
  crawled(entries: Entries): Promise<void>;
}

/** The same as it is listed to clients. */
export function* recordsOf(entries: Entries, view?: WideView): Generator<FileRecord> {
  for (const { path, stat } of entries(view instanceof View ? view : undefined)) {
    yield { ...toldPath(path), kind: stat.kind, size: stat.size, mtime: stat.mtimeMs };
  }
}
