// All roots together: what they share (the signs of loss, the barrier, the audit), and which backend each
// gets.
import { statfsSync } from 'node:fs';
import type { FileRecord, RootStatus } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import { Audit, beatMs } from './audit.ts';
import type { BackendFactory, BackendName } from './backend.ts';
import { chokidarBackend } from './backend-chokidar.ts';
import { directoriesBackend } from './backend-directories.ts';
import { pollingBackend } from './backend-polling.ts';
import { recursiveBackend } from './backend-recursive.ts';
import { agentStopped, Barrier } from './barrier.ts';
import { chooseBackend } from './choose-backend.ts';
import type { TreeClock } from './clock.ts';
import { type RootOptions, recordsOf } from './engine-events.ts';
import { type HeldRoot, holdRoots, keepIndex } from './hold-roots.ts';
import { LifetimeBudget } from './lifetimes.ts';
import { kernelQueueLength, LossSigns, type LossVerdict } from './loss-signs.ts';
import { findRoot, realRoot } from './real-root.ts';
import { checkSameRoot } from './root-difference.ts';
import { RootEngine } from './root-engine.ts';
import { Slices } from './slices.ts';
import { View, type ViewRequest, Views, type WideView, watchLimit } from './views.ts';
import type { WatchEvents, WatchSettings } from './watch-events.ts';

/** Watches any number of roots. */
export class Watcher {
  private readonly settings: WatchSettings;
  private readonly events: WatchEvents;
  private readonly log: Log;
  private readonly engines = new Map<string, RootEngine>();
  /** Those whose roots are known to be watched. */
  private readonly reported = new WeakSet<RootEngine>();
  private readonly options = new WeakMap<RootEngine, RootOptions>();
  private readonly signs: LossSigns;
  private readonly audit: Audit;
  private readonly slices = new Slices();
  private readonly views: Views;
  private readonly lifetimes = new LifetimeBudget();
  private readonly timer: NodeJS.Timeout;
  private readonly backends = {
    recursive: recursiveBackend(),
    chokidar: chokidarBackend,
    polling: pollingBackend,
  };
  private barrier: Barrier | undefined;
  private closed = false;
  private version = 0;
  /** No root was removed after it. */
  private allWatchedSince = 0;

  constructor(settings: WatchSettings, events: WatchEvents, log: Log) {
    this.settings = settings;
    this.events = events;
    this.log = log;
    this.signs = new LossSigns(
      settings.queueLength ?? kernelQueueLength(),
      () => this.barrier?.probe(),
      (verdict) => this.onLoss(verdict),
    );
    this.audit = new Audit(log);
    this.views = new Views(
      {
        roots: () => this.engines.values(),
        ended: (view) => this.events.viewEnded(view),
      },
      settings.viewLingerMs,
    );
    this.timer = setInterval(() => this.beat(), beatMs);
    this.timer.unref();
  }

  /** The real paths of the roots, in the order in which they were added. */
  get roots(): string[] {
    return [...this.engines.keys()];
  }

  /** Grows whenever a root is reported from then on, or is no longer. */
  get rootsVersion(): number {
    return this.version;
  }

  /** Whether every root's first crawl is done. */
  get ready(): boolean {
    return [...this.engines.values()].every((engine) => engine.isReady);
  }

  status(): RootStatus[] {
    return [...this.engines.values()].map((engine) => engine.status());
  }

