// Long work on the event loop, cut into slices: a crawl must not keep a broadcast waiting.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Small beside the 50 ms that a delivery may take, large beside the cost of a turn of the loop. */
const sliceMs = 6;

/** What each slice needs around it. */
export interface SliceFrame {
  /** Called before a slice. Returns false to leave the rest undone. */
  enter(): boolean;
  /** Called after a slice that was entered, whether or not it threw. */
  leave(): void;
}

/**
 * Runs a generator to its end, giving the event loop a turn whenever a slice is used up. Work that fits
 * into one slice is done when this returns its promise.
 */
export async function runSliced(steps: Generator<void, void>, frame: SliceFrame): Promise<void> {
  // Asked before each slice: others had their turn, and one of them may have made the rest needless.
  while (frame.enter()) {
    try {
      if (runSlice(steps)) return;
    } finally {
      frame.leave();
    }
    await nextTurn();
  }
  // Whatever the steps have open is closed.
  steps.return();
}

/** @returns whether that was the end */
function runSlice(steps: Generator<void, void>): boolean {
  const endMs = performance.now() + sliceMs;
  do {
    if (steps.next().done === true) return true;
  } while (performance.now() < endMs);
  return false;
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
