// When a batch closes. Pure: times come in, a deadline comes out.

/** However busy the disk is, a batch is told this long after its first hint. */
const longestBatchMs = 100;

/** Decides when the hints that came make a batch: when it has gone quiet, or has waited long enough. */
export class Settler {
  private readonly settleMs: number;
  private readonly longestMs: number;
  private firstMs: number | undefined;
  private lastMs = 0;
  /** Whether nothing of the default view is in the open batch. */
  private isOutside = true;

  /** @param settleMs how long no hint may have come before the batch closes */
  constructor(settleMs: number, longestMs = longestBatchMs) {
    this.settleMs = settleMs;
    this.longestMs = longestMs;
  }

  /**
   * Notes a hint.
   * @param isOutside whether it is of something outside the default view: a batch that has anything of that waits for no
   * such hint, and its time begins with the first of its own
   */
  hint(nowMs: number, isOutside = false): void {
    if (this.firstMs === undefined || (this.isOutside && !isOutside)) {
      this.firstMs = nowMs;
      this.isOutside = isOutside;
    } else if (isOutside && !this.isOutside) return;
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
