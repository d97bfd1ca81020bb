// The last operations, so that a disagreement can be told with what led to it.

interface Entry {
  readonly number: number;
  readonly what: string;
  readonly paths: readonly string[];
}

/** Far more than lie between two comparisons, so that what led to a disagreement is still there. */
const kept = 60_000;

const concerns = (path: string, other: string): boolean =>
  path === other || path.startsWith(`${other}/`) || other.startsWith(`${path}/`);

/** What was done, newest last; the oldest is forgotten. */
export class History {
  private readonly entries: Entry[] = [];
  private next = 0;

  /**
   * @param number how many operations had been done before
   * @param paths absolute
   */
  note(number: number, what: string, ...paths: readonly string[]): void {
    this.entries[this.next] = { number, what, paths };
    this.next = (this.next + 1) % kept;
  }

  /** The last `count` that touched a path, what is in it or what it is in, oldest first, as lines. */
  about(path: string, count: number): string[] {
    return [...this.entries.slice(this.next), ...this.entries.slice(0, this.next)]
      .filter(({ paths }) => paths.some((other) => concerns(path, other)))
      .slice(-count)
      .map(({ number, what, paths }) => `#${number} ${what} ${paths.join(' -> ')}`);
  }
}
