// The engine of one root: takes hints, waits until they settle, has the crawler look, tells the batch.
import type { RootStatus } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import { ArmedBackend, type ArmedBackendHost } from './armed-backend.ts';
import type { BackendFactory } from './backend.ts';
import { TreeClock } from './clock.ts';
import { Crawler } from './crawler.ts';
import { DirtyDirectories, starvedError } from './dirty.ts';
import { Disk } from './disk.ts';
import type { EngineEvents, Entries, RootOptions } from './engine-events.ts';
import { Hints, type HintsHost } from './hints.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { Interests } from './interests.ts';
import { JoinedRuns } from './joined-runs.ts';
import type { KeptIndex } from './kept-index.ts';
import { LifetimeBudget } from './lifetimes.ts';
import { type OuterRulesHost, OuterRulesReader } from './outer-rules.ts';
import { RootBatches } from './root-batches.ts';
import { RootLife } from './root-life.ts';
import { RootMemory } from './root-memory.ts';
import { RootViews, type RootViewsHost } from './root-views.ts';
import { RootWork, type RootWorkHost } from './root-work.ts';
import { Exclusive, Slices } from './slices.ts';
import { Timekeeper } from './timekeeper.ts';
import { type Directory, TreeIndex } from './tree-index.ts';
import { Turns } from './turns.ts';
import type { Interest, View, ViewedRoot } from './views.ts';

/** One root's index, kept true, and the batches that come of it. */
export class RootEngine implements ViewedRoot {
  readonly path: string;
  private readonly events: EngineEvents;
  private readonly log: Log;
  private readonly disk: Disk;
  private readonly index = new TreeIndex();
  /** What changed since when. To be asked while the index is held still. */
  readonly clock: TreeClock;
  /** What is known of the root as bytes. To be asked while the index is held still. */
  readonly memory: RootMemory;
  private readonly rules: IgnoreRules;
  private readonly outer: OuterRulesReader;
  private readonly life: RootLife;
  private readonly crawler: Crawler;
  private readonly looking: RootWork;
  private readonly time: Timekeeper;
  private readonly dirty = new DirtyDirectories();
  private readonly hints: Hints;
  private readonly armed: ArmedBackend;
  private readonly exclusive = new Exclusive();
  private readonly syncs = new JoinedRuns(() => this.syncNow());
  private readonly interests = new Interests();
  private readonly views: RootViews;
  readonly whenReady: Promise<void>;
  private markStarted = (): void => {};
  /** Its batches, and what waits to become one. */
  readonly batches: RootBatches;
  private ready = false;
  private closed = false;
  private auditFindings = 0;

  /**
   * @param path its real path
   * @param limited why the backend is not the one that was wanted, if that is so from the beginning
   * @param slices shared by all roots, as is `lifetimes`
   */
  constructor(
    path: string,
    backend: BackendFactory,
    options: RootOptions,
    events: EngineEvents,
    log: Log,
    limited: string | null = null,
    slices: Slices = new Slices(),
    lifetimes: LifetimeBudget = new LifetimeBudget(),
  ) {
    this.path = path;
    this.clock = new TreeClock(this.index, lifetimes);
    this.events = events;
    this.log = log.child({ root: path });
    this.disk = new Disk(path);
    this.rules = new IgnoreRules(options.ignore, options.gitignore, this.log);
    this.whenReady = new Promise((resolve) => {
      this.markStarted = resolve;
    });
    this.time = this.makeTimekeeper(options.settleMs);
    const { disk, index, rules, interests, dirty } = this;
    const turns = new Turns();
    const host = this.makeHost();
    this.outer = new OuterRulesReader({ disk, rules, host, log: this.log });
    this.hints = new Hints({ index, rules, interests, turns, dirty, host });
    this.armed = new ArmedBackend({ disk, log: this.log, sink: this.hints, host, factory: backend, limited });
    this.crawler = new Crawler({
      disk,
      index,
      rules,
      interests,
      host: {
        watch: (directory) => this.armed.watchDirectory(directory),
        unwatch: (directory) => this.armed.current.unwatchDirectory(directory.path, false),
        pending: (directory, name) => dirty.evidence(directory, name),
        replaced: (directory) => this.armed.rearm(directory),
        doubt: (directory) => this.doubtDirectory(directory),
        retry: (directory, error) => dirty.retryLater(directory, error),
      },
      log: this.log,
      turns,
      outer: this.outer,
    });
    const { crawler } = this;
    this.life = new RootLife({ disk, index, places: crawler.places, log: this.log });
    const { life } = this;
    this.looking = new RootWork({ disk, crawler, life, slices, host });
    const parts = { index, crawler, life, dirty, host };
    const { looking, hints, outer, clock } = this;
    this.memory = new RootMemory({ index, clock, dirty, life, looking, outer });
    this.views = new RootViews({ ...parts, interests, events, clock });
    const { views } = this;
    this.batches = new RootBatches({
      ...parts,
      ...{ looking, hints, views, log: this.log, schedule: this.time.schedule },
    });
  }

