// Delivery: one lane's journal, and the clients along it. A client is a position in the journal. Nothing is queued for
// anyone: at the end of a turn of the loop each client that stands at the front gets what is new in one write; one
// whose socket is full is left behind, and reads on from the journal when it drains.
import type { JournalEvent, ServerFrame } from '../../shared/index.ts';
import type { Journal, NewEvent } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import { countAddressees, logAddressees } from './addressees.ts';
import type { Copy } from './broadcast.ts';
import { CatchUp } from './catch-up.ts';
import { Copies } from './copies.ts';
import type { Counters } from './counters.ts';
import type { DeliveryParts, ReplyOptions } from './delivery-parts.ts';
import type { Encoding } from './encoding.ts';
import { continuesBatch, type Filter, isPiece } from './filter.ts';
import { FrontEncoder, isQuicklyEncoded } from './front-encoder.ts';
import type { Encoded, Group, Member, Recent } from './group.ts';
import { Groups } from './groups.ts';
import { Readers } from './readers.ts';
import { Stalls } from './stalls.ts';
import type { Turns } from './turns.ts';
import { Writer } from './writer.ts';

/** A journal, who reads it, and who has got what of it. */
export class Delivery {
  readonly journal: Journal;
  readonly copies: Copies;
  readonly writer: Writer;
  /** Those that are not `live`. */
  readonly readers: Readers;
  readonly stalls: Stalls;
  readonly catchUp: CatchUp;
  private readonly counters: Counters;
  private readonly log: Log;
  private readonly turns: Turns<Member>;
  private readonly slowTurns: Turns<Member>;
  private readonly encoder: FrontEncoder;
  private readonly groups: Groups;
  private recent: Recent[] = [];
  /** Of those, the messages. */
  private sending: Copy[] = [];
  /** The newest event, if it is a piece of a batch of which more follows. */
  private piece: JournalEvent | undefined;
  private front: number;
  private flushTimer: NodeJS.Immediate | undefined;

  /** @param journal it must have no other writer from here on */
  constructor(journal: Journal, parts: DeliveryParts) {
    const { interlude, broadcasts, counters, log, stalledMs, nowMs } = parts;
    this.journal = journal;
    this.counters = counters;
    this.log = log;
    this.copies = new Copies((broadcast) => broadcasts.settle(broadcast));
    this.writer = new Writer(this.copies, counters, log, nowMs);
    this.readers = new Readers(journal, parts.holdMs, nowMs);
    this.stalls = new Stalls(this.readers, this.writer, stalledMs, nowMs);
    this.groups = new Groups(journal);
    this.encoder = new FrontEncoder(journal, parts.budget);
    this.front = journal.headSeq;
    this.catchUp = new CatchUp(this, interlude);
    this.turns = parts.turns;
    this.slowTurns = parts.slowTurns;
  }

  /** The journal goes on with events from before; to be called before anyone joins. */
  begin(): void {
    this.front = this.journal.headSeq;
  }

  /** Where the live clients stand: the newest event that has been delivered. */
  get frontSeq(): number {
    return this.front;
  }

  /** Up to where a client has got everything. */
  seqOf(client: Member): number {
    return client.live ? this.front : client.seq;
  }

  /**
   * Puts an event at the end of the journal; it is delivered at the end of this turn of the loop.
   * @param copy of a message: gets its number, and is counted
   * @returns its number
   */
  put(event: NewEvent, copy?: Copy): number {
    const placed = this.journal.append(event);
    this.counters.events[event.type] += 1;
    this.counters.eventBytes += placed.bytes;
    if (event.type === 'gap') this.counters.gaps[event.reason] += 1;
    this.recent.push({ ...placed, continues: continuesBatch(this.piece, placed.event) });
    this.piece = isPiece(placed.event) ? placed.event : undefined;
    if (copy !== undefined) {
      copy.seq = placed.seq;
      this.sending.push(copy);
    }
    this.flushTimer ??= setImmediate(() => this.flush());
    return placed.seq;
  }

  /** Delivers what is new to every client that stands at the front. */
  flush(): void {
    clearImmediate(this.flushTimer);
    this.flushTimer = undefined;
    if (this.recent.length === 0) return;
    // The events themselves hold their cursors.
    this.journal.commit();
    const { recent, sending } = this;
    const afterSeq = this.front;
    this.recent = [];
    this.sending = [];
    this.front = this.journal.headSeq;
    if (sending.length > 0) this.countMatched(sending);
    const isQuick = isQuicklyEncoded(recent);
    for (const isSlow of [false, true]) {
      for (const group of this.groups) {
        if (group.filter.isSlow === isSlow) this.deliver(group, recent, afterSeq, isQuick);
      }
    }
    if (sending.length > 0) this.copies.sent(sending);
  }

  /** The group of those who want this. */
  groupOf(filter: Filter, encoding: Encoding): Group {
    return this.groups.of(filter, encoding);
  }

  /** Counts the client among those of its group: from here on messages are for it, too. */
  join(client: Member): void {
    this.groups.join(client);
    client.joinedSeq = this.front;
  }

  /** A client's connection is gone: nothing goes to it any more. */
  leave(client: Member): void {
    this.writer.lose(client, this.seqOf(client));
    this.forget(client);
  }

