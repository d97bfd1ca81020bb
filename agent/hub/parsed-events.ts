// Events of the journal, parsed. Clients that read on come to the same ones, and to one several times.
import type { JournalEvent } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';

/** Parsed events that are kept: those of a few readers that are at different places. */
const mostKept = 4;

/** Parses events, and keeps the last few. */
export class ParsedEvents {
  private readonly journal: Pick<Journal, 'payload'>;
  private readonly kept = new Map<number, JournalEvent>();

  constructor(journal: Pick<Journal, 'payload'>) {
    this.journal = journal;
  }

  /** An event that the journal holds. Shared: not to be written to. */
  at(seq: number): JournalEvent {
    const known = this.kept.get(seq);
    if (known !== undefined) return known;
    const event = JSON.parse(this.journal.payload(seq).toString('utf8')) as JournalEvent;
    this.kept.set(seq, event);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept && oldest !== undefined) this.kept.delete(oldest);
    return event;
  }

  /** Lets go of them, since nobody is behind. */
  clear(): void {
    this.kept.clear();
  }
}