  private makeTimekeeper(settleMs: number): Timekeeper {
    const engine = this;
    return new Timekeeper(this.path, settleMs, {
      get crawls() {
        return engine.armed.current.crawls;
      },
      get lastCrawlMs() {
        return engine.batches.lastCrawlMs;
      },
      get isHolding() {
        return engine.batches.isHolding;
      },
      dirtyDirectories: () => this.dirty.directories(),
      directories: () => this.directories(),
      work: (what) => this.exclusive.run(() => this.batches.work(what)).catch((error) => this.onCrash(error)),
    });
  }

  /** What the parts ask of the engine and of each other. */
  private makeHost(): HintsHost & ArmedBackendHost & RootWorkHost & OuterRulesHost & RootViewsHost {
    const engine = this;
    const { dirty, events } = this;
    return {
      get isClosed() {
        return engine.closed;
      },
      get areOrdered() {
        return engine.armed.current.ordered;
      },
      get areNamesAsListed() {
        return engine.armed.current.namesAsListed;
      },
      hinted: () => events.hinted(),
      unheard: () => events.unheard(),
      lookAtRules: (directory) => this.hints.lookAtRules(directory),
      took: (isDirty, isOutside = false) => this.time.hinted(isDirty, isOutside),
      evidence: (directory, name) => this.crawler.evidence(directory, name),
      unwatch: (directory) => this.armed.current.unwatchDirectory(directory.path, true),
      failed: (path, error) => this.armed.failed(path, error),
      refuseOutside: (directory, error) => this.views.refuse(directory, error),
      freeWatches: (error) => events.freeWatches(error),
      suspectRoot: () => this.time.schedule.suspectRoot(),
      lost: () => {
        if (this.doubt(true)) void events.lost();
      },
      doubtDirectory: (directory) => this.doubtDirectory(directory),
      retryLater: (directory, error) => dirty.retryLater(directory, error),
      rearm: (directory) => this.armed.rearm(directory),
      wantCrawl: () => this.time.wantCrawl(),
      exclusively: (task) => this.exclusive.run(task),
      look: (steps, delta) => this.looking.look(steps, delta),
      inMemory: (steps) => this.looking.inMemory(steps),
      crashed: (error) => this.onCrash(error),
    };
  }

  get isReady(): boolean {
    return this.ready;
  }

  status(): RootStatus {
    const { current, trouble } = this.armed;
    return {
      path: this.path,
      backend: current.name,
      ready: this.ready,
      files: this.index.files,
      dirs: this.index.dirs,
      watches: current.watches,
      recrawls: this.batches.recrawls,
      auditFindings: this.auditFindings,
      interests: this.views.status(current.watches),
      degraded: this.life.trouble ?? trouble ?? this.rules.trouble ?? null,
    };
  }

  /** Watches and crawls; resolves when the index is whole. What is different from what was kept is told. */
  start(kept?: KeptIndex): Promise<void> {
    return this.exclusive.run(async () => {
      const { entries } = this.views;
      const { differences, crawlMs } = await this.memory.begin(kept, this.armed, this.events, entries);
      if (differences !== undefined) await this.views.tell(differences);
      if (this.closed) return;
      this.batches.lastCrawlMs = crawlMs;
      this.ready = true;
      const { files, dirs } = this.index;
      const ms = Math.round(crawlMs);
      this.log.info('root ready', { backend: this.armed.current.name, files, dirs, ms });
      this.time.begin();
      this.markStarted();
    });
  }

