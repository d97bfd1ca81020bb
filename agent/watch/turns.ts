// Which looks at the disk the kernel has vouched for. A look is only as good as the directories above what was
// looked at: while one of them is elsewhere, everything below it seems to be gone, or is another's. But the
// hint of that move was in the kernel's queue before the look, and the event loop reads the queue dry once a
// turn. So a look is sure when the queue was read after it and brought no hint about a directory above.

/** The loop has certainly read the queue between now and this many immediates later. */
const readingTurns = 2;

/** Counts turns of the event loop for as long as there are looks to vouch for. */
export class Turns {
  private turn = 0;
  private left = 0;

  /** The present turn. */
  get now(): number {
    return this.turn;
  }

  /** A look is made now: turns are counted until the queue has been read. */
  looked(): number {
    if (this.left === 0) setImmediate(() => this.count());
    this.left = readingTurns;
    return this.turn;
  }

  /** Whether a hint that came in the turn `hinted` may be about a time at or before that of a look. */
  mayConcern(lookedTurn: number, hintedTurn: number): boolean {
    return hintedTurn - lookedTurn < readingTurns;
  }

  private count(): void {
    this.turn += 1;
    this.left -= 1;
    if (this.left > 0) setImmediate(() => this.count());
  }
}
