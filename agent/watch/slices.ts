// Long work on the event loop, cut into slices: a crawl must not keep a broadcast waiting.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Small beside the 50 ms that a delivery may take, large beside the cost of a turn of the loop. */
const sliceMs = 6;

/**
 * Runs a generator to its end, giving the event loop a turn whenever a slice is used up. Work that fits
 * into one slice is done when this returns its promise.
 * @param cancelled asked between slices: whether to leave the rest undone
 */
export async function runSliced(steps: Generator<void, void>, cancelled: () => boolean): Promise<void> {
  let endMs = performance.now() + sliceMs;
  for (;;) {
    if (steps.next().done === true) return;
    if (performance.now() < endMs) continue;
    await nextTurn();
    // Others had their turn, and one of them may have cancelled: a step after that would be one too many.
    if (cancelled()) return;
    endMs = performance.now() + sliceMs;
  }
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
