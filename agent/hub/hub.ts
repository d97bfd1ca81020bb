// The hub: the registry of clients, and delivery. A client is a position in the journal. Nothing is queued
// for anyone: at the end of a turn of the loop each client that stands at the front gets what is new in
// one write; one whose socket is full is left behind, and reads on from the journal when it drains.
import {
  type BroadcastAnswer,
  type ClientInfo,
  type Cursor,
  type FileEvent,
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
import { AppendOrder } from './append-order.ts';
import { Broadcast, Broadcasts, type Wait } from './broadcasts.ts';
import { Client as AnyClient, type Outlet } from './client.ts';
import { Counters } from './counters.ts';
import type { Encoding } from './encoding.ts';
import { continuesBatch, type Filter, isPiece } from './filter.ts';
import { type Encoded, Group, type Recent } from './group.ts';
import { Readers } from './readers.ts';
import { changesOf, type Insertion, pieceOf, type RootChange, takesRoot } from './root-change.ts';
import type { SnapshotSource } from './snapshot.ts';
import { Turns } from './turns.ts';

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

/** A message that is to be published. */
export interface NewMessage {
  readonly topic: string;
  readonly from: string;
  readonly data: unknown;
}

/** One write to a client that reads on from the journal, after which others get their turn. */
const catchUpBytes = 256 * 1024;
/** Answers that may wait for a client to catch up; a client that asks more without reading is closed. */
const mostMarkers = 1000;
/**
 * Added or removed roots whose entries wait for one client, each held in memory as long as it is slow; one that is
 * further behind gets a fresh snapshot.
 */
const mostInsertions = 4;

/** Who is connected, and who has got what. */
export class Hub {
  readonly counters = new Counters();
  private readonly journal: Journal;
  private readonly log: Log;
  private readonly roots: () => string[];
  private readonly snapshots: SnapshotSource;
  private readonly nowMs: () => number;
  private readonly order = new AppendOrder();
  private readonly broadcasts: Broadcasts;
  private readonly turns = new Turns<Client>((client) => this.catchUpBit(client));
  private readonly clients = new Map<string, Client>();
  private readonly groups = new Map<string, Group>();
  /** Those that are not `live`. */
  private readonly behind: Readers<Client>;
  private recent: Recent[] = [];
  /** Of those, the messages. */
  private sending: Broadcast[] = [];
  /** The newest event, if it is a piece of a batch of which more follows. */
  private piece: JournalEvent | undefined;
  /** Where the live clients stand. */
  private frontSeq: number;
  private flushTimer: NodeJS.Immediate | undefined;
  /** After which events roots came and went. */
  private rootChanges: { readonly afterSeq: number; readonly root: string }[] = [];
  private lastId = 0;

  /**
   * @param roots the real paths of the roots, for hello
   * @param stalledMs after how long a client that takes next to nothing is closed
   * @param nowMs a clock that only goes forward
   */
  constructor(
    journal: Journal,
    roots: () => string[],
    snapshots: SnapshotSource,
    log: Log,
    stalledMs: number = limits.stalledMs,
    nowMs: () => number = () => performance.now(),
  ) {
    this.journal = journal;
    this.roots = roots;
    this.snapshots = snapshots;
    this.log = log;
    this.nowMs = nowMs;
    this.broadcasts = new Broadcasts((seq) => journal.cursor(seq));
    this.behind = new Readers(journal, stalledMs, nowMs, (client) => {
      this.closeSlow(client, 'too little was taken for too long');
    });
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
  private append(event: NewEvent): number {
    const placed = this.journal.append(event);
    this.counters.events[event.type] += 1;
    this.counters.eventBytes += placed.bytes;
    if (event.type === 'gap') this.counters.gaps[event.reason] += 1;
    this.recent.push({ ...placed, continues: continuesBatch(this.piece, placed.event) });
    this.piece = isPiece(placed.event) ? placed.event : undefined;
    this.flushTimer ??= setImmediate(() => this.flush());
    return placed.seq;
  }

  /**
   * Appends the events of one batch: one, or several of which all but the last are marked `more`. Nothing comes
   * between them. After each there is a turn of the loop, and clients that keep up have the time to read: however
   * large the batch is, the journal does not move past them. Resolves when all is in the journal.
   */
  appendBatch(pieces: Iterable<NewEvent>): Promise<void> {
    return this.order.batch(async () => {
      const sinceMs = this.nowMs();
      for (const piece of pieces) {
        this.append(piece);
        if (isPiece(piece)) await this.behind.haveRoom(sinceMs);
      }
    });
  }

  /**
   * A root is watched from here on, or no longer. Each client that began with a snapshot gets the root's entries as
   * adds, or unlinks, and is told of the root.
   * @param change nothing else of its root is reported until this resolves
   */
  async rootChanged(change: RootChange): Promise<void> {
    /** The entries as each filter sees them. */
    const pieces = new Map<string, readonly string[]>();
    for (;;) {
      // A snapshot is from before this turn, or from after it.
      const missing = await new Promise<Filter | undefined>((resolve) => {
        this.order.enter(() => resolve(this.enterRootChange(change, pieces)));
      });
      if (missing === undefined) return;
      pieces.set(missing.key, await changesOf(change, missing));
    }
  }

  /** @returns a filter whose pieces are missing, and then nothing was done */
  private enterRootChange(
    { root, watched, commit }: RootChange,
    pieces: ReadonlyMap<string, readonly string[]>,
  ): Filter | undefined {
    this.flush();
    const clients = [...this.clients.values()].filter(
      ({ wantsSnapshot, group }) => wantsSnapshot && takesRoot(group.filter, root),
    );
    const missing = clients.find(({ group }) => !pieces.has(group.filter.key));
    if (missing !== undefined) return missing.group.filter;
    if (!commit()) return undefined;
    const time = Date.now();
    const afterSeq = this.frontSeq;
    const event = { type: 'file', cursor: this.journal.cursor(afterSeq), time, topic: 'file', root } as const;
    const frame = { type: 'root', root, watched } as const;
    const { rootsVersion } = this.snapshots;
    for (const client of clients) {
      const entries = pieces.get(client.group.filter.key) ?? [];
      this.insert(client, { afterSeq, rootsVersion, frame, event, pieces: entries });
    }
    // A position before the oldest event can't be resumed anyway.
    const recent = this.rootChanges.filter((old) => old.afterSeq >= this.journal.oldestSeq - 1);
    this.rootChanges = [...recent, { afterSeq, root }];
    return undefined;
  }

  /** From here on batches wait for nobody: the agent stops. */
  hurry(): void {
    this.behind.hurry();
  }

  /** Whether there is memory for one more message: a large batch may be under way, behind which they wait. */
  get hasRoomForMessage(): boolean {
    return this.order.waitingBytes < limits.heldMessageBytes;
  }

  /** Whether one more broadcast may wait until no client lags. */
  get hasRoomForWait(): boolean {
    return this.broadcasts.hasRoom;
  }

  /**
   * Puts a message into the journal; it is delivered at the end of this turn of the loop.
   * @param isKept whether it may be asked about more than once
   */
  publish(message: NewMessage, isKept = false): Broadcast {
    const broadcast = new Broadcast(message.topic, isKept);
    const heldBytes = this.order.isBusy ? JSON.stringify(message).length : 0;
    this.order.enter(() => {
      broadcast.seq = this.append({ type: 'message', time: Date.now(), ...message });
      this.sending.push(broadcast);
    }, heldBytes);
    return broadcast;
  }

  /**
   * To whom a message went: as soon as it was sent, or with `wait` when no client lags or the time is over.
   * Rejects when whoever waits is gone.
   */
  answer(broadcast: Broadcast, wait?: Wait): Promise<BroadcastAnswer> {
    return this.broadcasts.answer(broadcast, wait);
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

    client.rootsVersion = this.snapshots.rootsVersion;
    const gap = since === undefined ? undefined : this.gapFor(since, client);
    const resumed = since !== undefined && gap === undefined;
    let startSeq = this.frontSeq;
    if (since !== undefined) startSeq = resumed ? since.seq : this.journal.oldestSeq - 1;
    this.fallBehind(client, startSeq, resumed ? startSeq : false);
    const greet = (roots: readonly string[]): void => {
      this.join(client);
      this.greet(client, resumed, roots);
      if (since === undefined || gap === undefined) return;
      this.tellGap(client, gap, gap === 'expired' ? client.seq - since.seq : undefined);
    };
    if (client.wantsSnapshot && !resumed) this.takeSnapshot(client, greet);
    else {
      greet(this.roots());
      this.turns.take(client);
    }
    return client;
  }

  /** Takes a client out of the registry, because its connection is gone. */
  leave(client: Client, why: Readonly<Record<string, unknown>>): void {
    if (!this.clients.delete(client.id)) return;
    client.group.clients.delete(client);
    this.dropIfEmpty(client.group);
    this.behind.delete(client);
    this.turns.drop(client);
    this.lose(client);
    client.live = false;
    this.endSnapshot(client);
    this.log.info('client left', { ...this.describe(client), ...why, clients: this.clients.size });
  }

  /** A client's socket has room again. */
  drained(client: Client): void {
    if (!client.blocked) return;
    client.blocked = false;
    this.turns.take(client);
  }

  /**
   * Replaces a client's filter: events up to now pass the old one, events from now on the new one. A batch passes as a
   * whole.
   * @param ack sent to it when that is done
   */
  resubscribe(client: Client, filter: Filter, ack: ServerFrame): void {
    this.order.enter(() => {
      this.flush();
      const change = (): void => {
        const { group: old } = client;
        client.group = this.groupFor(filter, old.encoding);
        if (client.group !== old) {
          client.group.clients.add(client);
          old.clients.delete(client);
          this.dropIfEmpty(old);
        }
        this.control(client, ack);
      };
      this.whenReached(client, this.frontSeq, change, filter);
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
    if (this.recent.length === 0) return;
    const { recent, sending } = this;
    const afterSeq = this.frontSeq;
    this.recent = [];
    this.sending = [];
    this.frontSeq = this.journal.headSeq;
    if (sending.length > 0) this.countMatched(sending);
    for (const group of this.groups.values()) this.deliver(group, recent, afterSeq);
    if (sending.length > 0) this.broadcasts.sent(sending);
  }

  /** Hands everything over that sockets take, and closes every client. */
  close(code: number, reason: string): void {
    this.flush();
    this.turns.close();
    this.behind.close();
    for (const client of this.clients.values()) client.outlet.close(code, reason);
  }

  /** Says how many clients messages are for that are about to be delivered: the connected ones that they pass. */
  private countMatched(sending: readonly Broadcast[]): void {
    for (const { clients } of this.groups.values()) {
      for (const client of clients) if (!client.outlet.isOpen) this.lose(client);
    }
    this.broadcasts.follow(sending);
    for (const group of this.groups.values()) {
      group.sent = sending.filter(({ topic }) => group.filter.takesTopic(topic));
      let clients = 0;
      for (const client of group.clients) {
        if (client.lost) continue;
        if (client.markers.length === 0) clients += 1;
        else for (const broadcast of sending) if (client.isFor(broadcast)) broadcast.matches(1);
      }
      for (const broadcast of group.sent) broadcast.matches(clients);
    }
  }

  private deliver(group: Group, recent: readonly Recent[], afterSeq: number): void {
    const { sent } = group;
    group.sent = [];
    let encoded: Encoded;
    try {
      if (afterSeq < this.journal.oldestSeq - 1) {
        // In one turn there was more than the journal holds: what is gone of it everybody has missed.
        group.skip(recent);
        for (const client of group.clients) {
          if (!client.live) continue;
          this.fallBehind(client, afterSeq, false);
          this.turns.take(client);
        }
        return;
      }
      encoded = group.encodeRecent(recent, afterSeq, limits.sendAheadBytes);
    } catch (error) {
      // A group that can't be encoded costs its own clients alone.
      for (const client of group.clients) {
        if (!client.live) continue;
        this.fallBehind(client, afterSeq, false);
        this.fail(client, error);
      }
      return;
    }
    if (this.log.isDebug()) this.logDeliveries(group, recent);
    let reached = 0;
    for (const client of group.clients) {
      if (!client.live) continue;
      if (encoded.bytes > 0 && !this.write(client, encoded)) {
        this.fallBehind(client, afterSeq, false);
        this.lose(client);
        continue;
      }
      reached += 1;
      if (client.blocked || encoded.seq < this.frontSeq) {
        this.fallBehind(client, encoded.seq, encoded.begun);
        if (!client.blocked) this.turns.take(client);
      }
    }
    for (const broadcast of sent) if (broadcast.seq <= encoded.seq) broadcast.reached(reached);
  }

  private logDeliveries(group: Group, recent: readonly Recent[]): void {
    for (const item of recent) {
      if (item.event.type !== 'message' || !group.takes(item)) continue;
      for (const client of group.clients) {
        this.log.debug('message goes to client', { cursor: item.event.cursor, ...this.describe(client) });
      }
    }
  }

  /**
   * Brings a client that is behind a bit forward, as far as its socket takes it.
   * @returns whether it could go on at once, and others should get their turn
   */
  private catchUpBit(client: Client): boolean {
    try {
      return this.readOn(client);
    } catch (error) {
      this.fail(client, error);
      return false;
    }
  }

  private readOn(client: Client): boolean {
    let doneBytes = 0;
    while (!client.blocked && !client.live && !client.held && !client.lost) {
      if (doneBytes >= catchUpBytes) return true;
      if (client.snapshot !== undefined) {
        doneBytes += this.sendSnapshotPiece(client, client.snapshot);
        continue;
      }
      const insertion = client.insertions[0];
      if (insertion !== undefined && insertion.afterSeq <= client.seq) {
        doneBytes += this.sendInsertedPiece(client, insertion);
        continue;
      }
      const marker = client.markers[0];
      if (marker !== undefined && marker.afterSeq <= client.seq) {
        client.markers.shift();
        marker.run();
        continue;
      }
      const oldestPosition = this.journal.oldestSeq - 1;
      if (client.seq < oldestPosition || client.isOutdated) {
        const { seq } = client;
        if (client.wantsSnapshot) {
          this.takeSnapshot(client, (roots) => {
            // How many roots the snapshot has is what `hello` says.
            if (!isSameList(roots, client.roots)) this.greet(client, false, roots);
            this.tellGap(client, 'slow', client.seq - seq);
          });
        } else {
          this.moveTo(client, oldestPosition);
          this.tellGap(client, 'slow', client.seq - seq);
        }
        continue;
      }
      if (client.seq === this.frontSeq) {
        client.live = true;
        this.behind.delete(client);
        break;
      }
      if (typeof client.begun === 'number') {
        client.begun = client.group.lookBack(client.begun);
        doneBytes += catchUpBytes / 2;
        continue;
      }
      const untilSeq = Math.min(
        this.frontSeq,
        marker?.afterSeq ?? this.frontSeq,
        insertion?.afterSeq ?? this.frontSeq,
      );
      const encoded = client.group.encodePast(client.seq, untilSeq, catchUpBytes, client.begun);
      if (encoded.bytes > 0 && !this.write(client, encoded)) {
        this.lose(client);
        break;
      }
      this.broadcasts.passed(client.seq, encoded.seq, (broadcast) => {
        if (client.isFor(broadcast)) broadcast.reached(1);
      });
      client.seq = encoded.seq;
      client.begun = encoded.begun;
      // What was looked through costs twenty times as much as what is only handed over.
      doneBytes += Math.max(encoded.bytes, 2 * encoded.scanned, 1024);
    }
    return false;
  }

  /** Moves a client's position on; it does not get what lies between. */
  private moveTo(client: Client, seq: number): void {
    this.broadcasts.passed(client.seq, seq, (broadcast) => {
      if (client.isFor(broadcast)) broadcast.missed();
    });
    client.seq = seq;
    client.begun = false;
  }

  /** A client's connection is over: what it has not got it will not get. */
  private lose(client: Client): void {
    if (client.lost) return;
    client.lost = true;
    const seq = client.live ? this.frontSeq : client.seq;
    this.broadcasts.passed(seq, Number.MAX_SAFE_INTEGER, (broadcast) => {
      if (client.isFor(broadcast)) broadcast.missed();
    });
  }

  /** Counts the client among those of its group: from here on messages are for it, too. */
  private join(client: Client): void {
    // While it was held the group may have been left by everybody else, and dropped.
    client.group = this.groupFor(client.group.filter, client.group.encoding);
    client.group.clients.add(client);
    client.joinedSeq = this.frontSeq;
  }

  private greet(client: Client, resumed: boolean, roots: readonly string[]): void {
    client.roots = roots;
    this.control(client, {
      type: 'hello',
      protocol: protocolVersion,
      version: version(),
      client: client.id,
      cursor: this.journal.cursor(client.seq),
      head: this.journal.cursor(),
      oldest: this.journal.cursor(this.journal.oldestSeq),
      resumed,
      roots: [...roots],
    });
  }

  /** Holds a client until it can have a snapshot; it goes on from there, after what `greet` sends it. */
  private takeSnapshot(client: Client, greet: (roots: readonly string[]) => void): void {
    const place = this.snapshots.take(client.group.filter, {
      isSlow: () => !this.behind.keepsUp(client),
      evict: () => {
        this.endSnapshot(client);
        this.closeSlow(client, 'the snapshot was read too slowly while others waited for theirs');
      },
    });
    client.place = place;
    place.taken
      .then((taken) => {
        if (client.place !== place) return;
        if (taken.rootsVersion < client.rootsVersion) {
          this.endSnapshot(client);
          this.takeSnapshot(client, greet);
          return;
        }
        this.flush();
        this.moveTo(client, taken.seq);
        // What came or went before it is in it already.
        client.insertions = client.insertions.filter((it) => it.rootsVersion > taken.rootsVersion);
        client.inserted = 0;
        client.isOutdated = false;
        if (taken.frames.length > 0) client.snapshot = { taken, sent: 0 };
        else this.endSnapshot(client);
        // Of a snapshot of one root, hello names the others all the same.
        greet(client.group.filter.spec.root === undefined ? taken.roots : this.roots());
        this.turns.take(client);
      })
      .catch((error: unknown) => {
        if (client.place !== place) return;
        this.log.error('snapshot failed', { ...this.describe(client), error });
        client.outlet.close(1011, 'the snapshot failed');
      });
  }

  private endSnapshot(client: Client): void {
    client.place?.leave();
    client.place = undefined;
    client.snapshot = undefined;
  }

  /** @returns its bytes */
  private sendSnapshotPiece(client: Client, snapshot: NonNullable<Client['snapshot']>): number {
    const { taken } = snapshot;
    const piece = taken.frames[snapshot.sent] as Buffer;
    snapshot.sent += 1;
    const isLast = snapshot.sent === taken.frames.length;
    const buffer = client.group.encoding.snapshot(piece, isLast ? this.journal.cursor(taken.seq) : undefined);
    if (isLast) this.endSnapshot(client);
    if (buffer.length > 0) this.write(client, { buffers: [buffer], bytes: buffer.length, events: 0 });
    return buffer.length;
  }

  private insert(client: Client, insertion: Insertion): void {
    if (client.live) this.fallBehind(client, this.frontSeq, false);
    if (client.insertions.length < mostInsertions) client.insertions.push(insertion);
    else {
      client.insertions = [];
      client.inserted = 0;
      client.rootsVersion = insertion.rootsVersion;
      client.isOutdated = true;
    }
    this.turns.take(client);
  }

  /** @returns its bytes */
  private sendInsertedPiece(client: Client, insertion: Insertion): number {
    if (client.inserted === insertion.pieces.length) {
      client.insertions.shift();
      client.inserted = 0;
      this.control(client, insertion.frame);
      return 0;
    }
    const json = pieceOf(insertion, client.inserted);
    const buffer = client.group.encoding.event(JSON.parse(json.toString('utf8')) as FileEvent, () => json);
    client.inserted += 1;
    this.write(client, { buffers: [buffer], bytes: buffer.length, events: 1 });
    return buffer.length;
  }

  /** @returns whether it was handed over; otherwise the connection is at its end */
  private write(
    client: Client,
    encoded: { buffers: readonly Buffer[]; bytes: number; events: number },
  ): boolean {
    const { outlet } = client;
    if (!outlet.isOpen) {
      client.blocked = true;
      return false;
    }
    try {
      client.blocked = !outlet.write(encoded.buffers);
    } catch (error) {
      this.fail(client, error);
      return false;
    }
    client.delivered += encoded.events;
    client.handedBytes += encoded.bytes;
    this.counters.deliveries += encoded.events;
    this.counters.deliveredBytes += encoded.bytes;
    if (client.blocked) this.behind.blocked(client);
    return true;
  }

  /** One client's failure is its own: it is closed, which tells it that events are missing, and the others go on. */
  private fail(client: Client, error: unknown): void {
    this.log.error('delivery failed', { ...this.describe(client), error });
    client.blocked = true;
    client.outlet.close(1011, 'delivery failed');
    if (!client.live) this.lose(client);
  }

  private control(client: Client, frame: ServerFrame): void {
    const buffer = client.group.encoding.control(frame, client.snapshot === undefined);
    if (buffer !== undefined) this.write(client, { buffers: [buffer], bytes: buffer.length, events: 0 });
  }

  /** @param filter the one that events after that position pass, if `run` changes it */
  private whenReached(client: Client, afterSeq: number, run: () => void, filter?: Filter): void {
    if (client.live && afterSeq <= this.frontSeq) {
      run();
      if (client.blocked) this.fallBehind(client, this.frontSeq, client.group.hasBegun);
      return;
    }
    if (client.markers.length >= mostMarkers) {
      client.outlet.close(1008, `more than ${mostMarkers} requests wait for their answers`);
      return;
    }
    client.markers.push({ afterSeq, run, filter });
    this.turns.take(client);
  }

  private gapFor(since: Cursor, client: Client): 'epoch' | 'expired' | undefined {
    if (since.epoch !== this.journal.epoch || since.seq > this.journal.headSeq) return 'epoch';
    // That a root came or went, and what was below it then, is in no journal.
    const needsSnapshot =
      client.wantsSnapshot &&
      this.rootChanges.some((it) => it.afterSeq >= since.seq && takesRoot(client.group.filter, it.root));
    return needsSnapshot || since.seq < this.journal.oldestSeq - 1 ? 'expired' : undefined;
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

  /** @param begun as for {@link Client.begun} */
  private fallBehind(client: Client, seq: number, begun: boolean | number): void {
    client.live = false;
    client.seq = seq;
    client.begun = begun;
    this.behind.add(client);
  }

  /** Finds those who have taken too little for too long; called every second while anybody is behind. */
  checkReaders(): void {
    this.behind.check();
  }

  private closeSlow(client: Client, why: string): void {
    if (client.lost) return;
    this.counters.stalled += 1;
    this.log.warn('client stalled', {
      ...this.describe(client),
      unsentBytes: client.outlet.unsentBytes(),
      why,
    });
    client.outlet.close(1013, why);
    this.lose(client);
  }

  private describe(client: Client): Record<string, unknown> {
    return { client: client.id, name: client.name, address: client.outlet.address };
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
