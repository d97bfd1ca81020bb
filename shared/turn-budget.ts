/**
 * What may be spent in one turn of the event loop on work that can't be cut into slices (SliceClock): whoever finds it
 * spent leaves the rest to others. In whatever unit the owner counts.
 */
export class TurnBudget {
  readonly #most: number;
  #spent = 0;
  #renewal: NodeJS.Immediate | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is left of it in this turn; never less than nothing. */
  get left(): number {
    return Math.max(0, this.#most - this.#spent);
  }

  /** Notes that so much was spent. */
  spend(amount: number): void {
    this.#spent += amount;
    this.#renewal ??= setImmediate(() => {
      this.#renewal = undefined;
      this.#spent = 0;
    });
  }

  /** Counts no more. */
  close(): void {
    clearImmediate(this.#renewal);
    this.#renewal = undefined;
  }
}
