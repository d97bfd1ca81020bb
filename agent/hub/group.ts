// Clients with the same filter and the same encoding: an event is matched and encoded once for all.
import { type JournalEvent, SliceClock } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Copy } from './broadcast.ts';
import type { Client, ClientGroup } from './client.ts';
import type { Encoding } from './encoding.ts';
import { continuesBatch, type Filter, isPiece } from './filter.ts';
import type { ParsedEvents } from './parsed-events.ts';
import { Sifting, type SiftingHolder } from './sifting.ts';

/** A run of encoded events. */
export interface Encoded {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  readonly events: number;
  /** The position after them, those that the filter held back included. */
  readonly seq: number;
  /** Whether they end in a batch that goes on and has shown itself. */
  readonly begun: boolean;
}

/** An event on its way to the groups. */
export interface Recent {
  readonly seq: number;
  readonly event: JournalEvent;
  readonly continues: boolean;
  /** Of its JSON, roughly. */
  readonly bytes: number;
}

/** What it costs to parse and encode an event, in steps (SliceClock) for each byte of its JSON. */
const stepsPerByte = 3;
/** What it costs to look at an event at all, in steps. */
const eventSteps = 200;

/** A client with its group. */
export type Member = Client<Group>;

/** A filter, an encoding, and who shares them. */
export class Group implements ClientGroup, SiftingHolder {
  readonly key: string;
  readonly filter: Filter;
  readonly encoding: Encoding;
  readonly clients = new Set<Member>();
  /** That of its lane. */
  readonly journal: Journal;
  private readonly parsed: ParsedEvents;
  /** Whether this group's bytes are the journal's own. */
  readonly isPlain: boolean;
  /** Of the newest events, as for {@link Client.begun}; they may end in the midst of a batch. */
  private begun: boolean | number = false;
  /** Messages that are being delivered and that it takes. */
  sent: readonly Copy[] = [];
  /** The newest of its clients' siftings: those that come to the same event share it. */
  sifting: Sifting | undefined;

  /** @param parsed the events of the journal */
  constructor(filter: Filter, encoding: Encoding, journal: Journal, parsed: ParsedEvents) {
    this.key = Group.key(filter, encoding);
    this.filter = filter;
    this.encoding = encoding;
    this.journal = journal;
    this.parsed = parsed;
    this.isPlain = filter.takesEverything && encoding.isJournalFrame;
  }

  static key(filter: Filter, encoding: Encoding): string {
    return `${encoding.name} ${filter.key}`;
  }

  /** Whether any of its clients stands at the newest events. */
  get isLive(): boolean {
    for (const { live } of this.clients) if (live) return true;
    return false;
  }

  /** Whether the batch that the newest events end in, if they do, has shown itself to those that stand there. */
  get hasBegun(): boolean | number {
    return this.begun;
  }

  /** Whether its clients have to read the newest events from the journal, each slice in its turn. */
  mustRead(recent: readonly Recent[]): boolean {
    if (this.isPlain) return false;
    if (typeof this.begun === 'number' && recent[0]?.continues === true) return true;
    return (
      this.filter.isSlow &&
      recent.some(({ event }) => this.filter.concerns(event) && this.filter.sifts(event))
    );
  }

  /**
   * Encodes the newest events, which have not been delivered yet, as far as the time suffices. Each of them is to be
   * given once, here or to `pass`.
   * @param clock without one, all the time that it takes
   */
  encodeRecent(
    recent: readonly Recent[],
    afterSeq: number,
    limitBytes: number,
    clock: SliceClock = new SliceClock(Number.POSITIVE_INFINITY),
  ): Encoded {
    if (this.isPlain) return this.read(afterSeq, limitBytes);
    const encoded = this.encodeEvents(recent, afterSeq, limitBytes, this.begun === true, clock, this);
    // What did not fit they read from the journal.
    if (encoded.seq === recent.at(-1)?.seq) this.begun = encoded.begun;
    else this.pass(recent);
    return encoded;
  }

  /** Takes note of newest events that are not encoded for anybody. */
  pass(recent: readonly Recent[]): void {
    const newest = recent.at(-1);
    // Whether the batch has shown itself is found out when somebody has to know.
    this.begun = newest !== undefined && isPiece(newest.event) && newest.seq;
  }

