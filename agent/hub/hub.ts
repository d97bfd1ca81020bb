// The hub: the registry of clients, and delivery. A client is a position in the journal. Nothing is queued
// for anyone: at the end of a turn of the loop each client that stands at the front gets what is new in
// one write; one whose socket is full is left behind, and reads on from the journal when it drains.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BroadcastAnswer,
  type ClientInfo,
  type Cursor,
  type GapReason,
  type JournalEvent,
  limits,
  protocolVersion,
  type ServerFrame,
  type Transport,
  version,
} from '../../shared/index.ts';
import type { Journal, NewEvent } from '../journal/index.ts';
import type { Log } from '../log.ts';
import { Client as AnyClient, type Outlet } from './client.ts';
import { Counters } from './counters.ts';
import type { Encoding } from './encoding.ts';
import { continuesBatch, type Filter, isPiece } from './filter.ts';
import { type Encoded, Group, type Recent } from './group.ts';
import type { SnapshotSource } from './snapshot.ts';

/** A connected client, with its group. */
export type Client = AnyClient<Group>;

/** What a client is connected with. */
export interface ConnectRequest {
  readonly outlet: Outlet;
  /** Empty for none: then it goes by its id. */
  readonly name: string;
  readonly filter: Filter;
  readonly encoding: Encoding;
  /** Resume after this position. */
  readonly since?: Cursor;
  /** What exists first, unless it is resumed. */
  readonly snapshot: boolean;
}

interface Waiter {
  readonly seq: number;
  readonly groups: ReadonlySet<Group>;
  readonly done: (answer: BroadcastAnswer) => void;
  readonly untilCaughtUp: boolean;
}

/** One write to a client that reads on from the journal. */
const catchUpBytes = 256 * 1024;
/** Answers that may wait for a client to catch up; a client that asks more without reading is closed. */
const mostMarkers = 1000;
const stallCheckMs = 1000;

/** Who is connected, and who has got what. */
export class Hub {
  readonly counters = new Counters();
  private readonly journal: Journal;
  private readonly log: Log;
  private readonly stalledMs: number;
  private readonly roots: () => string[];
  private readonly snapshots: SnapshotSource;
  private readonly clients = new Map<string, Client>();
  private readonly groups = new Map<string, Group>();
  /** Those that are not `live`. */
  private readonly behind = new Set<Client>();
  private recent: Recent[] = [];
  /** The newest event, delivered or not. */
  private last: JournalEvent | undefined;
  /** The batch whose pieces are being appended. */
  private openBatch: Promise<void> | undefined;
  /** Where the live clients stand. */
  private frontSeq: number;
  private flushTimer: NodeJS.Immediate | undefined;
  /** Runs while anybody is behind. */
  private stallTimer: NodeJS.Timeout | undefined;
  private waiters: Waiter[] = [];
  private lastId = 0;

  /**
   * @param roots the real paths of the roots, for hello
   * @param stalledMs after how long a client that takes nothing is closed
   */
  constructor(
    journal: Journal,
    roots: () => string[],
    snapshots: SnapshotSource,
    log: Log,
    stalledMs: number = limits.stalledMs,
  ) {
    this.journal = journal;
    this.roots = roots;
    this.snapshots = snapshots;
    this.log = log;
    this.stalledMs = stalledMs;
    this.frontSeq = journal.headSeq;
  }

  /** Connected clients. */
  get size(): number {
    return this.clients.size;
  }

  /** Clients that have not got everything yet. */
  get behindCount(): number {
    return this.behind.size;
  }

  /** Connected clients by transport. */
  countByTransport(): Record<Transport, number> {
    const open: Record<Transport, number> = { ws: 0, sse: 0, ndjson: 0 };
    for (const { outlet } of this.clients.values()) open[outlet.transport] += 1;
    return open;
  }

