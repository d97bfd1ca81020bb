// The batches of one root: looks at what is dirty, or at everything, and reports what came of it. Each is a task during which
// nothing else looks at the root or reads its index.
import type { Log } from '../log/index.ts';
import type { Crawler } from './crawler.ts';
import { Delta } from './delta.ts';
import type { DirtyDirectories } from './dirty.ts';
import type { Hints } from './hints.ts';
import type { RootLife } from './root-life.ts';
import type { RootViews } from './root-views.ts';
import type { RootWork } from './root-work.ts';
import { holdsBackup } from './saves.ts';
import type { Schedule } from './schedule.ts';
import type { TreeIndex } from './tree-index.ts';
import type { View } from './views.ts';

interface Parts {
  readonly index: TreeIndex;
  readonly crawler: Crawler;
  readonly looking: RootWork;
  readonly life: RootLife;
  readonly dirty: DirtyDirectories;
  readonly hints: Hints;
  readonly views: RootViews;
  readonly schedule: Schedule;
  readonly log: Log;
  readonly host: {
    /** Nothing is wanted any more. */
    readonly isClosed: boolean;
  };
}

/** Makes the batches. Every call is one under which nothing else is under way. */
export class RootBatches {
  private readonly parts: Parts;
  /** What was found for a batch that waits for the end of a save. */
  private held: Delta | undefined;
  /** How often it was crawled again for hints that were lost. */
  recrawls = 0;
  /** How long the last crawl took. */
  lastCrawlMs = 0;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Whether a batch waits for the end of a save. */
  get isHolding(): boolean {
    return this.held !== undefined;
  }

  /** Reports what waits for the end of a save. */
  async tellHeld(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) await this.parts.views.tell(held);
  }

  /** Does what is due. */
  async work(what: 'batch' | 'crawl'): Promise<void> {
    const doubtMs = this.parts.schedule.doubtDueMs();
    const isDoubtDue = doubtMs !== undefined && doubtMs <= performance.now();
    if (what === 'crawl' || isDoubtDue) await this.recrawl();
    else await this.tell({ mayWait: true });
  }

  /** Looks at what is dirty and reports what came of it. */
  async tell({ mayWait = false } = {}): Promise<void> {
    const { host, dirty, hints, schedule, looking, crawler, views } = this.parts;
    if (host.isClosed) return;
    const delta = this.held ?? new Delta();
    this.held = undefined;
    const named = dirty.take();
    hints.forgetForms();
    const openedMs = schedule.close();
    if (schedule.takeSuspicion()) await looking.checkRoot(delta);
    await looking.look(crawler.examineHints(named, delta), delta);
    views.later();
    const waits = mayWait && this.isSaving(delta) && schedule.reopen(openedMs, performance.now());
    if (waits) this.held = delta;
    else await views.tell(delta);
  }

  /** Reports what is dirty, then compares the whole tree and reports the rest. */
  async recrawl(): Promise<void> {
    const { host, schedule, life, looking, crawler, views, log } = this.parts;
    const startedMs = performance.now();
    const doubt = schedule.takeDoubt();
    schedule.suspectRoot();
    await this.tell();
    const { root } = life;
    if (host.isClosed || root === undefined) return;
    const delta = new Delta();
    await looking.look(crawler.crawl(root, delta, true), delta);
    this.lastCrawlMs = performance.now() - startedMs;
    const loss = doubt === undefined ? undefined : { told: doubt.lossTold, views: new Set<View>() };
    views.later(loss);
    if (doubt !== undefined) {
      this.recrawls += 1;
      log.info('crawled again', { differences: delta.paths.size, ms: Math.round(this.lastCrawlMs) });
    }
    await views.tell(delta, loss);
  }

  /** What is outside the default view neither holds up a batch of that nor hides a save in it. */
  private isSaving(delta: Delta): boolean {
    const { index } = this.parts;
    const ofDefault = delta.ofDefault();
    return holdsBackup(ofDefault.size > 0 ? ofDefault : delta.paths, (path) => index.hasFile(path));
  }
}
