// The hub: who is connected, and what enters the journal for them. Delivery is the lane's.
import { type Change, type Cursor, limits, type ServerFrame } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import { Backfill } from './backfill.ts';
import { piecesOf } from './batch.ts';
import { Broadcast, type Broadcasts } from './broadcasts.ts';
import { Client, type Outlet } from './client.ts';
import { Counters } from './counters.ts';
import { Lane, type ReplyOptions } from './delivery.ts';
import type { Encoding } from './encoding.ts';
import { EntryOrder } from './entry-order.ts';
import { type Filter, isPiece } from './filter.ts';
import { Greeting } from './greeting.ts';
import type { Group, Member } from './group.ts';
import { Registry } from './registry.ts';
import { type RootChange, RootChanges } from './root-change.ts';
import type { SnapshotSource } from './snapshot.ts';

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

/** Times and sizes that tests set. */
export interface HubOptions {
  /** After how long a client that takes next to nothing is closed. */
  readonly stalledMs?: number;
  /** A clock that only goes forward. */
  readonly nowMs?: () => number;
  /** Changes in one event, at most. */
  readonly changesPerEvent?: number;
}

/** Lets events into the journal, and clients to them. */
export class Hub {
  readonly counters = new Counters();
  /** Who is connected. */
  readonly registry: Registry;
  /** What becomes of messages. */
  readonly broadcasts: Broadcasts;
  private readonly journal: Journal;
  private readonly roots: () => readonly string[];
  private readonly snapshots: SnapshotSource;
  private readonly log: Log;
  private readonly nowMs: () => number;
  private readonly changesPerEvent: number;
  private readonly order = new EntryOrder();
  private readonly lane: Lane;
  private readonly greeting: Greeting;
  private readonly backfill: Backfill;
  private readonly rootChanges: RootChanges;

  /** @param roots the real paths of the roots, for hello */
  constructor(
    journal: Journal,
    roots: () => readonly string[],
    snapshots: SnapshotSource,
    log: Log,
    options: HubOptions = {},
  ) {
    const { counters } = this;
    const { stalledMs = limits.stalledMs, nowMs = () => performance.now() } = options;
    this.journal = journal;
    this.roots = roots;
    this.snapshots = snapshots;
    this.log = log;
    this.nowMs = nowMs;
    this.changesPerEvent = options.changesPerEvent ?? limits.changesPerEvent;
    const interlude = {
      send: (client: Member) => this.backfill.send(client),
      untilSeq: (client: Member) => this.backfill.untilSeq(client),
      overtaken: (client: Member, seq: number) => this.backfill.overtaken(client, seq),
    };
    this.lane = new Lane(journal, { interlude, counters, log, stalledMs, nowMs });
    this.broadcasts = this.lane.broadcasts;
    this.registry = new Registry(counters, log, (client) => {
      const seq = this.lane.seqOf(client);
      const lag = { events: journal.headSeq - seq, bytes: journal.bytesAfter(seq) };
      return { cursor: journal.cursor(seq), lag };
    });
    this.greeting = new Greeting(this.lane, counters, log);
    this.backfill = new Backfill(this.lane, this.greeting, snapshots, roots, log);
    this.rootChanges = new RootChanges(this.order, this.lane, this.registry, this.backfill, snapshots);
  }

  /**
   * Enters a batch of changes: one event, or several of which all but the last are marked `more`. Nothing comes
   * between them. After each there is a turn of the loop, and clients that keep up have the time to read: however
   * large the batch is, the journal does not move past them. Resolves when all is in the journal.
   * @param placed called for each event as soon as it has its number, with its changes
   */
  enterBatch(
    root: string,
    changes: readonly Change[],
    placed?: (seq: number, changes: readonly Change[]) => void,
  ): Promise<void> {
    return this.order.enterBatch(async () => {
      const sinceMs = this.nowMs();
      for (const piece of piecesOf(root, changes, this.changesPerEvent)) {
        const seq = this.lane.put(piece);
        if (piece.type === 'file') placed?.(seq, piece.changes);
        if (isPiece(piece)) await this.lane.readers.haveRoom(sinceMs);
      }
    });
  }

  /** Enters that everything may have changed. Resolves when it is in the journal. */
  enterRecrawl(): Promise<void> {
    return this.order.enterBatch(async () => {
      this.lane.put({ type: 'gap', reason: 'recrawl' });
    });
  }

  /**
   * A root is watched from here on, or no longer. Each client that began with a snapshot gets the root's entries as
   * adds, or unlinks, and a frame that names the root.
   * @param change nothing else of its root is reported until this resolves
   */
  enterRootChange(change: RootChange): Promise<void> {
    return this.rootChanges.enter(change);
  }

