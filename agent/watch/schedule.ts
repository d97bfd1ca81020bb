// When an engine has to do what. Pure: times and events come in, deadlines come out; alarm.ts waits for them.
//
// Work is due when a batch has settled, when a doubt has gone quiet, or at once when the root itself is suspect. Apart
// from that, some backends want the whole tree crawled, now and then or after a storm of hints.
import type { CrawlRhythm } from './backend.ts';
import { Settler } from './settle.ts';

/** A crawl for doubt's sake waits for this much quiet ... */
const quietMs = 50;
/** ... but no longer than this. */
const longestDoubtMs = 1000;
/** A crawl that repeats takes at most one part in this many of the time. */
const crawlDuty = 10;
/** A crawl after a storm of hints comes this long after its first one at the latest: some files are always written to. */
const longestStormMs = 2000;

/** Hints may have been lost: since when, and what has been reported of that. */
interface Doubt {
  readonly sinceMs: number;
  /** Whether the loss has been reported before its differences. */
  lossTold: boolean;
}

/** Decides when work and crawls are due. All times are of one monotonic clock, in ms. */
export class Schedule {
  private readonly settler: Settler;
  private atOnce = false;
  private lastHintMs = Number.NEGATIVE_INFINITY;
  private doubted: Doubt | undefined;
  /** Since when a crawl has been wanted, and when it is due. */
  private crawl: { readonly sinceMs: number; dueMs: number } | undefined;

  /** @param settleMs how long no hint may have come before a batch closes */
  constructor(settleMs: number) {
    this.settler = new Settler(settleMs);
  }

  /** A hint came, whatever it was about: what waits for quiet waits on. */
  hinted(nowMs: number): void {
    this.lastHintMs = nowMs;
  }

  /**
   * There is something to look at: the open batch is extended, or one is opened.
   * @param isOutside whether that is outside the default view, whose batches don't wait for it
   */
  open(nowMs: number, isOutside = false): void {
    this.settler.hint(nowMs, isOutside);
  }

  /**
   * Closes the batch.
   * @returns when it was opened, for `reopen`; undefined when none was open
   */
  close(): number | undefined {
    return this.settler.close();
  }

  /**
   * Takes the closing back, to wait for more hints: see `Settler.reopen`.
   * @returns whether it may wait any longer
   */
  reopen(openedMs: number | undefined, nowMs: number): boolean {
    return this.settler.reopen(openedMs, nowMs);
  }

  /** The root may be gone, back or another one: work is due at once. */
  suspectRoot(): void {
    this.atOnce = true;
  }

  /** @returns whether the root was suspect; it no longer is */
  takeSuspicion(): boolean {
    const { atOnce } = this;
    this.atOnce = false;
    return atOnce;
  }

  /** Whether hints may have been lost, and no crawl has begun since. */
  get inDoubt(): boolean {
    return this.doubted !== undefined;
  }

  /**
   * Hints may have been lost: the tree is crawled when it has gone quiet.
   * @param certain whether that is reported before the differences
   * @returns whether that begins a doubt, and whether the caller has something to report
   */
  doubt(certain: boolean, nowMs: number): { begins: boolean; isNews: boolean } {
    const known = this.doubted;
    this.doubted ??= { sinceMs: nowMs, lossTold: false };
    const isNews = known === undefined || (certain && !known.lossTold);
    this.doubted.lossTold ||= certain;
    return { begins: known === undefined, isNews };
  }

  /**
   * The crawl that ends the doubt begins.
   * @returns the doubt that there was, if any
   */
  takeDoubt(): { readonly lossTold: boolean } | undefined {
    const { doubted } = this;
    this.doubted = undefined;
    return doubted;
  }

  /** When the crawl for doubt's sake is due; undefined without doubt. */
  doubtDueMs(): number | undefined {
    if (this.doubted === undefined) return undefined;
    const { sinceMs } = this.doubted;
    return Math.min(Math.max(this.lastHintMs, sinceMs) + quietMs, sinceMs + longestDoubtMs);
  }

  /** When work is due; undefined when there is none. */
  workDueMs(): number | undefined {
    if (this.atOnce) return 0;
    const batchMs = this.settler.dueMs();
    const doubtMs = this.doubtDueMs();
    if (batchMs === undefined || doubtMs === undefined) return batchMs ?? doubtMs;
    return Math.min(batchMs, doubtMs);
  }

  /**
   * The backend's hints do not suffice: a crawl is wanted. What repeats is due after its time, what follows a storm
   * when that is over, or has lasted for long.
   * @param lastCrawlMs how long the last crawl took: crawls may not take all the time there is
   */
  wantCrawl(rhythm: CrawlRhythm, lastCrawlMs: number, nowMs: number): void {
    if (rhythm.repeats && this.crawl !== undefined) return;
    const restMs = Math.max(rhythm.waitMs, lastCrawlMs * crawlDuty);
    this.crawl ??= { sinceMs: nowMs, dueMs: nowMs };
    this.crawl.dueMs = Math.min(nowMs + restMs, this.crawl.sinceMs + Math.max(longestStormMs, restMs));
  }

  /** When the crawl that the backend wants is due; undefined when it wants none. */
  crawlDueMs(): number | undefined {
    return this.crawl?.dueMs;
  }

  /** That crawl begins: hints from now on want another. */
  takeCrawl(): void {
    this.crawl = undefined;
  }
}