  /** A client comes to stand at the newest events. */
  arrive({ begun }: Pick<Member, 'begun'>): void {
    if (this.begun !== true && begun !== false) this.begun = begun;
    else if (typeof this.begun === 'number') this.begun = begun;
  }

  /**
   * Encodes what the journal holds after `afterSeq`, up to `untilSeq` and about `limitBytes`, as far as the time
   * suffices: maybe nothing, but something of the work is done each time.
   * @param begun whether the batch that `afterSeq` is in the midst of, if it is, has shown itself
   * @param holder who asks, and comes back for the rest
   */
  encodePast(
    afterSeq: number,
    untilSeq: number,
    limitBytes: number,
    begun: boolean,
    clock: SliceClock,
    holder: SiftingHolder,
  ): Encoded {
    if (this.isPlain) return this.read(afterSeq, limitBytes, untilSeq);
    const before = begun && afterSeq >= this.journal.oldestSeq ? this.parsed.at(afterSeq) : undefined;
    const past = this.past(before, afterSeq, untilSeq);
    return this.encodeEvents(past, afterSeq, limitBytes, begun, clock, holder);
  }

  /**
   * Looks at one event, as far as the time suffices, to learn whether the batch that it is a piece of, if it is one,
   * has shown itself up to there.
   * @returns whether it has, or the event that is to be looked at next
   */
  lookBack(seq: number, clock: SliceClock, holder: SiftingHolder): boolean | number {
    if (this.isPlain || seq < this.journal.oldestSeq) return false;
    const event = this.parsed.at(seq);
    clock.spend(eventSteps + this.journal.bytesOf(seq) * stepsPerByte);
    if (!isPiece(event)) return false;
    const seen = this.see(seq, event, false, clock, holder);
    if (seen === 'unfinished') return seq;
    if (seen !== undefined) return true;
    return event.type === 'file' && this.filter.takesRoot(event.root) ? seq - 1 : false;
  }

  /** @param begun whether the batch that the first event continues, if it does, has shown itself before */
  private encodeEvents(
    events: Iterable<Recent>,
    afterSeq: number,
    limitBytes: number,
    begun: boolean,
    clock: SliceClock,
    holder: SiftingHolder,
  ): Encoded {
    const buffers: Buffer[] = [];
    let bytes = 0;
    let seq = afterSeq;
    let open = begun;
    for (const item of events) {
      const isOpen = open && item.continues;
      const seen = this.see(item.seq, item.event, isOpen, clock, holder);
      if (seen === 'unfinished') break;
      open = isPiece(item.event) && (isOpen || seen !== undefined);
      const buffer = this.encode(item.seq, item.event, seen);
      seq = item.seq;
      if (buffer !== undefined) {
        buffers.push(buffer);
        bytes += buffer.length;
      }
      if (clock.spend(eventSteps + item.bytes * stepsPerByte) || bytes >= limitBytes) break;
    }
    return { buffers, bytes, events: buffers.length, seq, begun: open };
  }

  /** What is to be seen of an event, if the time suffices to find that out. */
  private see(
    seq: number,
    event: JournalEvent,
    begun: boolean,
    clock: SliceClock,
    holder: SiftingHolder,
  ): JournalEvent | undefined | 'unfinished' {
    if (!this.filter.concerns(event)) return undefined;
    if (!this.filter.sifts(event)) return event;
    const sifting = this.siftingOf(seq, holder);
    if (!sifting.goOn(event, clock)) {
      holder.sifting = sifting;
      return 'unfinished';
    }
    if (holder !== this) holder.sifting = undefined;
    return sifting.result(event, begun);
  }

  private siftingOf(seq: number, { sifting: own }: SiftingHolder): Sifting {
    if (own?.seq === seq && own.filter === this.filter) return own;
    if (this.sifting?.seq !== seq) this.sifting = new Sifting(this.filter, seq);
    return this.sifting;
  }

  private read(afterSeq: number, limitBytes: number, untilSeq?: number): Encoded {
    // Who gets everything needs not be told that a batch is over.
    return { ...this.journal.read(afterSeq, limitBytes, untilSeq), begun: false };
  }

  private *past(before: JournalEvent | undefined, afterSeq: number, lastSeq: number): Generator<Recent> {
    let previous = before;
    for (let seq = afterSeq + 1; seq <= lastSeq; seq++) {
      const event = this.parsed.at(seq);
      const bytes = this.journal.bytesOf(seq);
      yield { seq, event, continues: continuesBatch(previous, event), bytes };
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
}
