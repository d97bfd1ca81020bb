// Clients with the same filter and the same encoding: an event is matched and encoded once for all.
import type { JournalEvent } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Broadcast } from './broadcasts.ts';
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
  /** Whether they end in a batch that goes on and has shown itself. */
  readonly begun: boolean;
  /** Bytes of the journal that had to be looked through. */
  readonly scanned: number;
}

/** An event on its way to the groups. */
export interface Recent {
  readonly seq: number;
  readonly event: JournalEvent;
  readonly continues: boolean;
  /** Of its JSON, roughly. */
  readonly bytes: number;
}

/** After so much of the journal has been looked through for one client others get their turn: some 2 ms. */
const scanBytes = 128 * 1024;

/** A client with its group. */
export type Member = Client<Group>;

/** A filter, an encoding, and who shares them. */
export class Group implements ClientGroup {
  readonly key: string;
  readonly filter: Filter;
  readonly encoding: Encoding;
  readonly clients = new Set<Member>();
  private readonly journal: Journal;
  /** Whether this group's bytes are the journal's own. */
  private readonly isPlain: boolean;
  /** Of the newest events, as for {@link Encoded}; they may end in the midst of a batch. */
  private begun = false;
  /** Messages that are being delivered and that it takes. */
  sent: readonly Broadcast[] = [];

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

  /** Whether the batch that the newest events end in, if they do, has shown itself to those that stand there. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /** Encodes the newest events, which have not been delivered yet. Each of them is to be given once. */
  encodeRecent(recent: readonly Recent[], afterSeq: number, limitBytes: number): Encoded {
    if (this.isPlain) return this.read(afterSeq, limitBytes);
    const encoded = this.encodeEvents(recent, afterSeq, limitBytes, this.begun);
    this.begun = encoded.begun;
    // What did not fit they read from the journal.
    if (encoded.seq !== recent.at(-1)?.seq) this.skip(recent.filter(({ seq }) => seq > encoded.seq));
    return encoded;
  }

  /** Takes note of newest events that are not encoded for anybody. */
  skip(recent: readonly Recent[]): void {
    for (const { event, continues } of recent) {
      const open = this.begun && continues;
      this.begun = isPiece(event) && (open || this.filter.project(event, open) !== undefined);
    }
  }

  /**
   * Encodes what the journal holds after `afterSeq`, up to `untilSeq` and about `limitBytes`; less if there is much to
   * be looked through, but at least one event.
   * @param begun whether the batch that `afterSeq` is in the midst of, if it is, has shown itself
   */
  encodePast(afterSeq: number, untilSeq: number, limitBytes: number, begun: boolean): Encoded {
    if (this.isPlain) return this.read(afterSeq, limitBytes, untilSeq);
    const before = begun && afterSeq >= this.journal.oldestSeq ? this.parse(afterSeq) : undefined;
    return this.encodeEvents(this.past(before, afterSeq, untilSeq), afterSeq, limitBytes, begun, scanBytes);
  }

  /**
   * Looks at one event to learn whether the batch that it is a piece of, if it is one, has shown itself up to there.
   * @returns whether it has, or the event before, which is to be looked at next
   */
  lookBack(seq: number): boolean | number {
    if (this.isPlain || seq < this.journal.oldestSeq) return false;
    const event = this.parse(seq);
    if (!isPiece(event)) return false;
    if (this.filter.project(event, false) !== undefined) return true;
    return event.type === 'file' && this.filter.takesRoot(event.root) ? seq - 1 : false;
  }

  /** @param begun whether the batch that the first event continues, if it does, has shown itself before */
  private encodeEvents(
    events: Iterable<Recent>,
    afterSeq: number,
    limitBytes: number,
    begun: boolean,
    limitScanned = Number.POSITIVE_INFINITY,
  ): Encoded {
    const buffers: Buffer[] = [];
    let bytes = 0;
    let seq = afterSeq;
    let open = begun;
    let scanned = 0;
    for (const item of events) {
      open &&= item.continues;
      const seen = this.filter.project(item.event, open);
      open = isPiece(item.event) && (open || seen !== undefined);
      const buffer = this.encode(item.seq, item.event, seen);
      seq = item.seq;
      scanned += item.bytes;
      if (buffer !== undefined) {
        buffers.push(buffer);
        bytes += buffer.length;
      }
      if (bytes >= limitBytes || scanned >= limitScanned) break;
    }
    return { buffers, bytes, events: buffers.length, seq, begun: open, scanned };
  }

  private read(afterSeq: number, limitBytes: number, untilSeq?: number): Encoded {
    // Who gets everything needs not be told that a batch is over.
    return { ...this.journal.read(afterSeq, limitBytes, untilSeq), begun: false, scanned: 0 };
  }

  private *past(before: JournalEvent | undefined, afterSeq: number, lastSeq: number): Generator<Recent> {
    let previous = before;
    for (let seq = afterSeq + 1; seq <= lastSeq; seq++) {
      const payload = this.journal.payload(seq);
      const event = JSON.parse(payload.toString('utf8')) as JournalEvent;
      yield { seq, event, continues: continuesBatch(previous, event), bytes: payload.length };
      previous = event;
    }
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
