// Long work on the event loop, cut into slices: a crawl must not keep a broadcast waiting.

/** Of a turn of the loop. Small beside the 50 ms that a delivery may take, large beside the cost of a turn. */
const turnMs = 6;

/** What each slice needs around it. */
export interface SliceFrame {
  /** Called before a slice. Returns false to leave the rest undone. */
  enter(): boolean;
  /** Called after a slice that was entered, whether or not it threw. */
  leave(): void;
}

/** Cuts work into slices, of all roots together: in one turn of the loop they take no longer than one of them alone. */
export class Slices {
  private readonly waiting: (() => void)[] = [];
  private spentMs = 0;
  private next: NodeJS.Immediate | undefined;

  /**
   * Runs a generator to its end, giving the event loop a turn whenever this one's time is used up. Work that fits into
   * what is left of it is done when this returns its promise.
   */
  async run(steps: Generator<void, void>, frame: SliceFrame): Promise<void> {
    if (this.spentMs >= turnMs || this.waiting.length > 0) await this.turn();
    // Asked before each slice: others had their turn, and one of them may have made the rest needless.
    while (frame.enter()) {
      try {
        if (this.slice(steps)) return;
      } finally {
        frame.leave();
      }
      await this.turn();
    }
    // Whatever the steps have open is closed.
    steps.return();
  }

  /** @returns whether that was the end */
  private slice(steps: Generator<void, void>): boolean {
    const startMs = performance.now();
    const endMs = startMs + turnMs - this.spentMs;
    try {
      do {
        if (steps.next().done === true) return true;
      } while (performance.now() < endMs);
      return false;
    } finally {
      this.spentMs += performance.now() - startMs;
      this.next ??= setImmediate(() => this.begin());
    }
  }

  /** Resolves in a turn of the loop that has time for this one: each gets one in the order in which they asked. */
  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.next ??= setImmediate(() => this.begin());
    });
  }

  private begin(): void {
    this.spentMs = 0;
    this.waiting.shift()?.();
    this.next = this.waiting.length > 0 ? setImmediate(() => this.begin()) : undefined;
  }
}

/** Items sorted or merged between two steps. */
const itemsPerStep = 512;

/**
 * Sorts in steps: an array's own sort holds the loop for as long as it takes.
 * @returns a new array, or the one given
 */
export function* sorted<T>(items: T[], compare: (a: T, b: T) => number): Generator<void, T[]> {
  if (items.length <= itemsPerStep) return items.sort(compare);
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += itemsPerStep) {
    runs.push(items.slice(start, start + itemsPerStep).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* mergedRun(runs[index] ?? [], runs[index + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergedRun<T>(left: T[], right: T[], compare: (a: T, b: T) => number): Generator<void, T[]> {
  if (right.length === 0) return left;
  const merged: T[] = [];
  let at = 0;
  for (const item of left) {
    for (let next = right[at]; at < right.length && compare(next as T, item) < 0; next = right[at]) {
      merged.push(next as T);
      at += 1;
      if (merged.length % itemsPerStep === 0) yield;
    }
    merged.push(item);
    if (merged.length % itemsPerStep === 0) yield;
  }
  for (; at < right.length; at += 1) {
    merged.push(right[at] as T);
    if (merged.length % itemsPerStep === 0) yield;
  }
  return merged;
}

/** Runs one task after another, in the order in which they came. */
export class Exclusive {
  private tail: Promise<unknown> = Promise.resolve();
  private unfinished = 0;

  /** Whether a task is under way or waits. */
  get busy(): boolean {
    return this.unfinished > 0;
  }

  /** Resolves or rejects as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.unfinished += 1;
    const result = this.tail.then(task).finally(() => {
      this.unfinished -= 1;
    });
    this.tail = result.catch(() => undefined);
    return result;
  }
}
