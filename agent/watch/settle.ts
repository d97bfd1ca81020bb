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

  /**
   * Closes the batch: the next hint opens another.
   * @returns when its first hint came, undefined when none had
   */
  close(): number | undefined {
    const openedMs = this.firstMs;
    this.firstMs = undefined;
    return openedMs;
  }

  /**
   * Takes the closing back: the batch waits until a hint came and the disk is quiet again, but no longer than
   * any other.
   * @param openedMs what `close` returned
   * @returns false when it has waited for that long: then it stays closed
   */
  reopen(openedMs: number | undefined, nowMs: number): boolean {
    if (openedMs === undefined || nowMs >= openedMs + this.longestMs) return false;
    if (this.firstMs === undefined) this.lastMs = Number.POSITIVE_INFINITY;
    this.firstMs = openedMs;
    return true;
  }
}
