// The hub: who is connected, and what enters the journals for them. Delivery is the lanes'.
import { type Change, type Cursor, type JournalEvent, limits, type ServerFrame } from '../../shared/index.ts';
import type { Journal, NewEvent } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import type { Placed, WideView } from '../watch/index.ts';
import { Broadcast } from './broadcast.ts';
import { Broadcasts } from './broadcasts.ts';
import { Client, type Outlet, type ViewHold } from './client.ts';
import { Counters } from './counters.ts';
import type { ReplyOptions } from './delivery-parts.ts';
import type { Encoding } from './encoding.ts';
import { type Filter, isPiece } from './filter.ts';
import { frontBudget } from './front-encoder.ts';
import type { Group, Member } from './group.ts';
import type { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { type Move, Moves } from './moves.ts';
import { Registry } from './registry.ts';
import { type RootChange, RootChanges } from './root-change.ts';
import type { SnapshotSource } from './snapshot.ts';
import { Turns } from './turns.ts';

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
  /** The wide view that the filter asks for, crawled; the hub releases it when the client leaves it. */
  readonly hold?: ViewHold | undefined;
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

/** What journals hold, all together. */
export interface Held {
  readonly events: number;
  readonly bytes: number;
  readonly limitBytes: number;
}

/** Lets events into the journals, and clients to them. */
export class Hub {
  readonly counters = new Counters();
  /** Who is connected. */
  readonly registry: Registry;
  /** What becomes of messages. */
  readonly broadcasts = new Broadcasts();
  private readonly roots: () => readonly string[];
  private readonly snapshots: SnapshotSource;
  private readonly log: Log;
  private readonly turns: Turns<Member>;
  private readonly slowTurns: Turns<Member>;
  private readonly budget = frontBudget();
  private readonly lanes: Lanes;
  private readonly moves: Moves;
  private readonly rootChanges: RootChanges;

  /**
   * @param journal that of the default view
   * @param roots the real paths of the roots, for hello
   */
  constructor(
    journal: Journal,
    roots: () => readonly string[],
    snapshots: SnapshotSource,
    log: Log,
    options: HubOptions = {},
  ) {
    const { counters, broadcasts, budget } = this;
    const { stalledMs = limits.stalledMs, nowMs = () => performance.now() } = options;
    const { changesPerEvent = limits.changesPerEvent } = options;
    this.roots = roots;
    this.snapshots = snapshots;
    this.log = log;
    const slice = (client: Member): boolean => this.lanes.of(client).delivery.catchUp.slice(client);
    const turns = new Turns(slice);
    const slowTurns = new Turns(slice);
    this.turns = turns;
    this.slowTurns = slowTurns;
    const shared = { broadcasts, turns, slowTurns, budget, counters, log, snapshots, roots };
    this.lanes = new Lanes(journal, { ...shared, stalledMs, nowMs, changesPerEvent });
    this.registry = new Registry(counters, log, (client) => {
      const { delivery, journal } = this.lanes.of(client);
      const seq = delivery.seqOf(client);
      const lag = { events: journal.headSeq - seq, bytes: journal.bytesAfter(seq) };
      return { cursor: journal.cursor(seq), lag };
    });
    this.moves = new Moves(this.lanes, this.registry, snapshots);
    this.rootChanges = new RootChanges(this.lanes, this.registry, snapshots);
  }

  /** What all journals hold. */
  get held(): Held {
    const journals = [...this.lanes].map(({ journal }) => journal);
    const sum = (of: (journal: Journal) => number): number =>
      journals.reduce((total, each) => total + of(each), 0);
    return {
      events: sum(({ events }) => events),
      bytes: sum(({ bytes }) => bytes),
      limitBytes: sum(({ limitBytes }) => limitBytes),
    };
  }

  /** The journal of the view that a client is in. */
  journalOf(client: Member): Journal {
    return this.lanes.of(client).journal;
  }

  /** The journal of a view, of the default one unless it is given, and what changes with each of its batches. */
  courseOf(view: WideView | undefined): Pick<Lane, 'journal' | 'filesVersion'> {
    return this.lanes.open(view);
  }

  /** The default view's journal goes on with events from before; to be called before anyone connects. */
  begin(): void {
    const { journal, delivery } = this.lanes.default;
    delivery.begin();
    if (journal.events === 0) return;
    const last = JSON.parse(journal.payload(journal.headSeq).toString('utf8')) as JournalEvent;
    // The rest of a batch that was cut off follows as differences, if at all.
    if (last.type === 'file' && isPiece(last)) delivery.put(restartOf(last.root));
  }

  /** Enters that a root was not watched for a while; the differences follow. */
  async enterRestart(root: string): Promise<void> {
    await Promise.all([...this.lanes].map((lane) => lane.enterEvent(restartOf(root))));
  }

  /**
   * Enters that a root was not watched for a while, during which anything in it may have changed: what clients held of
   * it before is worth nothing. Cursors from before it are too old for them.
   */
  enterLostRoot(root: string): Promise<void> {
    return this.lanes.default.enterLostRoot(root);
  }

  /**
   * Enters a batch of changes into the journal of a view, of the default one unless it is given. One that nobody has
   * asked for yet has none: whoever comes finds the files as they are. Resolves when all is in the journal.
   * @param placed called for each event as soon as it has its number, with its changes
   */
  async enterBatch(
    root: string,
    changes: readonly Change[],
    placed?: Placed,
    view?: WideView,
  ): Promise<void> {
    const lane = view === undefined ? this.lanes.default : this.lanes.get(view);
    await lane?.enterBatch(root, changes, placed);
  }

  /**
   * Enters that everything may have changed: into every journal, or that of the only view that this concerns. Resolves
   * when it is there.
   */
  async enterRecrawl(view?: WideView): Promise<void> {
    const event = { type: 'gap', reason: 'recrawl' } as const;
    const lanes = view === undefined ? [...this.lanes] : [this.lanes.get(view)];
    await Promise.all(lanes.map((lane) => lane?.enterEvent(event)));
  }

  /** A wide view is over: its journal goes. Clients that are still in it are disconnected, and may come back. */
  viewEnded(view: WideView): void {
    const lane = this.lanes.get(view);
    if (lane === undefined) return;
    for (const client of [...this.registry]) {
      if (this.lanes.of(client) === lane) client.outlet.close(1001, 'the view ended');
    }
    this.lanes.drop(lane);
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
    for (const { delivery } of this.lanes) delivery.readers.hurry();
  }

  /** Whether there is memory for one more message: a large batch may be under way, behind which they wait. */
  get hasRoomForMessage(): boolean {
    // Each message waits in every lane that is busy: those that wait longest hold all of them.
    const waiting = [...this.lanes].map(({ order }) => order.waitingBytes);
    return Math.max(...waiting) < limits.heldMessageBytes;
  }

  /**
   * Enters a message; into every journal; it is delivered at the end of the turn of the loop in which it gets there.
   * @param isKept whether it may be asked about more than once
   * @returns by which `broadcasts` tells what became of it
   */
  publish(message: NewMessage, isKept = false): Broadcast {
    const broadcast = new Broadcast(message.topic, isKept);
    const lanes = [...this.lanes];
    const heldBytes = lanes.some(({ order }) => order.isBusy) ? JSON.stringify(message).length : 0;
    const event = { type: 'message', time: Date.now(), ...message } as const;
    for (const lane of lanes) lane.enterMessage(event, broadcast, heldBytes);
    return broadcast;
  }

  /** Registers a client and greets it; from here on it gets what its filter takes. */
  connect({ outlet, name, filter, encoding, since, snapshot, hold }: ConnectRequest): Member {
    const lane = this.lanes.open(hold?.view);
    const { delivery, greeting, backfill } = lane;
    delivery.flush();
    const client = new Client<Group>(
      this.registry.newId(),
      name,
      outlet,
      delivery.groupOf(filter, encoding),
      delivery.frontSeq,
      snapshot && filter.takesFiles,
    );
    client.hold = hold;
    this.registry.add(client);
    client.rootsVersion = this.snapshots.rootsVersion;

    const gap = since === undefined ? undefined : gapFor(since, client, lane);
    const resumed = since !== undefined && gap === undefined;
    let startSeq = delivery.frontSeq;
    if (since !== undefined) startSeq = resumed ? since.seq : lane.journal.oldestSeq - 1;
    delivery.fallBehind(client, startSeq, resumed ? startSeq : false);
    const greet = (roots: readonly string[]): void => {
      delivery.join(client);
      greeting.hello(client, resumed, roots);
      if (since === undefined || gap === undefined) return;
      greeting.gap(client, gap, gap === 'expired' ? client.seq - since.seq : undefined);
    };
    if (client.wantsSnapshot && !resumed) backfill.hold(client, greet);
    else {
      greet(this.roots());
      delivery.readOn(client);
    }
    return client;
  }

  /**
   * Takes a client out, because its connection is gone.
   * @param why goes into the log
   */
  leave(client: Member, why: Readonly<Record<string, unknown>>): void {
    if (!this.registry.delete(client)) return;
    const { delivery, backfill } = this.lanes.of(client);
    delivery.leave(client);
    backfill.release(client);
    client.hold?.release();
    client.nextHold?.release();
    this.log.info('client left', { ...client.describe(), ...why, clients: this.registry.size });
  }

  /** A client's socket has room again. */
  drained(client: Member): void {
    this.lanes.of(client).delivery.drained(client);
  }

  /**
   * Replaces a client's filter: events up to now pass the old one, events from now on the new one. A batch passes as a
   * whole. One that asks for another view moves the client there, once it has got everything of the view that it is in:
   * no event is lost or sent twice. Until what this returns resolves there must be no other such call for the client.
   * @param move the filter, the wide view that it asks for, and what to send when that is done
   */
  resubscribe(client: Member, move: Move): Promise<void> | undefined {
    const lane = this.lanes.of(client);
    if (this.lanes.open(move.hold?.view) !== lane) return this.moves.move(client, move);
    lane.order.enter(() => lane.delivery.resubscribe(client, move.filter, move.ack, move.sent));
    // The same view, asked for once more.
    move.hold?.release();
    return undefined;
  }

  /** Sends a frame that is no event to a client. Whoever asks on its behalf bounds how many wait for that. */
  reply(client: Member, frame: ServerFrame, options?: ReplyOptions): void {
    this.lanes.of(client).delivery.reply(client, frame, options);
  }

  /** Calls `reached` when a client has got everything up to the newest event of now; never, if it leaves before. */
  whenReached(client: Member, reached: () => void): void {
    const { delivery } = this.lanes.of(client);
    delivery.flush();
    delivery.whenReached(client, delivery.frontSeq, reached);
  }

  /** Finds those who have taken too little for too long, as happens every second while anybody is behind. */
  checkReaders(): void {
    for (const { delivery } of this.lanes) delivery.stalls.check();
  }

  /** Hands everything over that sockets take, and closes every client. */
  close(code: number, reason: string): void {
    for (const { delivery } of this.lanes) delivery.close();
    this.turns.close();
    this.slowTurns.close();
    this.budget.close();
    for (const { outlet } of this.registry) outlet.close(code, reason);
  }
}

function restartOf(root: string): NewEvent {
  return { type: 'gap', reason: 'recrawl', restart: true, root };
}

function gapFor(since: Cursor, client: Member, lane: Lane): 'epoch' | 'expired' | undefined {
  const { epoch, headSeq, oldestSeq } = lane.journal;
  if (since.epoch !== epoch || since.seq > headSeq) return 'epoch';
  const { filter } = client.group;
  // That a root came or went, and what was below it then, is in no journal.
  const needsSnapshot = client.wantsSnapshot && lane.hasRootChangeSince(since.seq, filter);
  const lost = filter.takesFiles && lane.hasLostRootSince(since.seq, filter);
  return needsSnapshot || lost || since.seq < oldestSeq - 1 ? 'expired' : undefined;
}
