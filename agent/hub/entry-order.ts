// The order in which events get into the journal. The pieces of a batch lie side by side there, and a large batch
// enters over many turns of the loop: what comes meanwhile waits behind it.

/** Lets one batch in at a time, and everything else between batches. */
export class EntryOrder {
  private readonly waiting: { readonly run: () => void; readonly bytes: number }[] = [];
  private bytes = 0;
  private busy = false;

  /** Whether a batch is on its way into the journal. */
  get isBusy(): boolean {
    return this.busy;
  }

  /** The bytes of what waits behind it, as they were given. */
  get waitingBytes(): number {
    return this.bytes;
  }

  /**
   * Runs `step` now, or right after the batch that is entering and what waits behind that already.
   * @param bytes what it holds in memory while it waits
   */
  enter(step: () => void, bytes = 0): void {
    if (!this.busy) {
      step();
      return;
    }
    this.waiting.push({ run: step, bytes });
    this.bytes += bytes;
  }

  /** Lets a batch in; nothing else enters until `steps` has resolved. */
  async enterBatch(steps: () => Promise<void>): Promise<void> {
    if (this.busy) {
      await new Promise<void>((resolve) => {
        this.enter(() => {
          this.busy = true;
          resolve();
        });
      });
    } else this.busy = true;
    try {
      await steps();
    } finally {
      this.busy = false;
      this.letIn();
    }
  }

  private letIn(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      this.bytes -= next.bytes;
      next.run();
      if (this.busy) return;
    }
  }
}
