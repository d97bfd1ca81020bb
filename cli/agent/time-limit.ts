// The time that a command has in all, whatever the agent does: an agent that is stopped, or that takes
// connections and never answers, would otherwise hold it for as long as each question may take.

/**
 * How much later than its time a command is cut off. An agent that can answer reports by itself that the time is
 * over, with what it knows; that answer has to be made, sent and read.
 */
const lateAnswerMs = 500;

/** One deadline for a whole command. It can be set aside, for what is not the agent's time, but never begins anew. */
export class TimeLimit {
  /** As the user gave it. */
  readonly ms: number;
  #endsAtMs = 0;
  /** What is left while it does not count. */
  #restMs: number;
  #timer: NodeJS.Timeout | undefined;
  #expire: () => void = () => {};

  /** @param ms milliseconds; they count while {@link bound} runs */
  constructor(ms: number) {
    this.ms = ms;
    this.#restMs = ms;
  }

  /** Whether time passes. */
  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Milliseconds until the time is over, at least 0. */
  get leftMs(): number {
    return this.isRunning ? Math.max(0, this.#endsAtMs - performance.now()) : this.#restMs;
  }

  /** Sets it aside: no time passes until {@link resume}. */
  pause(): void {
    this.#restMs = this.leftMs;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Counts on, with the time that was left. */
  resume(): void {
    if (this.isRunning) return;
    this.#endsAtMs = performance.now() + this.#restMs;
    this.#timer = setTimeout(() => this.#expire(), this.#restMs + lateAnswerMs);
  }

  /**
   * Begins, and waits for `work` as long as there is time.
   * @param overdue the error to throw after that; the work is not ended, only no longer waited for
   */
  async bound<Result>(work: () => Promise<Result>, overdue: () => Error): Promise<Result> {
    const expired = new Promise<never>((_resolve, reject) => {
      this.#expire = () => reject(overdue());
    });
    this.resume();
    try {
      return await Promise.race([work(), expired]);
    } finally {
      this.pause();
    }
  }
}
