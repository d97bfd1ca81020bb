// What the agent keeps for its next start: joins the journal, the roots' indexes and the store.
import { realpathSync } from 'node:fs';
import type { InstancePaths, StoreStatus } from '../shared/index.ts';
import type { Journal, NamedCursors } from './journal/index.ts';
import type { Log } from './log/index.ts';
import { Store } from './store/index.ts';
import type { IndexKeeper, Watcher } from './watch/index.ts';

/** A root that is still being crawled is not waited for: what was known of it before is as good. */
const indexLimitMs = 1_000;

/** Many that move at once are written once. After a crash one falls back by no more. */
const cursorDelayMs = 100;

/** Keeps what the agent would forget. Until it is open, and where the store can't be used, it keeps nothing. */
export class Keeping implements IndexKeeper {
  private readonly journal: Journal;
  private readonly log: Log;
  private store: Store | undefined;
  private cursors: NamedCursors | undefined;
  private cursorTimer: NodeJS.Timeout | undefined;

  constructor(journal: Journal, log: Log) {
    this.journal = journal;
    this.log = log;
  }

  /**
   * Has the journal go on with what was kept, and keeps it from now on.
   * @param isStopping whether that is not wanted any more, asked when it could be done
   * @returns whether it was done
   */
  async open({ storeDirectory, socket }: InstancePaths, isStopping: () => boolean): Promise<boolean> {
    const { epoch, limitBytes } = this.journal;
    const options = { directory: storeDirectory, place: socket, limitBytes, epoch };
    const { store, kept } = await Store.open(options, this.log);
    if (isStopping()) {
      store.close();
      return false;
    }
    this.store = store;
    this.journal.keep(store, kept);
    return true;
  }

  /** The agent begins with these roots, and has what is known of them and the named cursors kept from now on. */
  begin(watcher: Watcher, roots: readonly string[], cursors: NamedCursors): void {
    const { store } = this;
    if (store === undefined) return;
    for (const [name, cursor] of store.loadCursors()) cursors.set(name, cursor);
    this.cursors = cursors;
    watcher.noteUnwatched(store.beginRoots(roots.map(realPath)));
    store.wantsIndexes = () => {
      for (const root of watcher.roots) void watcher.keepIndex(root);
    };
  }

  take(root: string): ReturnType<IndexKeeper['take']> {
    return this.store?.takeIndex(root);
  }

  async put(root: string, image: readonly Buffer[], isWatched: boolean): Promise<void> {
    // It says how far the journal has come, and the journal has to be there as far as that.
    this.journal.commit();
    await this.store?.putIndex(root, image, this.journal.headSeq, isWatched);
  }

  /** Keeps the roots' indexes as they are, as far as that can be done in time: the agent is about to stop. */
  async keepIndexes(watcher: Watcher): Promise<void> {
    if (this.store === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, indexLimitMs);
    });
    await Promise.race([Promise.all(watcher.roots.map((root) => watcher.keepIndex(root))), limit]);
    clearTimeout(timer);
  }

  /** A named cursor has moved: it is kept soon. */
  cursorMoved(): void {
    if (this.cursors === undefined) return;
    this.cursorTimer ??= setTimeout(() => this.keepCursors(), cursorDelayMs);
  }

  private keepCursors(): void {
    clearTimeout(this.cursorTimer);
    this.cursorTimer = undefined;
    if (this.cursors !== undefined) this.store?.keepCursors(this.cursors.list());
  }

  /** What `GET /v1/status` says of the store; null without one. */
  status(): StoreStatus | null {
    return this.store?.status() ?? null;
  }

  /** Ends. No cursor may be given to anyone afterwards: the next agent would give it again. */
  close(): void {
    this.journal.commit();
    this.keepCursors();
    this.store?.close();
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It has gone meanwhile: adding the root reports that.
    return path;
  }
}
