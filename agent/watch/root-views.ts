// The wide views of one root: what they hold of it, and what each has reported.
import type { Change, RootInterests } from '../../shared/index.ts';
import type { Placed, TreeClock } from './clock.ts';
import type { Crawler } from './crawler.ts';
import type { Delta, DifferenceSink } from './delta.ts';
import type { DirtyDirectories } from './dirty.ts';
import type { EngineEvents, Entries } from './engine-events.ts';
import type { Interests, Sees } from './interests.ts';
import { type Loss, Outskirts } from './outskirts.ts';
import type { RootLife } from './root-life.ts';
import type { Directory, TreeIndex } from './tree-index.ts';
import type { Interest, View } from './views.ts';

/** What the views need of the engine. */
export interface RootViewsHost {
  /** Nothing is wanted any more. */
  readonly isClosed: boolean;
  /** Runs a task when no other is under way. */
  exclusively(task: () => Promise<void>): Promise<void>;
  /** Runs steps in slices, from within the root; leaves them undone if it is not the one it was. */
  look(steps: Generator<void, void>, delta: DifferenceSink): Promise<void>;
  /** Runs steps in slices that look at nothing. */
  inMemory(steps: Generator<void, void>): Promise<void>;
  /** A backend that walks by itself walks a directory anew, to find what is wanted now. */
  rearm(directory: { readonly path: string }): void;
  /** Nothing of this is foreseen. */
  crashed(error: unknown): void;
}

/** The clock is the default view's. */
const unplaced: Placed = () => {};

/** Holds what views beside the default one want of a root. */
export class RootViews {
  private readonly index: TreeIndex;
  private readonly crawler: Crawler;
  private readonly life: RootLife;
  private readonly dirty: DirtyDirectories;
  private readonly interests: Interests;
  private readonly events: EngineEvents;
  private readonly host: RootViewsHost;
  private readonly clock: TreeClock;
  private readonly outskirts: Outskirts;

  constructor(parts: {
    index: TreeIndex;
    crawler: Crawler;
    life: RootLife;
    dirty: DirtyDirectories;
    interests: Interests;
    events: EngineEvents;
    clock: TreeClock;
    host: RootViewsHost;
  }) {
    this.index = parts.index;
    this.crawler = parts.crawler;
    this.life = parts.life;
    this.dirty = parts.dirty;
    this.interests = parts.interests;
    this.events = parts.events;
    this.clock = parts.clock;
    this.host = parts.host;
    const { host, crawler } = this;
    this.outskirts = new Outskirts({
      get isClosed() {
        return host.isClosed;
      },
      get isWhole() {
        return crawler.isWhole;
      },
      exclusively: (task) => host.exclusively(task),
      look: (steps, delta) => host.look(steps, delta),
      tell: (delta, loss) => this.tell(delta, loss),
      crashed: (error) => host.crashed(error),
    });
  }

  /** Whether all that views want is crawled. */
  get isIdle(): boolean {
    return this.outskirts.isIdle;
  }

  /** What all this costs. */
  status(watches: number): RootInterests {
    const { files, dirs } = this.index.outside;
    const { clients, named } = this.interests;
    return { clients, watches: Math.min(dirs, watches), files, paths: named };
  }

  /** See `ViewedRoot`. */
  async hold(view: View, interest: Interest): Promise<void> {
    if (this.host.isClosed) return;
    this.interests.set(view, interest);
    const { everything, places } = interest;
    if (!everything && places.length === 0) return;
    this.rearm(interest);
    const widen = (sink: DifferenceSink) => this.fromRoot((root) => this.crawler.widen(root, interest, sink));
    await this.outskirts.add(widen, { view });
  }

  /** See `ViewedRoot`. */
  async letGo(view: View): Promise<void> {
    const interest = this.interests.delete(view);
    if (interest === undefined || (!interest.everything && interest.places.length === 0)) return;
    await this.outskirts.add((sink) => this.fromRoot((root) => this.crawler.narrow(root, sink)));
    if (!this.host.isClosed) this.rearm(interest);
  }

  /** Resolves when what was left for later is done, for the views whose changes are reported. */
  settled(): Promise<void> {
    return this.outskirts.settled();
  }

  /** Has what the crawler left for later done between batches. */
  later(loss?: Loss): void {
    const visits = this.crawler.takeOutlying();
    if (visits.length > 0) void this.outskirts.add((sink) => this.crawler.resume(visits, sink), { loss });
  }

  /** Reports what was found, to each view what it sees of it. */
  async tell(delta: Delta, loss?: Loss): Promise<void> {
    const changes = await this.changesOf(delta);
    if (changes.length > 0 && loss?.told === false && !this.host.isClosed) {
      loss.told = true;
      await this.events.lost();
    }
    await this.report(changes);
    for (const view of [...this.interests.live()]) {
      const seen = await this.changesOf(delta, this.interests.sees(view));
      if (seen.length === 0 || !view.isLive || this.host.isClosed) continue;
      if (loss?.told === false && !loss.views.has(view)) {
        loss.views.add(view);
        await this.events.lost(view);
      }
      await this.report(seen, view);
    }
  }

  /** What is below the root, as each view has it. */
  readonly entries: Entries = (view) => {
    if (view === undefined) return this.index.all(false);
    return this.seen(this.interests.sees(view));
  };

  /** The kernel gives no watch for a directory outside the default view. */
  refuse(directory: Directory, error: NodeJS.ErrnoException): void {
    for (const view of this.interests.holders(directory.path)) this.events.refuse(view, error);
    if (this.interests.wants(directory.path, true)) this.dirty.retryLater(directory, error);
  }

  /** Stops watching all that is outside the default view. Returns whether there was anything. */
  free(): boolean {
    let hasFreed = false;
    if (this.index.outside.dirs === 0) return false;
    for (const directory of this.index.directories.values()) {
      if (directory.stat.outside) hasFreed = this.crawler.places.abandon(directory) || hasFreed;
    }
    return hasFreed;
  }

  private *seen(sees: Sees): ReturnType<TreeIndex['all']> {
    for (const entry of this.index.all(true)) if (sees(entry.path, entry.stat)) yield entry;
  }

  private async changesOf(delta: Delta, sees?: Sees): Promise<Change[]> {
    const changes: Change[] = [];
    await this.host.inMemory(delta.collect(changes, sees));
    return changes;
  }

  private async report(changes: Change[], view?: View): Promise<void> {
    if (changes.length === 0 || this.host.isClosed) return;
    await this.events.batch(changes, view === undefined ? this.clock.placed : unplaced, view);
  }

  private *fromRoot(work: (root: Directory) => Generator<void, void>): Generator<void, void> {
    const { root } = this.life;
    if (root !== undefined) yield* work(root);
  }

  /** Where a place is not known yet, a hint of what it lies in comes first. */
  private rearm({ everything, places }: Interest): void {
    const { root } = this.life;
    if (root === undefined) return;
    if (everything) this.host.rearm(root);
    else for (const place of places) this.host.rearm({ path: place });
  }
}