  /** A client goes to another lane; it does not get what it has not got so far. */
  moveOut(client: Member): void {
    this.copies.missed(client, this.seqOf(client));
    this.forget(client);
    client.sifting = undefined;
    // Where it goes, positions are others.
    for (const { run } of client.markers.splice(0)) run();
    client.insertions = [];
    client.inserted = 0;
  }

  /** A client comes from another lane, and gets what comes after the front. */
  moveIn(client: Member, filter: Filter): void {
    client.group = this.groups.of(filter, client.group.encoding);
    this.fallBehind(client, this.front, false);
    this.join(client);
  }

  /** Gives a client that is behind its turn to read on. */
  readOn(client: Member): void {
    const turns = client.group.filter.isSlow ? this.slowTurns : this.turns;
    turns.take(client);
  }

  /** A client's socket has room again. */
  drained(client: Member): void {
    if (!client.blocked) return;
    client.blocked = false;
    this.readOn(client);
  }

  /**
   * A client no longer stands at the front, or not yet.
   * @param seq where it stands
   * @param begun as for {@link Client.begun}
   */
  fallBehind(client: Member, seq: number, begun: boolean | number): void {
    client.live = false;
    client.seq = seq;
    client.begun = begun;
    this.readers.add(client);
    this.stalls.watch();
  }

  /** The client reaches the front. */
  becomeLive(client: Member): void {
    client.live = true;
    client.group.arrive(client);
    this.readers.delete(client);
    if (this.readers.size === 0) this.groups.parsed.clear();
  }

  /** Moves the position of a client that is behind; it does not get what lies between. */
  skipTo(client: Member, seq: number): void {
    this.copies.missed(client, client.seq, seq);
    client.seq = seq;
    client.begun = false;
  }

  /**
   * Sends a frame that is no event to a client. What waits for that is kept: whoever asks on a client's behalf bounds
   * how much.
   */
  reply(
    client: Member,
    frame: ServerFrame,
    { afterSeq = this.journal.headSeq, sent }: ReplyOptions = {},
  ): void {
    this.flush();
    this.whenReached(client, afterSeq, () => {
      this.writer.control(client, frame);
      sent?.();
    });
  }

  /**
   * Replaces a client's filter: events up to now pass the old one, events from now on the new one.
   * @param ack sent to it when that is done
   * @param sent as for `reply`
   */
  resubscribe(client: Member, filter: Filter, ack: ServerFrame, sent?: () => void): void {
    this.flush();
    const change = (): void => {
      this.groups.move(client, filter);
      this.writer.control(client, ack);
      sent?.();
    };
    this.whenReached(client, this.front, change, filter);
  }

  /** Hands everything over that sockets take; nobody reads on after this. */
  close(): void {
    this.flush();
    this.stalls.close();
  }

  private forget(client: Member): void {
    this.groups.leave(client);
    this.readers.delete(client);
    this.turns.drop(client);
    this.slowTurns.drop(client);
    client.live = false;
  }

  /**
   * Calls `run` when a client has got everything up to an event; never, if it leaves before.
   * @param filter the one that events after that position pass, if `run` changes it
   */
  whenReached(client: Member, afterSeq: number, run: () => void, filter?: Filter): void {
    if (client.live && afterSeq <= this.front) {
      run();
      if (client.blocked) this.fallBehind(client, this.front, client.group.hasBegun);
      return;
    }
    client.markers.push({ afterSeq, run, filter });
    this.readOn(client);
  }

  /** Counts the clients that messages are for; those whose connection is over are none. */
  private countMatched(sending: readonly Copy[]): void {
    for (const { clients } of this.groups) {
      for (const client of clients) {
        if (!client.outlet.isOpen) this.writer.lose(client, this.seqOf(client));
      }
    }
    this.copies.follow(sending);
    countAddressees(this.groups, sending);
  }

  /** @param isQuick whether the events are quickly encoded for any group */
  private deliver(group: Group, recent: readonly Recent[], afterSeq: number, isQuick: boolean): void {
    const { sent } = group;
    group.sent = [];
    let encoded: Encoded | undefined;
    try {
      encoded = this.encoder.encode(group, recent, afterSeq, isQuick);
      if (encoded === undefined) {
        this.leaveBehind(group, recent, afterSeq);
        return;
      }
    } catch (error) {
      // A group that can't be encoded costs its own clients alone.
      group.pass(recent);
      for (const client of group.clients) {
        if (!client.live) continue;
        this.fallBehind(client, afterSeq, false);
        this.writer.fail(client, error);
      }
      return;
    }
    if (this.log.isDebug()) logAddressees(this.log, group, recent);
    let reached = 0;
    for (const client of group.clients) {
      if (!client.live) continue;
      if (encoded.bytes > 0 && !this.writer.write(client, encoded)) {
        this.fallBehind(client, afterSeq, false);
        this.writer.lose(client);
        continue;
      }
      reached += 1;
      if (client.blocked || encoded.seq < this.front) {
        this.fallBehind(client, encoded.seq, encoded.begun);
        if (!client.blocked) this.readOn(client);
      }
    }
    for (const copy of sent) if (copy.seq <= encoded.seq) copy.reached(reached);
  }

  private leaveBehind(group: Group, recent: readonly Recent[], afterSeq: number): void {
    const { hasBegun } = group;
    group.pass(recent);
    for (const client of group.clients) {
      if (!client.live) continue;
      this.fallBehind(client, afterSeq, hasBegun);
      this.readOn(client);
    }
  }
}