  /**
   * Watches the directory at `path`; resolves with its real path once its first crawl is done. A root that
   * is there already stays as it is.
   * @param isFirst whether it is among those that the watcher begins with, of which nobody has to be told
   * @throws DevagentError `not_a_directory`; `root_differs` if it is there with other options
   */
  async add(path: string, options: Partial<RootOptions> = {}, isFirst = false): Promise<string> {
    const real = realRoot(path);
    const known = this.engines.get(real);
    if (known !== undefined) {
      checkSameRoot(real, this.options.get(known) ?? this.settings, options);
      await known.withIndex(async () => {});
      return real;
    }
    const { name, why } = chooseBackend(this.settings.backend, process.platform, statfsSync(real).type);
    this.log.info('backend chosen', { root: real, backend: name, why });
    const engine = new RootEngine(
      real,
      this.factoryOf(name),
      { ...this.settings, ...options },
      {
        batch: (changes, placed, view) => this.events.batch(real, changes, placed, view),
        hinted: () => this.signs.hint(),
        unheard: () => this.signs.unheard(),
        lost: (view) => this.events.lost(view),
        restarted: async () => this.events.restarted?.(real),
        refuse: (view, error) => this.views.refuse(view, watchLimit(error)),
        freeWatches: (error) => this.freeWatches(error),
        crawled: async (entries) => {
          const commit = (sinceSeq: number): boolean => {
            if (this.engines.get(real) !== engine) return false;
            engine.clock.begin(sinceSeq);
            this.reported.add(engine);
            this.version += 1;
            return true;
          };
          if (isFirst) commit(this.settings.beginSeq?.() ?? 0);
          else
            await this.events.rootChanged({
              root: real,
              watched: true,
              records: (view) => recordsOf(entries, view),
              commit,
            });
        },
      },
      this.log,
      name === 'polling' && this.settings.backend === 'auto' ? `polling, because ${why}` : null,
      this.slices,
      this.lifetimes,
    );
    this.engines.set(real, engine);
    this.options.set(engine, { ...this.settings, ...options });
    this.views.attach(engine);
    const kept = this.settings.keeper?.take(real);
    // Not waited for: nobody may hold the index still before the engine has begun.
    if (kept === 'lost') void this.events.rootLost?.(real);
    await engine.start(kept === 'lost' ? undefined : kept);
    // What was kept is good for the next start, too, unless something had to be done again.
    if (kept === undefined || kept === 'lost' || kept.events.length > 0) void this.keepIndex(real);
    return real;
  }

  /**
   * Stops watching a root, named by its real path or by one that leads to it.
   * @returns whether it was watched
   */
  async remove(path: string): Promise<boolean> {
    const real = this.find(path);
    const engine = real === undefined ? undefined : this.engines.get(real);
    if (real === undefined || engine === undefined) return false;
    let closing: Promise<void> | undefined;
    const commit = (sinceSeq: number): boolean => {
      if (this.engines.get(real) !== engine) return false;
      this.engines.delete(real);
      engine.clock.end();
      this.allWatchedSince = Math.max(this.allWatchedSince, sinceSeq);
      if (this.reported.has(engine)) this.version += 1;
      // Nothing is told from here on.
      closing = engine.close();
      return true;
    };
    // Of one that was never reported nobody has to learn, and its crawl need not be waited for.
    if (!this.reported.has(engine)) commit(0);
    else {
      await engine.withIndex(async (entries) => {
        const image = this.settings.keeper === undefined ? [] : await engine.memory.image(false);
        await this.events.rootChanged({
          root: real,
          watched: false,
          records: (view) => recordsOf(entries, view),
          commit,
        });
        if (closing !== undefined && image.length > 0) await this.settings.keeper?.put(real, image, false);
      });
    }
    await closing;
    return closing !== undefined;
  }

  /** Keeps the index of a root as it has been told; resolves when it is kept. */
  keepIndex(root: string): Promise<void> {
    return keepIndex(root, () => this.engines.get(root), this.settings.keeper);
  }

  /** Another root was watched until position `sinceSeq`, and is not now. */
  noteUnwatched(sinceSeq: number): void {
    this.allWatchedSince = Math.max(this.allWatchedSince, sinceSeq);
  }

  /** The real path of the root that `path` names, directly or through links. */
  find(path: string): string | undefined {
    return findRoot(path, (real) => this.engines.has(real));
  }

