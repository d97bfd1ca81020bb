// How fast a client reads, as far as it matters: whether it takes so much in so long.

/** Measures since when a client has not taken `bytes` bytes. */
export class Pace {
  private readonly bytes: number;
  private sinceMs = 0;
  private from = 0;

  /** @param bytes so many taken begin the measure anew */
  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @param takenBytes what the client has taken in all */
  begin(nowMs: number, takenBytes: number): void {
    this.sinceMs = nowMs;
    this.from = takenBytes;
  }

  /** For how many milliseconds it has been too slow. */
  slowMs(nowMs: number, takenBytes: number): number {
    if (takenBytes - this.from >= this.bytes) this.begin(nowMs, takenBytes);
    return nowMs - this.sinceMs;
  }
}
