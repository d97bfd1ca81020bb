// `--idle-exit`: an agent that nobody uses ends.

/** How far apart two looks are, in milliseconds: a quarter of the time, within these bounds. */
const mostCheckMs = 10_000;
const leastCheckMs = 50;

/** Watches for how long nobody has used the agent. */
export class IdleExit {
  private readonly isInUse: () => boolean;
  private readonly idle: () => void;
  private lastUsedMs = performance.now();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param isInUse whether anybody uses it right now
   * @param idle called when nobody has for so long
   */
  constructor(isInUse: () => boolean, idle: () => void) {
    this.isInUse = isInUse;
    this.idle = idle;
  }

  /** Somebody used it just now. */
  noteUse(): void {
    this.lastUsedMs = performance.now();
  }

  /** Counts from here on. */
  arm(idleMs: number): void {
    this.noteUse();
    const checkMs = Math.max(leastCheckMs, Math.min(idleMs / 4, mostCheckMs));
    this.timer = setInterval(() => {
      if (this.isInUse()) this.noteUse();
      if (performance.now() - this.lastUsedMs >= idleMs) this.idle();
    }, checkMs);
  }

  close(): void {
    clearInterval(this.timer);
  }
}
