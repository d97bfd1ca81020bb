// Watches that are no longer wanted, until they are closed. A full kernel queue is noticed by its hints being
// counted, and libuv passes over those of a watch that was closed between the change and the reading: many
// watches closed at once, just when hints come, would hide the loss of others. So each stays open, and its hints
// count, until none come; and few are closed at a time, right before the queue is read.
import type { FSWatcher } from 'node:fs';

/** Closing goes on for this long in one turn of the loop: some hundred watches. */
const sliceMs = 1;
/** Hints of retired watches have to stay away for this long ... */
const quietMs = 20;
/** ... unless a watch has waited for longer than this: somebody may write to a directory for ever. */
const longestMs = 1000;

/** Closes watches when their hints can't hide anything. */
export class RetiredWatches {
  private readonly closedSome: () => void;
  private readonly waiting: FSWatcher[] = [];
  private readonly emptied: (() => void)[] = [];
  private sinceMs = 0;
  private hinted = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param closedSome called when watches were closed, whose hints nobody can count any more */
  constructor(closedSome: () => void) {
    this.closedSome = closedSome;
  }

  /** Takes a watch whose hints are of no interest any more, but for their number. */
  add(watcher: FSWatcher): void {
    if (this.waiting.length === 0) this.sinceMs = performance.now();
    this.waiting.push(watcher);
    this.timer ??= setTimeout(() => this.closeSome(), 1);
  }

  /** A hint of one of them came. */
  hint(): void {
    this.hinted = true;
  }

  /**
   * Closes all at once: the kernel has no more watches, or nobody is left to be told of a loss.
   * @returns whether there were any
   */
  closeAll(): boolean {
    if (this.waiting.length === 0) return false;
    for (const watcher of this.waiting.splice(0)) watcher.close();
    this.closedSome();
    return true;
  }

  /** Resolves when all are closed. */
  drained(): Promise<void> {
    if (this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  private closeSome(): void {
    const startedMs = performance.now();
    const quiet = !this.hinted || startedMs - this.sinceMs > longestMs;
    this.hinted = false;
    if (quiet && this.waiting.length > 0) {
      while (this.waiting.length > 0 && performance.now() - startedMs < sliceMs) this.waiting.pop()?.close();
      this.closedSome();
    }
    this.timer = undefined;
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.closeSome(), quiet ? 1 : quietMs);
    else for (const resolve of this.emptied.splice(0)) resolve();
  }
}
