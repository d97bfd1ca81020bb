/** Between the first two attempts: an agent that restarts is back about then. */
const firstDelayMs = 100;
/** An attempt on a local socket costs next to nothing, and a person waits for it. */
const longestDelayMs = 2_000;

/**
 * How long to wait before each attempt to reconnect: doubling, with a random half, so that the many
 * clients of an agent that restarts do not all come back in the same instant.
 */
export class Backoff {
  #nextMs = firstDelayMs;

  /**
   * The delay before the next attempt, in milliseconds.
   * @param random from 0 to below 1
   */
  next(random = Math.random()): number {
    const delayMs = this.#nextMs * (0.5 + random / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, longestDelayMs);
    return delayMs;
  }

  /** To be called when a connection has proved good. */
  reset(): void {
    this.#nextMs = firstDelayMs;
  }
}
