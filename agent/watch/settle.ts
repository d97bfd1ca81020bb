// When a batch closes. Pure: times come in, a deadline comes out.

/** However busy the disk is, a batch is told this long after its first hint. */
const longestBatchMs = 100;

/** Decides when the hints that came make a batch: when it has gone quiet, or has waited long enough. */
export class Settler {
  private readonly settleMs: number;
  private readonly longestMs: number;
  private firstMs: number | undefined;
  private lastMs = 0;

  /** @param settleMs how long no hint may have come before the batch closes */
  constructor(settleMs: number, longestMs = longestBatchMs) {
    this.settleMs = settleMs;
    this.longestMs = longestMs;
  }

  /** Notes a hint. */
  hint(nowMs: number): void {
    this.firstMs ??= nowMs;
    this.lastMs = nowMs;
  }

  /** When the open batch is due, by the clock the hints came with; undefined when there is none. */
  dueMs(): number | undefined {
    if (this.firstMs === undefined) return undefined;
    return Math.min(this.lastMs + this.settleMs, this.firstMs + this.longestMs);
  }

  /** How much longer the open batch could wait, if there were a reason. */
  leftMs(nowMs: number): number {
    return this.firstMs === undefined ? 0 : Math.max(0, this.firstMs + this.longestMs - nowMs);
  }

  /** Closes the batch: the next hint opens another. */
  close(): void {
    this.firstMs = undefined;
  }
}
