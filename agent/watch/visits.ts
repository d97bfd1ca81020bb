// What a crawl has before it: directories to list and entries to look at, and what is known about them beforehand.
import { both, type Evidence } from './touches.ts';
import type { Directory } from './tree-index.ts';

/** What to look at in a directory. */
export interface Dirty {
  /** Names, each with what the hints say. */
  readonly names: Map<string, Evidence>;
  /** Set if all names are to be looked at, because of hints that gave none. */
  all: Evidence | undefined;
  /** Set if the directory is no longer watched, and has to be again: then all names are to be looked at, too. */
  unwatched: boolean;
}

/** A directory to list, and how thoroughly. */
export interface Visit {
  readonly directory: Directory;
  /** Go into the directories below as well, even those that are known. */
  readonly deep: boolean;
  /**
   * Hints may be missing, or may have been another directory's: it is watched anew, and what may have been
   * written without a trace counts as changed.
   */
  readonly suspicious: boolean;
  /** Whether it, or one above it, was found to be replaced. */
  readonly replaced?: boolean;
  /** What hints say about its entries. */
  readonly dirty?: Dirty;
  /** It is only deep because other rules count: what is outside the default view before and after is as it was. */
  readonly forRules?: boolean;
  /** Look only for what a view wants beyond what is known; of that, hints tell. */
  readonly widens?: boolean;
}

/** What is known of an entry that is looked at because its directory is listed. */
export function evidenceOf({ suspicious, dirty }: Visit, name: string): Evidence {
  if (suspicious) return 'often';
  if (dirty === undefined) return 'none';
  const named = dirty.names.get(name);
  if (named === undefined || dirty.all === undefined) return named ?? dirty.all ?? 'none';
  return both(named, dirty.all);
}