  /**
   * Ends; resolves when no work is under way any more. Nothing is told afterwards.
   * @param atOnce whether that may hold the loop, because everything ends
   */
  async close(atOnce = false): Promise<void> {
    this.closed = true;
    this.clock.close();
    this.markStarted();
    this.time.end();
    this.outer.close();
    await this.armed.current.close(atOnce);
    await this.exclusive.run(async () => {});
  }

  /**
   * Tells everything that was changed before the call: what the backend's hints name once all of them are in, or
   * what a crawl finds.
   * @throws DevagentError `sync_failed` when something could not be looked at for want of resources, or the agent stops
   */
  sync(): Promise<void> {
    return this.syncs.run();
  }

  private async syncNow(): Promise<void> {
    const vouches = await this.armed.barrier();
    let starved = await this.exclusive.run(async () => {
      // A root that comes back, or that goes with a directory above it, gives no hint: it has to be looked for.
      this.time.schedule.suspectRoot();
      this.outer.suspect();
      if (!vouches() || this.time.schedule.inDoubt) await this.batches.recrawl();
      else await this.batches.tell();
      return this.dirty.starved;
    });
    if (!this.views.isIdle) {
      await this.views.settled();
      // Asked between the batches: one takes out what could not be looked at, to try it again.
      starved ??= await this.exclusive.run(async () => this.dirty.starved);
    }
    if (starved !== undefined) throw starvedError(this.disk.absolute(starved.directory.path), starved.code);
  }

  /**
   * Holds the index still while `use` reads it: what it sees is exactly what has been told. `use` should be
   * quick, for nothing is told meanwhile.
   */
  withIndex<T>(use: (entries: Entries) => Promise<T>): Promise<T> {
    return this.exclusive.run(async () => {
      await this.batches.tellHeld();
      return use(this.views.entries);
    });
  }

  /**
   * Hints may have been lost: the tree is crawled again when it has gone quiet.
   * @param certain whether that is told before the differences, rather than only if there are any
   * @returns whether that is news: one who polls needs no hints, and one who doubts already will crawl
   */
  doubt(certain: boolean): boolean {
    if (this.armed.current.crawls?.repeats === true) return false;
    const { begins, isNews } = this.time.schedule.doubt(certain, performance.now());
    if (begins) {
      this.log.warn('hints may be lost, crawling again', { certain });
      this.time.setAlarm();
    }
    return isNews;
  }

  /** Does what has to be done now and then: is the root still there, or back? Can what was closed be read? */
  beat(): void {
    if (!this.ready || this.closed) return;
    if (this.life.hasChanged()) {
      this.time.schedule.suspectRoot();
      this.time.setAlarm();
    }
    this.outer.beat();
    if (this.dirty.hasRetries) this.time.open();
  }

  /** Whether the rules leave a path out of the default view, as far as they have been read. */
  leavesOut(path: string, isDirectory: boolean): boolean {
    const { known } = this.life;
    return known !== undefined && this.rules.leftOut(known, path, isDirectory) === 'rule';
  }

  hold(view: View, interest: Interest): Promise<void> {
    return this.views.hold(view, interest);
  }

  letGo(view: View): Promise<void> {
    return this.views.letGo(view);
  }

  /** Stops watching what is outside the default view. Returns whether there was anything. */
  freeOutside(): boolean {
    return this.views.free();
  }

  /** The directories, for the audit. */
  directories(): IterableIterator<Directory> {
    return this.index.directories.values();
  }

  /** The audit found a directory that changed without a hint. */
  audited(directory: Directory): void {
    this.auditFindings += 1;
    this.hints.hint(directory.path, undefined, false);
  }

  /** Whether hints wait to be looked at or are being looked at, or a crawl is due that finds what had none. */
  get busy(): boolean {
    if (this.dirty.size > 0 || this.exclusive.busy || !this.views.isIdle || !this.ready) return true;
    return this.time.schedule.inDoubt || this.time.schedule.crawlDueMs() !== undefined;
  }

  /** When the directory on disk was changed last, if it can be seen. */
  directoryChangedMs(directory: Directory): number | undefined {
    return this.looking.changedMs(directory);
  }

  private doubtDirectory(directory: Directory): void {
    if (directory.parent === undefined) this.time.schedule.suspectRoot();
    else this.dirty.markItself(directory);
    this.time.open();
  }

  private onCrash(error: unknown): void {
    // An engine that fails is a bug; the process is ended by the handler of uncaught errors.
    queueMicrotask(() => {
      throw error;
    });
  }
}