  /** From here on batches wait for nobody: the agent stops. */
  hurry(): void {
    this.lane.readers.hurry();
  }

  /** Whether there is memory for one more message: a large batch may be under way, behind which they wait. */
  get hasRoomForMessage(): boolean {
    return this.order.waitingBytes < limits.heldMessageBytes;
  }

  /**
   * Enters a message; it is delivered at the end of the turn of the loop in which it gets into the journal.
   * @param isKept whether it may be asked about more than once
   * @returns by which `broadcasts` tells what became of it
   */
  publish(message: NewMessage, isKept = false): Broadcast {
    const broadcast = new Broadcast(message.topic, isKept);
    const heldBytes = this.order.isBusy ? JSON.stringify(message).length : 0;
    this.order.enter(() => {
      this.lane.put({ type: 'message', time: Date.now(), ...message }, broadcast);
    }, heldBytes);
    return broadcast;
  }

  /** Registers a client and greets it; from here on it gets what its filter takes. */
  connect({ outlet, name, filter, encoding, since, snapshot }: ConnectRequest): Member {
    const { lane } = this;
    lane.flush();
    const client = new Client<Group>(
      this.registry.newId(),
      name,
      outlet,
      lane.groupOf(filter, encoding),
      lane.frontSeq,
      snapshot && filter.takesFiles,
    );
    this.registry.add(client);
    client.rootsVersion = this.snapshots.rootsVersion;

    const gap = since === undefined ? undefined : this.gapFor(since, client);
    const resumed = since !== undefined && gap === undefined;
    let startSeq = lane.frontSeq;
    if (since !== undefined) startSeq = resumed ? since.seq : this.journal.oldestSeq - 1;
    lane.fallBehind(client, startSeq, resumed ? startSeq : false);
    const greet = (roots: readonly string[]): void => {
      lane.join(client);
      this.greeting.hello(client, resumed, roots);
      if (since === undefined || gap === undefined) return;
      this.greeting.gap(client, gap, gap === 'expired' ? client.seq - since.seq : undefined);
    };
    if (client.wantsSnapshot && !resumed) this.backfill.hold(client, greet);
    else {
      greet(this.roots());
      lane.readOn(client);
    }
    return client;
  }

  /**
   * Takes a client out, because its connection is gone.
   * @param why goes into the log
   */
  leave(client: Member, why: Readonly<Record<string, unknown>>): void {
    if (!this.registry.delete(client)) return;
    this.lane.leave(client);
    this.backfill.release(client);
    this.log.info('client left', { ...client.describe(), ...why, clients: this.registry.size });
  }

  /** A client's socket has room again. */
  drained(client: Member): void {
    this.lane.drained(client);
  }

  /**
   * Replaces a client's filter: events up to now pass the old one, events from now on the new one. A batch passes as a
   * whole.
   * @param ack sent to it when that is done
   * @param sent called when that is handed over; never, if the client leaves before
   */
  resubscribe(client: Member, filter: Filter, ack: ServerFrame, sent?: () => void): void {
    this.order.enter(() => this.lane.resubscribe(client, filter, ack, sent));
  }

  /** Sends a frame that is no event to a client. Whoever asks on its behalf bounds how many wait for that. */
  reply(client: Member, frame: ServerFrame, options?: ReplyOptions): void {
    this.lane.reply(client, frame, options);
  }

  /** Calls `reached` when a client has got everything up to the newest event of now; never, if it leaves before. */
  whenReached(client: Member, reached: () => void): void {
    this.lane.whenAtFront(client, reached);
  }

  /** Finds those who have taken too little for too long, as happens every second while anybody is behind. */
  checkReaders(): void {
    this.lane.stalls.check();
  }

  /** Hands everything over that sockets take, and closes every client. */
  close(code: number, reason: string): void {
    this.lane.close();
    for (const { outlet } of this.registry) outlet.close(code, reason);
  }

  private gapFor(since: Cursor, client: Member): 'epoch' | 'expired' | undefined {
    const { epoch, headSeq, oldestSeq } = this.journal;
    if (since.epoch !== epoch || since.seq > headSeq) return 'epoch';
    // That a root came or went, and what was below it then, is in no journal.
    const needsSnapshot = client.wantsSnapshot && this.rootChanges.isAnySince(since.seq, client.group.filter);
    return needsSnapshot || since.seq < oldestSeq - 1 ? 'expired' : undefined;
  }
}
