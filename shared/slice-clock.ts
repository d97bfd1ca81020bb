// The clock of work that is cut into slices. A look at it costs as much as dozens of quick globs, and a single slow one
// as much as thousands of looks: so it is read after so much work, not after so many items.

/** Work between two looks, in steps: 50 to 100 µs. */
const stepsPerLook = 20_000;

/**
 * Work that has paused, in the order in which it did. The process has one event loop, and so one queue for its turns:
 * each turn takes one from it. Were all to go on in the next turn, every client that asks for a long answer would make
 * that turn longer for everyone.
 */
const paused: (() => void)[] = [];

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    paused.push(resolve);
    if (paused.length === 1) setImmediate(goOn);
  });
}

function goOn(): void {
  paused[0]?.();
  paused.shift();
  if (paused.length > 0) setImmediate(goOn);
}

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

  /**
   * Lets others have their turn of the loop, and begins the next slice. No turn has more than one slice of all the work
   * that pauses this way: each gets one after the other.
   */
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
