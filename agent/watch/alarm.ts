// One timer that waits for a deadline.

/** Calls back when its deadline has come. */
export class Alarm {
  private readonly ring: () => void;
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /** @param ring called once for each deadline, up to a millisecond early or however busy the loop is late */
  constructor(ring: () => void) {
    this.ring = ring;
  }

  get isSet(): boolean {
    return this.timer !== undefined;
  }

  /** Waits for `dueMs`, by performance.now(), in place of what it waited for. */
  set(dueMs: number): void {
    this.clear();
    const waitMs = dueMs - performance.now();
    // Timers know whole milliseconds: the rest of the last one is waited for turn by turn.
    this.timer =
      waitMs < 1 ? setImmediate(() => this.fire()) : setTimeout(() => this.fire(), Math.floor(waitMs));
  }

  clear(): void {
    clearTimeout(this.timer as NodeJS.Timeout);
    clearImmediate(this.timer as NodeJS.Immediate);
    this.timer = undefined;
  }

  private fire(): void {
    this.timer = undefined;
    this.ring();
  }
}