  /**
   * The barrier: resolves when every change made before the call has been told as a batch. Each root waits for its
   * own backend.
   * @param root the real path of the only root to be waited for; default all
   * @throws DevagentError `sync_failed` when that can't be known
   */
  async sync(root?: string): Promise<void> {
    const engines = [...this.engines].filter(([path]) => root === undefined || path === root);
    await Promise.all(engines.map(([, engine]) => engine.sync()));
    // An engine that was closed has told nothing. That of a removed root need not; here all are.
    if (this.closed) throw agentStopped();
  }

  /**
   * The view for a filter: undefined if the default view has all that it asks for. An equal request gets the same view as
   * long as that lives; each call that gives one is undone by `release`. It lives for 60 s after its last release.
   * @throws DevagentError `too_many_views` (32); its `ready` rejects with `watch_limit`
   */
  openView(request: ViewRequest): WideView | undefined {
    return this.views.take(request);
  }

  /** Undoes an `openView` that gave this view. */
  release(view: WideView): void {
    if (view instanceof View) this.views.release(view);
  }

  /**
   * Holds the indexes of the root given still, or of all, and lets `use` read them: they are exactly what has been
   * told so far. A root that is not watched is left out.
   * @param view lists what this one holds instead of the default view
   */
  withIndexes<T>(
    root: string | undefined,
    use: (indexes: ReadonlyMap<string, () => Generator<FileRecord>>) => Promise<T>,
    view?: WideView,
  ): Promise<T> {
    return this.holding(root, (held) => {
      const indexes = [...held].map(([path, { entries }]) => [path, () => recordsOf(entries, view)] as const);
      return use(new Map(indexes));
    });
  }

  /**
   * Holds the roots' indexes still as `withIndexes` does, and lets `use` ask what changed in them.
   * @param use gets the clocks by root, and the position from which on no other root was among those that are asked for
   */
  withClocks<T>(
    root: string | undefined,
    use: (clocks: ReadonlyMap<string, TreeClock>, sinceSeq: number) => Promise<T>,
  ): Promise<T> {
    return this.holding(root, (held) => {
      const known = [...held].filter(([, { engine }]) => this.reported.has(engine));
      const clocks = new Map(known.map(([path, { engine }]) => [path, engine.clock]));
      return use(clocks, root === undefined ? this.allWatchedSince : 0);
    });
  }

  private holding<T>(
    root: string | undefined,
    use: (engines: ReadonlyMap<string, HeldRoot>) => Promise<T>,
  ): Promise<T> {
    return holdRoots(this.engines, (engine) => this.reported.has(engine), root, use);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.views.close();
    clearInterval(this.timer);
    this.signs.close();
    this.barrier?.close();
    await Promise.all([...this.engines.values()].map((engine) => engine.close(true)));
    this.engines.clear();
  }

  private factoryOf(name: BackendName): BackendFactory {
    if (name !== 'directories') return this.backends[name];
    this.barrier ??= new Barrier(this.settings.cookieDirectory, this.log, (serial) =>
      this.signs.answered(serial),
    );
    const { barrier } = this;
    return directoriesBackend(() => barrier.pass());
  }

  private beat(): void {
    for (const engine of this.engines.values()) engine.beat();
    this.audit.beat([...this.engines.values()]);
  }

  /** The default views need watches that others hold. */
  private freeWatches(error: NodeJS.ErrnoException): boolean {
    const freed = [...this.engines.values()].map((engine) => engine.freeOutside());
    this.views.refuseAll(watchLimit(error));
    return freed.includes(true);
  }

  private onLoss(verdict: LossVerdict): void {
    if (this.closed) return;
    const certain = verdict === 'certain';
    const doubting = [...this.engines.values()].filter((engine) => engine.doubt(certain));
    // What was lost since the last gap is covered by it as long as no crawl has begun.
    if (certain && doubting.length > 0) void this.events.lost();
  }
}
