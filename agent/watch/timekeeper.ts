// Has the engine work when its schedule (schedule.ts) says so, unless git is at work.
import { Alarm } from './alarm.ts';
import type { CrawlRhythm } from './backend.ts';
import { enclosingRepository } from './git-directories.ts';
import { GitHold, holdCheckMs } from './git-hold.ts';
import { Schedule } from './schedule.ts';
import type { Directory } from './tree-index.ts';

/** What there is to do, and what is known about it. */
export interface TimekeeperHost {
  /** How the backend wants the tree to be crawled. */
  readonly crawls: CrawlRhythm | undefined;
  /** How long the last crawl took. */
  readonly lastCrawlMs: number;
  /** Whether a batch waits for a hint, which may make it due sooner. */
  readonly isHolding: boolean;
  /** The directories of the open batch. */
  dirtyDirectories(): Iterable<Directory>;
  directories(): Iterable<Directory>;
  /** Does what is due; the next is waited for when it resolves. */
  work(what: 'batch' | 'crawl'): Promise<void>;
}

/** The engine's timers. Until `begin` and after `end` it waits for nothing. */
export class Timekeeper {
  readonly schedule: Schedule;
  private readonly host: TimekeeperHost;
  private readonly gitHold: GitHold;
  private readonly workAlarm = new Alarm(() => this.onWorkAlarm());
  private readonly crawlAlarm = new Alarm(() => this.onCrawlAlarm());
  private isRunning = false;

  /** @param root its path */
  constructor(root: string, settleMs: number, host: TimekeeperHost) {
    this.schedule = new Schedule(settleMs);
    this.gitHold = new GitHold(enclosingRepository(root)?.gitDirectory);
    this.host = host;
  }

  begin(): void {
    this.isRunning = true;
    this.setAlarm();
    this.wantCrawl();
  }

  end(): void {
    this.isRunning = false;
    this.workAlarm.clear();
    this.crawlAlarm.clear();
  }

  /** A hint came; `isDirty` if it left something to look at, and `isOutside` if that is outside the default view. */
  hinted(isDirty: boolean, isOutside: boolean): void {
    const nowMs = performance.now();
    this.schedule.hinted(nowMs);
    if (isDirty) {
      this.schedule.open(nowMs, isOutside);
      this.setAlarm();
    }
    if (this.host.crawls?.repeats === false) this.wantCrawl();
  }

  /** There is something to look at. */
  open(): void {
    this.schedule.open(performance.now());
    this.setAlarm();
  }

  /** The schedule has a new deadline. */
  setAlarm(): void {
    if (!this.isRunning) return;
    // A hint never makes a batch due sooner, unless it is the one that a held batch waits for.
    if (this.workAlarm.isSet && !this.host.isHolding) return;
    const dueMs = this.schedule.workDueMs();
    if (dueMs === undefined) this.workAlarm.clear();
    else this.workAlarm.set(dueMs);
  }

  /** Has the tree crawled as the backend wants it. */
  wantCrawl(): void {
    const { crawls, lastCrawlMs } = this.host;
    if (crawls === undefined || !this.isRunning) return;
    this.schedule.wantCrawl(crawls, lastCrawlMs, performance.now());
    this.setCrawlAlarm();
  }

  private onWorkAlarm(): void {
    const nowMs = performance.now();
    const dueMs = this.schedule.workDueMs();
    if (dueMs === undefined || dueMs > nowMs) {
      this.setAlarm();
      return;
    }
    const isHeld = this.gitHold.holds('batch', this.host.dirtyDirectories(), nowMs);
    // To find out takes more than this turn.
    if (isHeld === undefined) this.workAlarm.set(nowMs);
    else if (isHeld) this.workAlarm.set(nowMs + holdCheckMs);
    else void this.host.work('batch').then(() => this.setAlarm());
  }

  private onCrawlAlarm(): void {
    const nowMs = performance.now();
    const dueMs = this.schedule.crawlDueMs();
    if (dueMs === undefined || dueMs > nowMs) {
      this.setCrawlAlarm();
      return;
    }
    const isHeld = this.gitHold.holds('crawl', this.host.directories(), nowMs);
    if (isHeld === undefined) {
      this.crawlAlarm.set(nowMs);
      return;
    }
    this.schedule.takeCrawl();
    if (isHeld) this.wantCrawl();
    else {
      void this.host.work('crawl').then(() => {
        if (this.host.crawls?.repeats === true) this.wantCrawl();
      });
    }
  }

  /** A hint puts such a crawl off, and never makes it due sooner. */
  private setCrawlAlarm(): void {
    const dueMs = this.schedule.crawlDueMs();
    if (dueMs !== undefined && this.isRunning && !this.crawlAlarm.isSet) this.crawlAlarm.set(dueMs);
  }
}