  /** Puts an event into the journal; it is delivered at the end of this turn of the loop. */
  append(event: NewEvent): number {
    const before = this.last;
    const placed = this.journal.append(event);
    this.counters.events[event.type] += 1;
    this.counters.eventBytes += placed.bytes;
    if (event.type === 'gap') this.counters.gaps[event.reason] += 1;
    this.last = placed.event;
    this.recent.push({
      seq: placed.seq,
      event: placed.event,
      continues: continuesBatch(before, placed.event),
    });
    this.flushTimer ??= setImmediate(() => this.flush());
    return placed.seq;
  }

  /**
   * Appends the pieces of one batch, with a turn of the loop after each. Other batches and messages wait until it
   * is whole: its pieces are consecutive.
   */
  async appendBatch(pieces: Iterable<NewEvent>): Promise<void> {
    while (this.openBatch !== undefined) await this.openBatch;
    const appended = this.appendPieces(pieces);
    this.openBatch = appended;
    try {
      await appended;
    } finally {
      this.openBatch = undefined;
    }
  }

  private async appendPieces(pieces: Iterable<NewEvent>): Promise<void> {
    for (const piece of pieces) {
      this.append(piece);
      if (isPiece(piece)) await nextTurn();
    }
  }

  /**
   * Puts a message into the journal and says to whom it went.
   * @param waitMs when given, the answer comes when nobody lags any more, or after this time
   */
  async publish(
    message: { topic: string; from: string; data: unknown },
    waitMs?: number,
  ): Promise<BroadcastAnswer> {
    while (this.openBatch !== undefined) await this.openBatch;
    const seq = this.append({ type: 'message', time: Date.now(), ...message });
    const item = this.recent.at(-1) as Recent;
    const groups = new Set([...this.groups.values()].filter((group) => group.takes(item)));
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const waiter: Waiter = {
        seq,
        groups,
        untilCaughtUp: waitMs !== undefined,
        done: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
      };
      if (waitMs !== undefined) {
        timer = setTimeout(() => {
          this.waiters = this.waiters.filter((other) => other !== waiter);
          resolve(this.answer(waiter));
        }, waitMs);
      }
      this.waiters.push(waiter);
    });
  }

  /** Registers a client and greets it; from here on it gets what its filter takes. */
  connect(request: ConnectRequest): Client {
    this.flush();
    const { outlet, filter, encoding, since } = request;
    const id = `c${++this.lastId}`;
    const client = new AnyClient<Group>(
      id,
      request.name,
      outlet,
      this.groupFor(filter, encoding),
      this.frontSeq,
      request.snapshot && filter.takesFiles,
    );
    this.clients.set(id, client);
    this.counters.connections[outlet.transport] += 1;
    this.log.info('client connected', {
      ...this.describe(client),
      transport: outlet.transport,
      clients: this.clients.size,
    });

    const gap = since === undefined ? undefined : this.gapFor(since);
    const resumed = since !== undefined && gap === undefined;
    let startSeq = this.frontSeq;
    if (since !== undefined) startSeq = resumed ? since.seq : this.journal.oldestSeq - 1;
    this.fallBehind(client, startSeq);
    const greet = (): void => {
      this.join(client);
      this.greet(client, resumed);
      if (since === undefined || gap === undefined) return;
      this.tellGap(client, gap, gap === 'expired' ? client.seq - since.seq : undefined);
    };
    if (client.wantsSnapshot && !resumed) this.takeSnapshot(client, greet);
    else {
      greet();
      this.catchUp(client);
    }
    return client;
  }

  /** Takes a client out of the registry, because its connection is gone. */
  leave(client: Client, why: Readonly<Record<string, unknown>>): void {
    if (!this.clients.delete(client.id)) return;
    client.group.clients.delete(client);
    this.dropIfEmpty(client.group);
    this.behind.delete(client);
    client.live = false;
    client.snapshot?.taken.release();
    client.snapshot = undefined;
    this.log.info('client left', { ...this.describe(client), ...why, clients: this.clients.size });
    this.settleWaiters();
  }

  /** A client's socket has room again. */
  drained(client: Client): void {
    if (!client.blocked) return;
    client.blocked = false;
    this.catchUp(client);
  }

  /** Replaces a client's filter: events up to now pass the old one, events from now on the new one. */
  resubscribe(client: Client, filter: Filter): void {
    this.flush();
    this.whenReached(client, this.frontSeq, () => {
      const { group: old } = client;
      client.group = this.groupFor(filter, old.encoding);
      if (client.group === old) return;
      client.group.clients.add(client);
      old.clients.delete(client);
      this.dropIfEmpty(old);
    });
  }

  /**
   * Sends a frame that is no event to a client when it has got everything up to event `afterSeq`; the
   * newest event of now unless given.
   */
  reply(client: Client, frame: ServerFrame, afterSeq: number = this.journal.headSeq): void {
    this.flush();
    this.whenReached(client, afterSeq, () => this.control(client, frame));
  }

  get(id: string): Client | undefined {
    return this.clients.get(id);
  }

  /** Every client as `GET /v1/clients` shows it, in the order of connection. */
  list(): ClientInfo[] {
    return [...this.clients.values()].map((client) => {
      const seq = client.live ? this.frontSeq : client.seq;
      return {
        id: client.id,
        name: client.name,
        transport: client.outlet.transport,
        address: client.outlet.address,
        connectedAt: client.connectedAt.toISOString(),
        filter: client.group.filter.spec,
        cursor: this.journal.cursor(seq),
        lag: { events: this.journal.headSeq - seq, bytes: this.journal.bytesAfter(seq) },
        delivered: client.delivered,
        gaps: client.gaps,
      };
    });
  }

  /** Delivers what is new to every client that stands at the front. */
  flush(): void {
    clearImmediate(this.flushTimer);
    this.flushTimer = undefined;
    if (this.recent.length > 0) {
      const recent = this.recent;
      const afterSeq = this.frontSeq;
      this.recent = [];
      this.frontSeq = this.journal.headSeq;
      for (const group of this.groups.values()) this.deliver(group, recent, afterSeq);
    }
    this.settleWaiters();
  }

  /** Hands everything over that sockets take, and closes every client. */
  close(code: number, reason: string): void {
    this.flush();
    clearInterval(this.stallTimer);
    for (const client of this.clients.values()) client.outlet.close(code, reason);
  }

  private deliver(group: Group, recent: readonly Recent[], afterSeq: number): void {
    if (afterSeq < this.journal.oldestSeq - 1) {
      // In one turn there was more than the journal holds: what is gone of it everybody has missed.
      for (const client of group.clients) {
        if (!client.live) continue;
        this.fallBehind(client, afterSeq);
        this.catchUp(client);
      }
      return;
    }
    let encoded: Encoded;
    try {
      encoded = group.encodeRecent(recent, afterSeq, limits.sendAheadBytes);
    } catch (error) {
      // A group that can't be encoded costs its own clients alone.
      for (const client of group.clients) {
        if (!client.live) continue;
        this.fallBehind(client, afterSeq);
        this.fail(client, error);
      }
      return;
    }
    if (this.log.isDebug()) this.logDeliveries(group, recent);
    for (const client of group.clients) {
      if (!client.live) continue;
      if (encoded.bytes > 0) this.write(client, encoded);
      if (client.blocked || encoded.seq < this.frontSeq) {
        this.fallBehind(client, encoded.seq);
        this.catchUp(client);
      }
    }
  }

  private logDeliveries(group: Group, recent: readonly Recent[]): void {
    for (const item of recent) {
      if (item.event.type !== 'message' || !group.takes(item)) continue;
      for (const client of group.clients) {
        this.log.debug('message goes to client', { cursor: item.event.cursor, ...this.describe(client) });
      }
    }
  }

  /** Brings a client that is behind forward, as far as its socket takes it. */
  private catchUp(client: Client): void {
    try {
      this.handOver(client);
    } catch (error) {
      this.fail(client, error);
    }
    if (this.waiters.length > 0) this.settleWaiters();
  }

  private handOver(client: Client): void {
    let handedBytes = 0;
    while (!client.blocked && !client.live && !client.held && this.clients.has(client.id)) {
      if (handedBytes >= limits.sendAheadBytes) {
        // Others get their turn, even if this one's socket takes whatever it is given.
        setImmediate(() => this.catchUp(client));
        return;
      }
      if (client.snapshot !== undefined) {
        handedBytes += this.sendSnapshotPiece(client, client.snapshot);
        continue;
      }
      const marker = client.markers[0];
      if (marker !== undefined && marker.afterSeq <= client.seq) {
        client.markers.shift();
        marker.run();
        continue;
      }
      const oldestPosition = this.journal.oldestSeq - 1;
      if (client.seq < oldestPosition) {
        const { seq } = client;
        const tellGap = (): void => this.tellGap(client, 'slow', client.seq - seq);
        if (client.wantsSnapshot) this.takeSnapshot(client, tellGap);
        else {
          client.seq = oldestPosition;
          tellGap();
        }
        continue;
      }
      if (client.seq === this.frontSeq) {
        client.live = true;
        this.behind.delete(client);
        break;
      }
      const untilSeq = Math.min(this.frontSeq, marker?.afterSeq ?? this.frontSeq);
      const encoded = client.group.encodePast(client.seq, untilSeq, catchUpBytes);
      client.seq = encoded.seq;
      handedBytes += Math.max(encoded.bytes, 1024);
      if (encoded.bytes > 0) this.write(client, encoded);
    }
  }

  /** Counts the client among those of its group: from here on messages are for it, too. */
  private join(client: Client): void {
    // While it was held the group may have been left by everybody else, and dropped.
    client.group = this.groupFor(client.group.filter, client.group.encoding);
    client.group.clients.add(client);
  }

  private greet(client: Client, resumed: boolean): void {
    this.control(client, {
      type: 'hello',
      protocol: protocolVersion,
      version: version(),
      client: client.id,
      cursor: this.journal.cursor(client.seq),
      head: this.journal.cursor(),
      oldest: this.journal.cursor(this.journal.oldestSeq),
      resumed,
      roots: this.roots(),
    });
  }

  /** Holds a client until it can have a snapshot; it goes on from there, after what `greet` sends it. */
  private takeSnapshot(client: Client, greet: () => void): void {
    client.held = true;
    this.snapshots.take(client.group.filter).then(
      (taken) => {
        if (!this.clients.has(client.id)) {
          taken.release();
          return;
        }
        this.flush();
        client.held = false;
        client.seq = taken.seq;
        if (taken.frames.length > 0) client.snapshot = { taken, sent: 0 };
        else taken.release();
        greet();
        this.catchUp(client);
      },
      (error: unknown) => {
        this.log.error('snapshot failed', { ...this.describe(client), error });
        client.outlet.close(1011, 'the snapshot failed');
      },
    );
  }

  /** @returns its bytes */
  private sendSnapshotPiece(client: Client, snapshot: NonNullable<Client['snapshot']>): number {
    const { taken } = snapshot;
    const piece = taken.frames[snapshot.sent] as Buffer;
    snapshot.sent += 1;
    const isLast = snapshot.sent === taken.frames.length;
    const buffer = client.group.encoding.snapshot(piece, isLast ? this.journal.cursor(taken.seq) : undefined);
    if (isLast) {
      client.snapshot = undefined;
      taken.release();
    }
    if (buffer.length > 0) this.write(client, { buffers: [buffer], bytes: buffer.length, events: 0 });
    return buffer.length;
  }

  private write(
    client: Client,
    encoded: { buffers: readonly Buffer[]; bytes: number; events: number },
  ): void {
    try {
      client.blocked = !client.outlet.write(encoded.buffers);
      client.delivered += encoded.events;
      this.counters.deliveries += encoded.events;
      this.counters.deliveredBytes += encoded.bytes;
      if (client.blocked) {
        client.stalledSinceMs = Date.now();
        client.lastUnsentBytes = client.outlet.unsentBytes();
      }
    } catch (error) {
      this.fail(client, error);
    }
  }

  /** One client's failure is its own: it is closed, which tells it that events are missing, and the others go on. */
  private fail(client: Client, error: unknown): void {
    this.log.error('delivery failed', { ...this.describe(client), error });
    client.blocked = true;
    client.outlet.close(1011, 'delivery failed');
  }

  private control(client: Client, frame: ServerFrame): void {
    const buffer = client.group.encoding.control(frame, client.snapshot === undefined);
    if (buffer !== undefined) this.write(client, { buffers: [buffer], bytes: buffer.length, events: 0 });
  }

  private whenReached(client: Client, afterSeq: number, run: () => void): void {
    if (client.live && afterSeq <= this.frontSeq) {
      run();
      if (client.blocked) {
        this.fallBehind(client, this.frontSeq);
      }
      return;
    }
    if (client.markers.length >= mostMarkers) {
      client.outlet.close(1008, 'too many requests without reading the answers');
      return;
    }
    client.markers.push({ afterSeq, run });
    this.catchUp(client);
  }

  private gapFor(since: Cursor): 'epoch' | 'expired' | undefined {
    if (since.epoch !== this.journal.epoch || since.seq > this.journal.headSeq) return 'epoch';
    return since.seq < this.journal.oldestSeq - 1 ? 'expired' : undefined;
  }

  private tellGap(client: Client, reason: GapReason, missed: number | undefined): void {
    client.gaps += 1;
    this.counters.gaps[reason] += 1;
    this.log.warn('client missed events', { ...this.describe(client), reason, missed });
    this.control(client, {
      type: 'gap',
      cursor: this.journal.cursor(client.seq),
      reason,
      ...(missed === undefined ? {} : { missed }),
    });
  }

  private groupFor(filter: Filter, encoding: Encoding): Group {
    const key = Group.key(filter, encoding);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new Group(filter, encoding, this.journal);
      this.groups.set(key, group);
    }
    return group;
  }

  private dropIfEmpty(group: Group): void {
    if (group.clients.size === 0) this.groups.delete(group.key);
  }

  private answer({ seq, groups }: Waiter): BroadcastAnswer {
    let matched = 0;
    let lagging = 0;
    for (const group of groups) matched += group.clients.size;
    for (const client of this.behind) if (client.seq < seq && groups.has(client.group)) lagging += 1;
    return { cursor: this.journal.cursor(seq), matched, delivered: matched - lagging, lagging };
  }

  private settleWaiters(): void {
    if (this.waiters.length === 0) return;
    const waiting: Waiter[] = [];
    for (const waiter of this.waiters) {
      const answer = this.frontSeq < waiter.seq ? undefined : this.answer(waiter);
      if (answer !== undefined && (!waiter.untilCaughtUp || answer.lagging === 0)) waiter.done(answer);
      else waiting.push(waiter);
    }
    this.waiters = waiting;
  }

  private fallBehind(client: Client, seq: number): void {
    client.live = false;
    client.seq = seq;
    this.behind.add(client);
    this.stallTimer ??= setInterval(() => this.closeStalled(Date.now()), stallCheckMs).unref();
  }

  private closeStalled(nowMs: number): void {
    if (this.behind.size === 0) {
      clearInterval(this.stallTimer);
      this.stallTimer = undefined;
    }
    for (const client of this.behind) {
      if (!client.blocked) continue;
      const unsentBytes = client.outlet.unsentBytes();
      if (unsentBytes !== client.lastUnsentBytes) {
        client.lastUnsentBytes = unsentBytes;
        client.stalledSinceMs = nowMs;
      } else if (nowMs - client.stalledSinceMs >= this.stalledMs) {
        this.counters.stalled += 1;
        this.log.warn('client stalled', { ...this.describe(client), unsentBytes });
        client.stalledSinceMs = nowMs;
        client.outlet.close(1013, 'nothing was taken for too long');
      }
    }
  }

  private describe(client: Client): Record<string, unknown> {
    return { client: client.id, name: client.name, address: client.outlet.address };
  }
}
