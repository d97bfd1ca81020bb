// The time that a command has in all, whatever the agent does: an agent that is stopped, or that takes
// connections and never answers, would otherwise hold it for as long as each question may take.

/**
 * How much later than its time a command is cut off. An agent that can answer says by itself that the time is
 * over, and tells what it knows; that answer has to be made, sent and read.
 */
const lateAnswerMs = 500;

/** A limit that can be begun anew, and set aside while something else bounds the command. */
export class TimeLimit {
  /** As the user gave it. */
  readonly ms: number;
  #endsAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #expire: () => void = () => {};

  /** @param ms milliseconds; counted from {@link begin} */
  constructor(ms: number) {
    this.ms = ms;
  }

  /** Whether it counts. */
  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Milliseconds until the time is over, at least 0; all of them where it does not count. */
  get leftMs(): number {
    return this.isRunning ? Math.max(0, this.#endsAtMs - performance.now()) : this.ms;
  }

  /** Gives the whole time from now on. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#endsAtMs = performance.now() + this.ms;
    this.#timer = setTimeout(() => this.#expire(), this.ms + lateAnswerMs);
  }

  /** Lets time pass, until {@link begin} is called. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Begins, and waits for `work` as long as there is time.
   * @param overdue the error to throw after that; the work is not ended, only no longer waited for
   */
  async bound<Result>(work: () => Promise<Result>, overdue: () => Error): Promise<Result> {
    const expired = new Promise<never>((_resolve, reject) => {
      this.#expire = () => reject(overdue());
    });
    this.begin();
    try {
      return await Promise.race([work(), expired]);
    } finally {
      this.stop();
    }
  }
}
