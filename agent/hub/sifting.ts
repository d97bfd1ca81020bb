// Which changes of an event a filter takes, found out a bit at a time: some globs are slow, and a batch is long.
import type { Change, FileEvent, SliceClock } from '../../shared/index.ts';
import type { Filter } from './filter.ts';

/**
 * How far one event has been looked through. It holds numbers alone, some kilobytes, and gets the event anew each time:
 * a client that is behind must not keep it in memory.
 */
export class Sifting {
  readonly filter: Filter;
  /** The number of the event. */
  readonly seq: number;
  private readonly taken: number[] = [];
  private looked = 0;

  constructor(filter: Filter, seq: number) {
    this.filter = filter;
    this.seq = seq;
  }

  /**
   * Looks at changes, at one at least, until the time is used up.
   * @returns whether that was the last
   */
  goOn({ changes }: FileEvent, clock: SliceClock): boolean {
    for (; this.looked < changes.length; this.looked++) {
      const { path } = changes[this.looked] as Change; // within the list
      if (this.filter.takesPath(path)) this.taken.push(this.looked);
      if (!clock.spend(this.filter.stepsFor(path))) continue;
      this.looked += 1;
      return this.looked === changes.length;
    }
    return true;
  }

  /**
   * What is to be seen of the event once all of it was looked at: itself, one with fewer changes, or nothing.
   * @param begun whether it is a further piece of a batch of which an earlier piece was seen
   */
  result(event: FileEvent, begun: boolean): FileEvent | undefined {
    if (this.taken.length === event.changes.length) return event;
    // The last piece says that a batch is over: who has seen an earlier piece has to see that.
    const ends = begun && event.more === undefined;
    if (this.taken.length === 0 && !ends) return undefined;
    return { ...event, changes: this.taken.map((index) => event.changes[index] as Change) };
  }
}

/** Who has an event looked through, and comes back for the rest. */
export interface SiftingHolder {
  sifting: Sifting | undefined;
}
