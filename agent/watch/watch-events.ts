// What the watcher of all roots is given, and what it reports.
import type { Change, FileRecord } from '../../shared/index.ts';
import type { BackendName } from './backend.ts';
import type { Placed } from './clock.ts';
import type { RootOptions } from './engine-events.ts';
import type { IndexKeeper } from './kept-index.ts';
import type { WideView } from './views.ts';

/** A root on its way in, or out. */
export interface WatchedRootChange {
  readonly root: string;
  readonly watched: boolean;
  /** What is below it in the default view, or in a wide one, parents before what is in them. */
  records(view?: WideView): Iterable<FileRecord>;
  /**
   * To be called in the turn of the loop that reports it; returns false where that is not to be done any more.
   * @param sinceSeq the first position that nobody can have seen before it
   */
  commit(sinceSeq: number): boolean;
}

/** What the watcher tells; see ARCHITECTURE.md for the promise. */
export interface WatchEvents {
  /**
   * One settled batch of one root, its changes in the order they can be applied in. The root's index is held
   * still, and nothing more of it is told, until what this returns resolves.
   * @param placed to be called for each piece of it when that has its number, before anything else happens
   * @param view the wide view whose changes these are; the default view's without it
   */
  batch(root: string, changes: Change[], placed: Placed, view?: WideView): Promise<void>;
  /**
   * The kernel lost hints; the roots are crawled again and the differences follow as batches.
   * @param view the only one that this concerns; all without it
   */
  lost(view?: WideView): Promise<void>;
  /** The root was not watched for a while; the differences follow as batches. Only where something was kept of it. */
  restarted?(root: string): Promise<void>;
  /** The root was watched before, and what was told of it is not known. Only where roots are kept. */
  rootLost?(root: string): Promise<void>;
  /**
   * A view has ended: nothing of it is reported any more. Usually nobody has used it for a minute; but the system may
   * have run out of watches, and then clients may still be using it.
   */
  viewEnded(view: WideView): void;
  /**
   * A root was added and crawled, or is about to be no longer watched.
   * @returns once that is reported; until then what is below the root stays as it is, and nothing else of it is reported
   */
  rootChanged(change: WatchedRootChange): Promise<void>;
}

/** How all roots are watched, unless a root says otherwise. */
export interface WatchSettings extends RootOptions {
  readonly backend: 'auto' | BackendName;
  /** The barrier's own directory: made anew, and removed at the end. */
  readonly cookieDirectory: string;
  /** The journal's position to begin with: the first roots have been there since. */
  readonly beginSeq?: () => number;
  /** Keeps what is known of the roots; nobody unless given. */
  readonly keeper?: IndexKeeper;
  /** The length of the kernel's queue of hints; read from the system unless given. */
  readonly queueLength?: number;
  /** How long a view is kept that nobody uses, ms; default a minute. */
  readonly viewLingerMs?: number;
}
