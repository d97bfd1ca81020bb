// The engine of one root: takes hints, waits until they settle, has the crawler look, tells the batch.
import type { Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { type Change, DevagentError, type RootStatus } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { BackendFactory, BackendName, HintSink, WatchBackend } from './backend.ts';
import { pollingBackend } from './backend-polling.ts';
import { Crawler } from './crawler.ts';
import { Delta, type DifferenceSink, untold } from './delta.ts';
import { Disk } from './disk.ts';
import { enclosingGitDirectory } from './git-directories.ts';
import { GitHold, holdCheckMs } from './git-hold.ts';
import { IgnoreRules, rulesFileName } from './ignore-rules.ts';
import { holdsBackup } from './saves.ts';
import { Settler } from './settle.ts';
import { Exclusive, Slices } from './slices.ts';
import { both, type Evidence } from './touches.ts';
import { Directory, type EntryStat, kindOf, statOf, TreeIndex } from './tree-index.ts';
import { Turns } from './turns.ts';
import type { Dirty } from './visits.ts';

/** How a root is to be watched. */
export interface RootOptions {
  /** Globs relative to the root. */
  readonly ignore: readonly string[];
  /** Whether .gitignore files count. */
  readonly gitignore: boolean;
  readonly settleMs: number;
}

/** What is below the root, as it has been told. */
export type Entries = () => Generator<{ path: string; stat: EntryStat }>;

/** What an engine tells. */
export interface EngineEvents {
  /** A settled batch; never empty. The index is held still until it has been taken. */
  batch(changes: Change[]): Promise<void>;
  /**
   * A hint came: for the sign of a full queue.
   * @returns whether there are so many that the loop may not come to an end with them
   */
  hinted(): boolean;
  /** Watches were closed: of their hints that are queued nobody will hear. */
  unheard(): void;
  /** Hints were lost for certain; the differences follow. */
  lost(): Promise<void>;
  /** The first crawl is done; nothing is told until this resolves. */
  crawled(entries: Entries): Promise<void>;
}

/** A crawl for doubt's sake waits for this much quiet ... */
const quietMs = 50;
/** ... but no longer than this. */
const longestDoubtMs = 1000;
/** A crawl that repeats takes at most one part in this many of the time. */
const crawlDuty = 10;
/** A directory with so many hints while the loop is flooded is one that floods it. */
const hintsOfFlood = 64;
/** A lossy backend's tree is crawled this long after the last hint of a storm ... */
const stormQuietMs = 250;
/** ... but no longer than this after its first: some files are written to all the time. */
const longestStormMs = 2000;

/** Errors of a process or system that has run out of something. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

const rootGoneText = 'the root is gone: it is watched again as soon as it is back';
const rootClosedText = 'the root can not be read: what is in it is told as soon as it can';

/** One root's index, kept true, and the batches that come of it. */
export class RootEngine implements HintSink {
  readonly path: string;
  private readonly events: EngineEvents;
  private readonly log: Log;
  private readonly disk: Disk;
  private readonly index = new TreeIndex();
  private readonly rules: IgnoreRules;
  private readonly turns = new Turns();
  private readonly crawler: Crawler;
  private readonly settler: Settler;
  private readonly gitHold: GitHold;
  private readonly exclusive = new Exclusive();
  /** Shared by all roots. */
  private readonly slices: Slices;
  private backend: WatchBackend;
  private root: Directory | undefined;
  private dirty = new Map<Directory, Dirty>();
  /** Hints of directories, counted only while there are too many. */
  private floods = new Map<Directory, number>();
  /** What was found for a batch that waits for the end of a save. */
  private held: Delta | undefined;
  /** Directories to look into again though no hint will ask for it, and why they could not be. */
  private readonly retries = new Map<Directory, NodeJS.ErrnoException>();
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  private crawlTimer: NodeJS.Timeout | undefined;
  private ready = false;
  private closed = false;
  private rootSuspect = false;
  private rootGone = false;
  /** Why this backend is not the one that was wanted. */
  private limited: string | null;
  private recrawls = 0;
  private auditFindings = 0;
  private doubtSinceMs: number | undefined;
  /** Whether the loss that the open doubt is about has been told. */
  private lossTold = false;
  private lastHintMs = 0;
  /** Since when a lossy backend's crawl has been put off. */
  private stormSinceMs: number | undefined;
  private lastCrawlMs = 0;

  constructor(
    path: string,
    backend: BackendFactory,
    options: RootOptions,
    events: EngineEvents,
    log: Log,
    limited: string | null = null,
    slices: Slices = new Slices(),
  ) {
    this.path = path;
    this.slices = slices;
    this.events = events;
    this.log = log.child({ root: path });
    this.limited = limited;
    this.disk = new Disk(path);
    this.rules = new IgnoreRules(options.ignore, options.gitignore, this.log);
    this.settler = new Settler(options.settleMs);
    this.gitHold = new GitHold(enclosingGitDirectory(path));
    this.backend = backend(path, this);
    this.crawler = new Crawler({
      disk: this.disk,
      index: this.index,
      rules: this.rules,
      host: {
        watch: (directory) => this.watchDirectory(directory),
        unwatch: (directory) => this.backend.unwatchDirectory(directory.path, false),
        pending: (directory, name) => this.pendingHints(directory, name),
        replaced: (directory) => this.rearm(directory),
        doubt: (directory) => this.doubtDirectory(directory),
        retry: (directory, error) => this.retryLater(directory, error),
      },
      log: this.log,
      turns: this.turns,
    });
  }

  get backendName(): BackendName {
    return this.backend.name;
  }

  get isReady(): boolean {
    return this.ready;
  }

  status(): RootStatus {
    return {
      path: this.path,
      backend: this.backend.name,
      ready: this.ready,
      files: this.index.files,
      dirs: Math.max(0, this.index.directories.size - 1),
      watches: this.backend.watches,
      recrawls: this.recrawls,
      auditFindings: this.auditFindings,
      degraded: this.troubleOfRoot() ?? this.limited ?? this.rules.trouble ?? null,
    };
  }

  private troubleOfRoot(): string | undefined {
    if (this.rootGone) return rootGoneText;
    return this.root?.unreadable === true ? rootClosedText : undefined;
  }

  /** Watches and crawls; resolves when the index is whole. Nothing that it finds is told as a change. */
  start(): Promise<void> {
    return this.exclusive.run(async () => {
      const startedMs = performance.now();
      await this.backend.start();
      const stats = this.disk.look('');
      if (stats === undefined || 'unseen' in stats) await this.loseRoot(untold);
      else {
        this.root = this.index.addDirectory(undefined, '', statOf(stats, 'dir'));
        await this.run(this.crawler.crawl(this.root, untold, false), untold);
      }
      if (this.closed) return;
      this.lastCrawlMs = performance.now() - startedMs;
      await this.events.crawled(() => this.index.all());
      if (this.closed) return;
      this.ready = true;
      this.log.info('root ready', {
        backend: this.backend.name,
        files: this.index.files,
        dirs: this.index.directories.size - 1,
        ms: Math.round(this.lastCrawlMs),
      });
      this.schedule();
      this.scheduleCrawl();
    });
  }

  /**
   * Ends; resolves when no work is under way any more. Nothing is told afterwards.
   * @param atOnce whether that may hold the loop, because everything ends
   */
  async close(atOnce = false): Promise<void> {
    this.closed = true;
    this.clearTimer();
    clearTimeout(this.crawlTimer);
    await this.backend.close(atOnce);
    await this.exclusive.run(async () => {});
  }

  /**
   * Tells everything that was changed before the call.
   * @param hintsAreIn whether all hints of that have come, if this backend's come in order; else it crawls
   * @throws DevagentError `sync_failed` when something could not be looked at for want of resources
   */
  flush(hintsAreIn: boolean): Promise<void> {
    return this.exclusive.run(async () => {
      // A root that comes back, or that goes with a directory above it, gives no hint: it has to be looked for.
      this.rootSuspect = true;
      if (!hintsAreIn || !this.backend.ordered || this.doubtSinceMs !== undefined) await this.recrawl();
      else await this.tellBatch();
      const { starved } = this;
      if (starved === undefined) return;
      throw new DevagentError(
        'sync_failed',
        `${starved.path} can't be listed (${starved.code}): close some clients, or raise the limit with "ulimit -n" and restart the agent`,
      );
    });
  }

  /**
   * Holds the index still while `use` reads it: what it sees is exactly what has been told. `use` should be
   * quick, for nothing is told meanwhile.
   */
  withIndex<T>(use: (entries: Entries) => Promise<T>): Promise<T> {
    return this.exclusive.run(async () => {
      const { held } = this;
      this.held = undefined;
      if (held !== undefined) await this.tellAll(held);
      return use(() => this.index.all());
    });
  }

  /**
   * Hints may have been lost: the tree is crawled again when it has gone quiet.
   * @param certain whether that is told before the differences, rather than only if there are any
   * @returns whether that is news: one who polls needs no hints, and one who doubts already will crawl
   */
  doubt(certain: boolean): boolean {
    if (this.backend.crawlEveryMs !== undefined) return false;
    const known = this.doubtSinceMs !== undefined && (this.lossTold || !certain);
    this.lossTold ||= certain;
    if (this.doubtSinceMs === undefined) {
      this.doubtSinceMs = performance.now();
      this.log.warn('hints may be lost, crawling again', { certain });
      this.schedule();
    }
    return !known;
  }

  /** Does what has to be done now and then: is the root still there, or back? Can what was closed be read? */
  beat(): void {
    if (!this.ready || this.closed) return;
    const stats = this.disk.look('');
    const there = stats !== undefined && !('unseen' in stats) && kindOf(stats.mode) === 'dir';
    if (this.rootGone ? there : !(there && this.isRoot(stats))) {
      this.rootSuspect = true;
      this.schedule();
    }
    if (this.retries.size > 0) {
      this.settler.hint(performance.now());
      this.schedule();
    }
  }

  /** The directories, for the audit. */
  directories(): IterableIterator<Directory> {
    return this.index.directories.values();
  }

  /** The audit found a directory that changed without a hint. */
  audited(directory: Directory): void {
    this.auditFindings += 1;
    this.hint(directory.path, undefined, false);
  }

  /** Whether hints wait to be looked at or are being looked at, or a crawl is due that finds what had none. */
  get busy(): boolean {
    if (this.dirty.size > 0 || this.exclusive.busy || !this.ready) return true;
    return this.doubtSinceMs !== undefined || this.crawlTimer !== undefined;
  }

  /** When the directory on disk was changed last, if it can be seen. */
  directoryChangedMs(directory: Directory): number | undefined {
    if (!this.enterRoot()) return undefined;
    const stats = this.disk.look(directory.path);
    this.disk.leave();
    return stats === undefined || 'unseen' in stats ? undefined : stats.mtimeMs;
  }

  // HintSink

  hintItself(path: string): void {
    if (this.closed) return;
    this.events.hinted();
    this.lastHintMs = performance.now();
    const directory = this.index.directories.get(path);
    if (directory === undefined) return;
    directory.hintedTurn ??= this.turns.now;
    // One that watches by itself has lost what it watched in a root that was gone for a moment.
    if (!this.backend.ordered) directory.doubtful = true;
    this.doubtDirectory(directory);
    if (this.backend.lossy) this.scheduleCrawl();
  }

  hint(path: string, name: string | undefined, content: boolean): void {
    if (this.closed) return;
    const flooded = this.events.hinted();
    let directory = this.index.directories.get(path);
    let known = name;
    // A backend that walks by itself may be ahead of the index.
    while (directory === undefined && path !== '') {
      const slash = path.lastIndexOf('/');
      known = path.slice(slash + 1);
      path = slash === -1 ? '' : path.slice(0, slash);
      directory = this.index.directories.get(path);
    }
    if (directory === undefined) {
      this.rootSuspect = true;
    } else {
      if (flooded) this.holdBack(directory);
      const entry = known === undefined ? undefined : directory.entries.get(known);
      // What nobody is told of is no reason to wait.
      if (known !== undefined && entry === undefined && this.rules.ignoresHint(directory, known)) return;
      // Where hints come late and without order, a turn says nothing of what they are about.
      if (entry instanceof Directory && this.backend.ordered) entry.hintedTurn ??= this.turns.now;
      const evidence = this.backend.ordered ? this.crawler.evidence(directory, known) : 'often';
      this.markDirty(directory, known, content ? evidence : 'none');
    }
    this.lastHintMs = performance.now();
    this.settler.hint(this.lastHintMs);
    this.schedule();
    if (this.backend.lossy) this.scheduleCrawl();
  }

  passed(): void {
    this.events.hinted();
  }

  unheard(): void {
    this.events.unheard();
  }

  ignores(path: string, isDirectory: boolean): boolean {
    const slash = path.lastIndexOf('/');
    const directory = this.index.directories.get(slash === -1 ? '' : path.slice(0, slash));
    const name = path.slice(slash + 1);
    // It counts also where it is ignored itself, and so do its changes.
    if (name === rulesFileName && this.rules.gitignore) return false;
    return directory === undefined
      ? this.rules.ignoresName(name)
      : this.rules.ignores(directory, name, isDirectory);
  }

  failed(path: string, error: NodeJS.ErrnoException): void {
    if (error.code === 'ENOSPC' || error.code === 'EMFILE') this.fallBackToPolling(error);
    else {
      this.log.warn('watch failed', { path, error });
      this.hint(path, undefined, false);
    }
  }

  /**
   * libuv reads hints for as long as there are any, and writers can be faster than that: then nothing else would
   * have a turn. A directory that takes part in such a flood is watched no longer; the next batch watches it
   * again, and compares all that is in it.
   */
  private holdBack(directory: Directory): void {
    const hints = (this.floods.get(directory) ?? 0) + 1;
    this.floods.set(directory, hints);
    if (hints !== hintsOfFlood || !this.backend.ordered) return;
    this.backend.unwatchDirectory(directory.path, true);
    this.dirtyOf(directory).unwatched = true;
    // The hint of a move of one of these may be among those that nobody will hear.
    for (const entry of directory.entries.values()) {
      if (entry instanceof Directory) entry.hintedTurn ??= this.turns.now;
    }
    this.settler.hint(performance.now());
    this.schedule();
  }

  private markDirty(directory: Directory, name: string | undefined, evidence: Evidence): void {
    const dirty = this.dirtyOf(directory);
    if (name === undefined) dirty.all = both(dirty.all, evidence);
    // All of them will be looked at, and with more suspicion than any hint could raise.
    else if (!dirty.unwatched) dirty.names.set(name, both(dirty.names.get(name), evidence));
  }

  private dirtyOf(directory: Directory): Dirty {
    let dirty = this.dirty.get(directory);
    if (dirty === undefined) {
      dirty = { names: new Map(), all: undefined, unwatched: false };
      this.dirty.set(directory, dirty);
    }
    return dirty;
  }

  private pendingHints(directory: Directory, name: string): Evidence | undefined {
    const dirty = this.dirty.get(directory);
    return dirty?.unwatched === true ? 'often' : dirty?.names.get(name);
  }

  private doubtDirectory(directory: Directory): void {
    if (directory.parent === undefined) this.rootSuspect = true;
    else this.markDirty(directory.parent, basename(directory.path), 'none');
    this.settler.hint(performance.now());
    this.schedule();
  }

  /** Permission comes with a hint of the parent, but the root has none; other reasons pass without any. */
  private retryLater(directory: Directory, error: NodeJS.ErrnoException): void {
    const { code } = error;
    if (directory.parent === undefined || (code !== 'EACCES' && code !== 'EPERM'))
      this.retries.set(directory, error);
  }

  /** A directory that the last look missed because the system had no more to give, which passes. */
  private get starved(): { path: string; code: string } | undefined {
    for (const [directory, { code = '' }] of this.retries) {
      if (!directory.gone && passing.has(code)) return { path: join(this.path, directory.path), code };
    }
    return undefined;
  }

  private watchDirectory(directory: Directory): boolean {
    try {
      this.backend.watchDirectory(directory.path, this.disk.place(directory.path));
      return true;
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      switch (error.code) {
        case 'ENOSPC':
        case 'EMFILE':
          this.fallBackToPolling(error);
          return true;
        case 'ENOENT':
        case 'ENOTDIR':
          this.doubtDirectory(directory);
          return false;
        default:
          if (!directory.unreadable) {
            this.log.warn('directory skipped', {
              path: directory.path,
              why: 'it can not be watched',
              error: error.code,
            });
          }
          directory.unreadable = true;
          this.retryLater(directory, error);
          return false;
      }
    }
  }

  private fallBackToPolling(error: NodeJS.ErrnoException): void {
    if (this.backend.name === 'polling') return;
    const limit = error.code === 'EMFILE' ? 'fs.inotify.max_user_instances' : 'fs.inotify.max_user_watches';
    const value = error.code === 'EMFILE' ? 1024 : 1048576;
    this.limited = `the kernel gives no more inotify watches (${error.code}), so the tree is polled: raise the limit with "sudo sysctl ${limit}=${value}" and restart the agent`;
    this.log.error('no more watches, polling from now on', { error: error.code, degraded: this.limited });
    const old = this.backend;
    this.backend = pollingBackend(this.path, this);
    void old.close(false);
    this.scheduleCrawl();
  }

  // Time

  private schedule(): void {
    if (!this.ready || this.closed) return;
    // A hint never makes a batch due sooner, unless it is the one that a held batch waits for.
    if (this.timer !== undefined && this.held === undefined) return;
    this.clearTimer();
    const due = this.dueMs();
    if (due === undefined) return;
    const waitMs = due - performance.now();
    // Timers know whole milliseconds: the rest of the last one is waited for turn by turn.
    this.timer =
      waitMs < 1 ? setImmediate(() => this.onTimer()) : setTimeout(() => this.onTimer(), Math.floor(waitMs));
  }

  private clearTimer(): void {
    clearTimeout(this.timer as NodeJS.Timeout);
    clearImmediate(this.timer as NodeJS.Immediate);
    this.timer = undefined;
  }

  private dueMs(): number | undefined {
    if (this.rootSuspect) return 0;
    const batchMs = this.settler.dueMs();
    const doubtMs = this.doubtDueMs();
    if (batchMs === undefined || doubtMs === undefined) return batchMs ?? doubtMs;
    return Math.min(batchMs, doubtMs);
  }

  private doubtDueMs(): number | undefined {
    if (this.doubtSinceMs === undefined) return undefined;
    const quietSinceMs = Math.max(this.lastHintMs, this.doubtSinceMs);
    return Math.min(quietSinceMs + quietMs, this.doubtSinceMs + longestDoubtMs);
  }

  private onTimer(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    const due = this.dueMs();
    if (due !== undefined && due <= nowMs) {
      const isHeld = this.gitHold.holds('batch', this.dirty.keys(), nowMs);
      if (isHeld !== false) {
        const again = (): void => this.onTimer();
        this.timer = isHeld ? setTimeout(again, holdCheckMs) : setImmediate(again);
        return;
      }
      void this.exclusive.run(() => this.work()).catch((error) => this.onCrash(error));
      return;
    }
    this.schedule();
  }

  private async work(): Promise<void> {
    const doubtMs = this.doubtDueMs();
    if (doubtMs !== undefined && doubtMs <= performance.now()) await this.recrawl();
    else await this.tellBatch({ mayWait: true });
    this.schedule();
  }

  private scheduleCrawl(): void {
    const { crawlEveryMs, lossy } = this.backend;
    const waitMs = crawlEveryMs ?? (lossy ? stormQuietMs : undefined);
    if (waitMs === undefined || this.closed || !this.ready) return;
    if (crawlEveryMs !== undefined && this.crawlTimer !== undefined) return;
    clearTimeout(this.crawlTimer);
    const nowMs = performance.now();
    this.stormSinceMs ??= nowMs;
    const restMs = Math.max(waitMs, this.lastCrawlMs * crawlDuty);
    const latestMs = this.stormSinceMs + Math.max(longestStormMs, restMs);
    const begin = (): void => {
      const isHeld = this.gitHold.holds('crawl', this.index.directories.values(), performance.now());
      if (isHeld === undefined) {
        this.crawlTimer = setTimeout(begin, 0);
        return;
      }
      this.crawlTimer = undefined;
      this.stormSinceMs = undefined;
      if (isHeld) {
        this.scheduleCrawl();
        return;
      }
      void this.exclusive
        .run(() => this.recrawl())
        .catch((error) => this.onCrash(error))
        .finally(() => {
          if (crawlEveryMs !== undefined) this.scheduleCrawl();
        });
    };
    this.crawlTimer = setTimeout(begin, Math.min(restMs, latestMs - nowMs));
  }

  private onCrash(error: unknown): void {
    // An engine that fails is a bug; the process is ended by the handler of uncaught errors.
    queueMicrotask(() => {
      throw error;
    });
  }

  // Work, always under `exclusive`

  /** Looks at what is dirty and tells what came of it. */
  private async tellBatch({ mayWait = false } = {}): Promise<void> {
    if (this.closed) return;
    const delta = this.held ?? new Delta();
    this.held = undefined;
    for (const directory of this.retries.keys()) this.markDirty(directory, undefined, 'none');
    this.retries.clear();
    const dirty = this.dirty;
    this.dirty = new Map();
    this.floods = new Map();
    const openedMs = this.settler.close();
    if (this.rootSuspect) await this.checkRoot(delta);
    await this.run(this.crawler.examineHints(dirty, delta), delta);
    const waits =
      mayWait &&
      holdsBackup(delta.paths, (path) => this.isKnownFile(path)) &&
      this.settler.reopen(openedMs, performance.now());
    if (waits) this.held = delta;
    else await this.tellAll(delta);
  }

  /** Tells what is dirty, then compares the whole tree and tells the rest. */
  private async recrawl(): Promise<void> {
    const startedMs = performance.now();
    const doubted = this.doubtSinceMs !== undefined;
    const lossTold = this.lossTold;
    this.doubtSinceMs = undefined;
    this.lossTold = false;
    this.rootSuspect = true;
    await this.tellBatch();
    if (this.closed || this.root === undefined || this.rootGone) return;
    const differences = new Delta();
    await this.run(this.crawler.crawl(this.root, differences, true), differences);
    this.lastCrawlMs = performance.now() - startedMs;
    const changes = await this.changesOf(differences);
    if (doubted) {
      this.recrawls += 1;
      this.log.info('crawled again', { differences: changes.length, ms: Math.round(this.lastCrawlMs) });
      if (changes.length > 0 && !lossTold) await this.events.lost();
    }
    await this.tell(changes);
  }

  private async checkRoot(delta: Delta): Promise<void> {
    this.rootSuspect = false;
    const stats = this.disk.look('');
    const there = stats !== undefined && !('unseen' in stats) && kindOf(stats.mode) === 'dir';
    if (!there) {
      if (!this.rootGone) await this.loseRoot(delta);
      return;
    }
    const stat = statOf(stats, 'dir');
    if (this.root === undefined) this.root = this.index.addDirectory(undefined, '', stat);
    const doubted = this.crawler.places.takeDoubt(this.root);
    if (this.rootGone || !this.isRoot(stats)) {
      // Back, or another one in its place.
      if (this.rootGone) this.log.info('root is back');
      else await this.runInMemory(this.crawler.removeAll(this.root, delta));
      this.rootGone = false;
      this.root.stat = stat;
    } else if (!doubted) return;
    this.rearm(this.root);
    await this.run(this.crawler.crawl(this.root, delta, doubted), delta);
  }

  /** Not waited for: a walk of a large tree takes long, and that of one that is gone again may never end. */
  private rearm(directory: Directory): void {
    const { backend } = this;
    backend
      .rearm(directory.path)
      // What changed since it was gone through here may have come before its watch.
      .then(() => backend === this.backend && backend.lossy && this.scheduleCrawl())
      .catch((error) => this.onCrash(error));
  }

  private async loseRoot(delta: DifferenceSink): Promise<void> {
    this.rootGone = true;
    this.log.warn('root is gone');
    if (this.root !== undefined) await this.runInMemory(this.crawler.removeAll(this.root, delta));
  }

  /**
   * Does what has to be looked at from within the root, slice by slice. Whatever ends that, the index is in order
   * afterwards.
   */
  private async run(steps: Generator<void, void>, delta: DifferenceSink): Promise<void> {
    await this.slices.run(steps, { enter: () => this.enterRoot(), leave: () => this.disk.leave() });
    await this.runInMemory(this.crawler.removeBelow(delta));
  }

  /** Does long work that looks at nothing, slice by slice. */
  private runInMemory(steps: Generator<void, void>): Promise<void> {
    return this.slices.run(steps, { enter: () => !this.closed, leave: () => {} });
  }

  /** Enters the root if it is still the one that the index is of; else all of it is to be looked at anew. */
  private enterRoot(): boolean {
    if (this.closed || this.root === undefined || this.rootGone) return false;
    const stats = this.disk.enter();
    if (stats !== undefined && ('unseen' in stats || this.isRoot(stats))) return true;
    this.disk.leave();
    this.root.doubtful = true;
    this.doubtDirectory(this.root);
    return false;
  }

  private isRoot(stats: Stats): boolean {
    return stats.ino === this.root?.stat.ino && stats.birthtimeMs === this.root.stat.birthtimeMs;
  }

  private async changesOf(delta: Delta): Promise<Change[]> {
    const changes: Change[] = [];
    await this.runInMemory(delta.collect(changes));
    return changes;
  }

  private async tellAll(delta: Delta): Promise<void> {
    await this.tell(await this.changesOf(delta));
  }

  private isKnownFile(path: string): boolean {
    const slash = path.lastIndexOf('/');
    const directory = this.index.directories.get(slash === -1 ? '' : path.slice(0, slash));
    return typeof directory?.entries.get(path.slice(slash + 1)) === 'number';
  }

  private async tell(changes: Change[]): Promise<void> {
    if (changes.length > 0 && !this.closed) await this.events.batch(changes);
  }
}
