// Clients with the same filter and the same encoding: an event is matched and encoded once for all.
import type { JournalEvent } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Client, ClientGroup } from './client.ts';
import type { Encoding } from './encoding.ts';
import { continuesBatch, type Filter, isPiece } from './filter.ts';

/** A run of encoded events. */
export interface Encoded {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  readonly events: number;
  /** The position after them, those that the filter held back included. */
  readonly seq: number;
}

/** An event on its way to the groups. */
export interface Recent {
  readonly seq: number;
  readonly event: JournalEvent;
  readonly continues: boolean;
}

/** At most this many events are looked through for one client before others get their turn. */
const eventsPerRead = 2000;

/** A filter, an encoding, and who shares them. */
export class Group implements ClientGroup {
  readonly key: string;
  readonly filter: Filter;
  readonly encoding: Encoding;
  readonly clients = new Set<Client<Group>>();
  private readonly journal: Journal;
  /** Whether this group's bytes are the journal's own. */
  private readonly isPlain: boolean;
  /** After the newest events that were encoded: whether they end in a batch that has shown itself and goes on. */
  private front = { seq: 0, begun: false };

  constructor(filter: Filter, encoding: Encoding, journal: Journal) {
    this.key = Group.key(filter, encoding);
    this.filter = filter;
    this.encoding = encoding;
    this.journal = journal;
    this.isPlain = filter.takesEverything && encoding.isJournalFrame;
  }

  static key(filter: Filter, encoding: Encoding): string {
    return `${encoding.name} ${filter.key}`;
  }

  takes({ event, continues }: Recent): boolean {
    return this.filter.project(event, continues) !== undefined;
  }

  /** Encodes the newest events, which have not been delivered yet. */
  encodeRecent(recent: readonly Recent[], afterSeq: number, limitBytes: number): Encoded {
    if (this.isPlain) return this.journal.read(afterSeq, limitBytes);
    const encoded = this.encodeEvents(recent, afterSeq, limitBytes, this.hasBegunBefore(recent[0], afterSeq));
    this.front = { seq: encoded.seq, begun: encoded.begun };
    return encoded;
  }

  /** Encodes what the journal holds after `afterSeq`, up to `untilSeq` and about `limitBytes`. */
  encodePast(afterSeq: number, untilSeq: number, limitBytes: number): Encoded {
    if (this.isPlain) return this.journal.read(afterSeq, limitBytes, untilSeq);
    const before = afterSeq >= this.journal.oldestSeq ? this.parse(afterSeq) : undefined;
    const lastSeq = Math.min(untilSeq, afterSeq + eventsPerRead);
    return this.encodeEvents(
      this.past(before, afterSeq, lastSeq),
      afterSeq,
      limitBytes,
      this.hasBegun(afterSeq, before),
    );
  }

  /** @param begun whether the batch that the first event continues, if it does, has shown itself before */
  private encodeEvents(
    events: Iterable<Recent>,
    afterSeq: number,
    limitBytes: number,
    begun: boolean,
  ): Encoded & { readonly begun: boolean } {
    const buffers: Buffer[] = [];
    let bytes = 0;
    let seq = afterSeq;
    let open = begun;
    for (const item of events) {
      open &&= item.continues;
      const seen = this.filter.project(item.event, open);
      open = isPiece(item.event) && (open || seen !== undefined);
      const buffer = this.encode(item.seq, item.event, seen);
      seq = item.seq;
      if (buffer !== undefined) {
        buffers.push(buffer);
        bytes += buffer.length;
      }
      if (bytes >= limitBytes) break;
    }
    return { buffers, bytes, events: buffers.length, seq, begun: open };
  }

  private *past(before: JournalEvent | undefined, afterSeq: number, lastSeq: number): Generator<Recent> {
    let previous = before;
    for (let seq = afterSeq + 1; seq <= lastSeq; seq++) {
      const event = this.parse(seq);
      yield { seq, event, continues: continuesBatch(previous, event) };
      previous = event;
    }
  }

  /** Whether the batch that `next` continues, if it does, has shown itself before. */
  private hasBegunBefore(next: Recent | undefined, afterSeq: number): boolean {
    if (next?.continues !== true) return false;
    if (this.front.seq === afterSeq) return this.front.begun;
    return afterSeq >= this.journal.oldestSeq && this.hasBegun(afterSeq, this.parse(afterSeq));
  }

  /** Whether the batch that event `seq` is a piece of, if it is one, has shown itself up to there. */
  private hasBegun(seq: number, event: JournalEvent | undefined): boolean {
    let piece = event;
    for (let at = seq; piece !== undefined && isPiece(piece); at -= 1) {
      if (this.filter.project(piece, false) !== undefined) return true;
      const before = at > this.journal.oldestSeq ? this.parse(at - 1) : undefined;
      if (!continuesBatch(before, piece)) return false;
      piece = before;
    }
    return false;
  }

  private encode(seq: number, event: JournalEvent, seen: JournalEvent | undefined): Buffer | undefined {
    if (seen === undefined) return undefined;
    if (seen === event && this.encoding.isJournalFrame) return this.journal.frame(seq);
    return this.encoding.event(seen, () =>
      seen === event ? this.journal.payload(seq) : Buffer.from(JSON.stringify(seen), 'utf8'),
    );
  }

  private parse(seq: number): JournalEvent {
    return JSON.parse(this.journal.payload(seq).toString('utf8')) as JournalEvent;
  }
}
