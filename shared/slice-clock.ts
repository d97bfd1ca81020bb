// The clock of work that is cut into slices. A look at it costs as much as dozens of quick globs, and a single slow one
// as much as thousands of looks: so it is read after so much work, not after so many items.

import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work between two looks, in steps: 50 to 100 µs. */
const stepsPerLook = 20_000;

/**
 * Says when a slice of work has used up its time. Work is counted in steps, each what a glob takes for one character of
 * a path (`globLimits.steps`): 2 to 5 ns.
 */
export class SliceClock {
  readonly #sliceMs: number;
  #endMs = 0;
  #steps = 0;
  #over = false;

  /** @param sliceMs how long a slice may take; the first begins now */
  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
    this.restart();
  }

  /** Whether the time is used up, as far as the last look showed. */
  get isOver(): boolean {
    return this.#over;
  }

  /**
   * Notes that work was done.
   * @returns whether the time is used up
   */
  spend(steps: number): boolean {
    this.#steps += steps;
    if (this.#steps < stepsPerLook) return this.#over;
    this.#steps = 0;
    this.#over ||= performance.now() >= this.#endMs;
    return this.#over;
  }

  /** Lets others have their turn of the loop, and begins the next slice. */
  async pause(): Promise<void> {
    await nextTurn();
    this.restart();
  }

  /** Begins the next slice, after others had their turn. */
  restart(): void {
    this.#endMs = performance.now() + this.#sliceMs;
    this.#steps = 0;
    this.#over = false;
  }
}
