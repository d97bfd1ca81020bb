// One connected client: who it is, what it wants, and how far it has got.
import { limits, type Transport } from '../../shared/index.ts';
import type { WideView } from '../watch/index.ts';
import type { Encoding } from './encoding.ts';
import type { Filter } from './filter.ts';
import type { Insertion } from './insertion.ts';
import { Pace } from './pace.ts';
import type { Sifting } from './sifting.ts';
import type { Snapshot, SnapshotPlace } from './snapshot.ts';

/** The writing end of a client's connection. What a client sends is not the hub's affair. */
export interface Outlet {
  readonly transport: Transport;
  /** Where it comes from, for people. */
  readonly address: string;
  /** Whether anything that is handed over may still arrive: not once either side has begun to close. */
  readonly isOpen: boolean;
  /**
   * Hands bytes over. Returns false when the socket is full: then the next write has to wait for the
   * hub's `drained`.
   */
  write(buffers: readonly Buffer[]): boolean;
  /** Bytes handed over that the kernel has not taken yet. */
  unsentBytes(): number;
  /** Ends the connection with a WebSocket close code, or as near to it as the transport comes. */
  close(code: number, reason: string): void;
}

/** A wide view that somebody needs. */
export interface ViewHold {
  readonly view: WideView;
  /** Needs it no longer. To be called once. */
  release(): void;
}

/** What the clients of a group share. */
export interface ClientGroup {
  readonly filter: Filter;
  readonly encoding: Encoding;
}

/** Something to be done when a client has got everything up to a position. */
export interface Marker {
  readonly afterSeq: number;
  readonly run: () => void;
  /** The filter that events after that position pass, if it is another. */
  readonly filter?: Filter | undefined;
}

/** Where a client stands. Only the hub's parts change one. */
export class Client<G extends ClientGroup = ClientGroup> {
  readonly id: string;
  readonly name: string;
  readonly outlet: Outlet;
  readonly connectedAt = new Date();
  group: G;
  /** Everything up to this event was handed to its socket or is none of its filter; meaningless while `live`. */
  seq: number;
  /** Whether it stands where the hub delivers: then it needs no position of its own. */
  live = false;
  /** Whether its socket is full. */
  blocked = false;
  /** Whether its connection is over: nothing is handed over any more. */
  lost = false;
  /** Bytes handed to its socket, ever. */
  handedBytes = 0;
  /** Whether its pace is measured: it is blocked, and was at the last look. */
  measured = false;
  /** For how long it has taken too little to be of use, and to be waited for. */
  readonly stall = new Pace(limits.stalledBytes);
  readonly pace = new Pace(limits.paceBytesPerSecond);
  /** The newest event when it joined: only messages after it count it. */
  joinedSeq = Number.POSITIVE_INFINITY;
  /**
   * Whether the batch that ends in its position, if that is in the midst of one, has shown itself to it. A number
   * while that is not known: the piece to look at next.
   */
  begun: boolean | number = false;
  /** How far it has looked through the event after its position, or the one that `begun` names. */
  sifting: Sifting | undefined;
  /** Events handed to its socket. */
  delivered = 0;
  gaps = 0;
  private readonly beginsWithSnapshot: boolean;
  /** While it waits for a snapshot, and gets nothing before, and while it gets one. */
  place: SnapshotPlace | undefined;
  /** What is left of the snapshot that it gets before anything else. */
  snapshot: { readonly taken: Snapshot; sent: number } | undefined;
  /** The roots that its last `hello` named. */
  roots: readonly string[] = [];
  /** What it gets between events, in the order of the positions. */
  insertions: Insertion[] = [];
  /** How many pieces of the first of them it has got. */
  inserted = 0;
  /** Its snapshot has to be of these roots, or of later ones; see {@link SnapshotSource.rootsVersion}. */
  rootsVersion = 0;
  /** Whether it is not worth being told of all the roots that came and went, and gets a fresh snapshot. */
  isOutdated = false;
  /** The wide view that it is in, held until it leaves that. */
  hold: ViewHold | undefined;
  /** The wide view that it is about to move to. */
  nextHold: ViewHold | undefined;
  /** In the order of their positions. */
  readonly markers: Marker[] = [];

  constructor(id: string, name: string, outlet: Outlet, group: G, seq: number, beginsWithSnapshot = false) {
    this.id = id;
    this.name = name;
    this.outlet = outlet;
    this.group = group;
    this.seq = seq;
    this.beginsWithSnapshot = beginsWithSnapshot;
  }

  /** Whether it waits for a snapshot. */
  get held(): boolean {
    return this.place !== undefined && this.snapshot === undefined;
  }

  /** Whether it gets what exists before the changes, at first and after a gap. */
  get wantsSnapshot(): boolean {
    return this.beginsWithSnapshot && this.group.filter.takesFiles;
  }

  /** Bytes that the kernel has taken for it, ever. */
  get takenBytes(): number {
    return this.handedBytes - this.outlet.unsentBytes();
  }

  /** Its socket is full: from now on it is measured what it takes. */
  measure(nowMs: number): void {
    if (this.measured) return;
    this.measured = true;
    const { takenBytes } = this;
    this.stall.begin(nowMs, takenBytes);
    this.pace.begin(nowMs, takenBytes);
  }

  /** Who it is, as fields of a log line. */
  describe(): Record<string, unknown> {
    return { client: this.id, name: this.name, address: this.outlet.address };
  }

  /** The filter that event `seq`, which it has not passed yet, will meet. */
  filterAt(seq: number): Filter {
    let { filter } = this.group;
    for (const marker of this.markers) {
      if (marker.afterSeq >= seq) break;
      filter = marker.filter ?? filter;
    }
    return filter;
  }

  /** Whether a message was counted as being for it. */
  isFor(message: { readonly seq: number; readonly topic: string }): boolean {
    return message.seq > this.joinedSeq && this.filterAt(message.seq).takesTopic(message.topic);
  }
}
