// One run of the same work for all who ask for it meanwhile: a thousand requests to sync are no more work than two.

/** Runs work that has to begin after each call: calls that come during a run share the next one. */
export class JoinedRuns<T> {
  private readonly work: () => Promise<T>;
  private running: Promise<unknown> | undefined;
  private next: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.work = work;
  }

  /** Resolves or rejects as the first run does that begins no earlier than this call. */
  run(): Promise<T> {
    if (this.running === undefined) return this.begin();
    this.next ??= this.running.then(() => {
      this.next = undefined;
      return this.begin();
    });
    return this.next;
  }

  private begin(): Promise<T> {
    const run = this.work();
    const running = run
      .catch(() => undefined)
      .then(() => {
        if (this.running === running) this.running = undefined;
      });
    this.running = running;
    return run;
  }
}
