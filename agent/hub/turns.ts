// Work in slices, so that nobody is held up by it: reading on through the journal for one client can take longer than
// others should wait.

/** What may be spent in one turn of the loop, all items together; it ends with the slice in which it is used up. */
const turnMs = 4;

/** Gives each of those that want one a slice after the other, in turns. */
export class Turns<T> {
  /** @returns whether there is more to do */
  private readonly slice: (item: T) => boolean;
  private readonly queue = new Set<T>();
  private next: NodeJS.Immediate | undefined;
  private spentMs = 0;

  /** @param slice does a part of an item's work, and says whether there is more to do; never throws */
  constructor(slice: (item: T) => boolean) {
    this.slice = slice;
  }

  /** Does a slice for `item` now if this turn has time left, and the rest in turns to come. */
  take(item: T): void {
    if (this.queue.size > 0 || this.spentMs >= turnMs) this.queue.add(item);
    else this.run(item);
    // Also where nothing is left to do: it is the next turn that begins to count anew.
    this.next ??= setImmediate(() => this.turn());
  }

  /** Forgets an item. */
  drop(item: T): void {
    this.queue.delete(item);
  }

  /** Forgets all of them. */
  close(): void {
    this.queue.clear();
    clearImmediate(this.next);
    this.next = undefined;
  }

  private run(item: T): void {
    const startedMs = performance.now();
    if (this.slice(item)) this.queue.add(item);
    this.spentMs += performance.now() - startedMs;
  }

  private turn(): void {
    this.next = undefined;
    this.spentMs = 0;
    // One that wants more goes to the end of what is being iterated.
    for (const item of this.queue) {
      this.queue.delete(item);
      this.run(item);
      if (this.spentMs >= turnMs) break;
    }
    if (this.queue.size > 0) this.next ??= setImmediate(() => this.turn());
  }
}
