// A build writes its files over some time, and so in several settled batches. To a page they are one.
import { concernsPages, planReloads, type SeenChange } from './plan.ts';
import type { Reload } from './protocol.ts';

/** Without a change for this long, what was written is whole. Less than a person notices. */
const quietMs = 50;
/** Where files never stop changing, a page is loaded anew this often. */
const longestMs = 1_000;
/** Of one batch: whatever comes then can't make less of it than one load of everything. */
const mostChanges = 1_000;

/** Gathers changes until they pause, and says what they mean to pages. */
export class ReloadBatches {
  readonly #send: (reloads: readonly Reload[]) => void;
  #changes: SeenChange[] = [];
  #firstMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param send gets the reloads of a batch, at least one */
  constructor(send: (reloads: readonly Reload[]) => void) {
    this.#send = send;
  }

  /** Takes in changes; those that mean nothing to pages neither begin a batch nor hold it open. */
  add(changes: readonly SeenChange[]): void {
    const seen = changes.filter(concernsPages);
    if (seen.length === 0) return;
    const nowMs = performance.now();
    if (this.#changes.length === 0) this.#firstMs = nowMs;
    this.#changes.push(...seen.slice(0, mostChanges - this.#changes.length));
    clearTimeout(this.#timer);
    const restMs = this.#firstMs + longestMs - nowMs;
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, Math.min(quietMs, restMs)));
  }

  /** Forgets what was gathered. */
  close(): void {
    clearTimeout(this.#timer);
    this.#changes = [];
  }

  #flush(): void {
    const reloads = planReloads(this.#changes);
    this.#changes = [];
    if (reloads.length > 0) this.#send(reloads);
  }
}
