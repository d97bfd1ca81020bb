// The contract of a source of hints. A hint says that something may have changed, never what did: the
// engine looks for itself. So a backend can be small, and may be wrong in any way but silence.

/** The backends by name. `auto` picks one. */
export type BackendName = 'directories' | 'recursive' | 'chokidar' | 'polling';

/** Where a backend tells its hints; paths are keys of places in the root, relative to it, as in names.ts. */
export interface HintSink {
  /**
   * The entry `name` of `directory` may have changed; without a name, any of them.
   * @param content whether an existing file's bytes or attributes may have, and not only which entries exist
   */
  hint(directory: string, name: string | undefined, content: boolean): void;
  /** The directory itself may have been moved, removed or changed, as its own watch says. */
  hintItself(directory: string): void;
  /**
   * A hint came of a directory that is watched no longer: nothing to look at, but it was in the kernel's queue.
   * @returns whether its watch has to be closed at once, because hints come as fast as they are read
   */
  passed(): boolean;
  /** Watches were closed: of their hints that are in the kernel's queue nobody will hear. */
  unheard(): void;
  /**
   * Hints of anything below the root are lost, or may be: it is crawled.
   * @param certain whether the system said so; then that is reported before what the crawl finds
   */
  doubt(certain: boolean): void;
  /** Whether a path is left out, for a backend that walks the tree by itself. */
  ignores(path: string, isDirectory: boolean): boolean;
  /** A watch could not be made or died, for the reason given; the engine decides what that means. */
  failed(directory: string, error: NodeJS.ErrnoException): void;
}

/** When a root has to be crawled because hints alone do not suffice. */
export interface CrawlRhythm {
  /** How long after the last crawl, or after the last hint. */
  readonly waitMs: number;
  /** Whether it is crawled again and again; else only after hints. */
  readonly repeats: boolean;
}

/** For backends that can miss hints under load: the tree is crawled when a storm of hints is over. */
export const afterStorms: CrawlRhythm = { waitMs: 250, repeats: false };

/** A source of hints for one root. It arms its watches, and answers when it is asked whether all hints are in. */
export interface WatchBackend {
  readonly name: BackendName;
  /** Whether hints come one for one and in the order of the changes. Else neither their number nor their time says anything. */
  readonly ordered: boolean;
  /**
   * Whether an entry is named as its directory lists it. Else a name may be in any form that the file system takes for
   * the same: in other case, composed or not, or short.
   */
  readonly namesAsListed: boolean;
  /** Set if hints can be missing without a sign: how the tree is crawled for these. */
  readonly crawls: CrawlRhythm | undefined;
  /** Watches held. */
  readonly watches: number;
  /** Begins; resolves once changes made from now on give hints. */
  start(): Promise<void>;
  /**
   * Another directory is where this one was, or it has been away: whatever the backend watches by itself, from
   * there down, is watched anew. For the root this resolves once changes made from now on give hints, or when it
   * is rearmed again.
   */
  rearm(directory: string): Promise<void>;
  /**
   * Waits until the hints of all changes made before the call have come. Only a backend that can know that has it.
   * @returns whether they have; false if there is no way to know at the moment: then only a crawl can tell
   * @throws DevagentError `sync_failed` if the agent stops meanwhile
   */
  barrier?(): Promise<boolean>;
  /**
   * Watches one directory more, or anew. A backend that walks the tree by itself does nothing.
   * @param place where it is found at this moment
   * @throws NodeJS.ErrnoException as the system gives it
   */
  watchDirectory(directory: string, place: string | Buffer): void;
  /**
   * Stops watching it; does nothing if it was not watched.
   * @param atOnce whether the kernel must not queue a single hint more
   */
  unwatchDirectory(directory: string, atOnce: boolean): void;
  /**
   * Ends; no hint comes afterwards. Resolves when nothing of it is left.
   * @param atOnce whether that may hold the loop, because everything ends
   */
  close(atOnce: boolean): Promise<void>;
}

/** Makes a backend for the root at `path`. */
export type BackendFactory = (path: string, sink: HintSink) => WatchBackend;
