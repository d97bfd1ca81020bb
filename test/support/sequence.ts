// The law of every stream: each event comes once and in order, or is counted by a gap among the missed.
import { type JournalEvent, parseCursor } from '../../shared/index.ts';

/** What is needed of an event to know its place. */
export type Placed = Pick<JournalEvent, 'type' | 'cursor'> & { readonly missed?: number | undefined };

/** A client's place in the journal, and all that was wrong on the way to it. */
export class Sequence {
  readonly faults: string[] = [];
  /** How many events each gap counted. */
  readonly gaps: number[] = [];
  /** The number of the event that came last. */
  position: number;

  constructor(position: number) {
    this.position = position;
  }

  /** Takes the next event. A `recrawl`, which is an event itself, is none of the gaps that are meant here. */
  take({ type, cursor, missed }: Placed): void {
    const seq = parseCursor(cursor)?.seq ?? Number.NaN;
    const step = type === 'gap' ? (missed ?? Number.NaN) : 1;
    if (seq !== this.position + step)
      this.faults.push(`${type} ${cursor}, ${missed}, after ${this.position}`);
    if (type === 'gap') this.gaps.push(step);
    this.position = seq;
  }
}
