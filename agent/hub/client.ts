// One connected client: who it is, what it wants, and how far it has got.
import type { Transport } from '../../shared/index.ts';
import type { Encoding } from './encoding.ts';
import type { Filter } from './filter.ts';
import type { Snapshot } from './snapshot.ts';

/** The writing end of a client's connection. What a client sends is not the hub's affair. */
export interface Outlet {
  readonly transport: Transport;
  /** Where it comes from, for people. */
  readonly address: string;
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

/** What the clients of a group share. */
export interface ClientGroup {
  readonly filter: Filter;
  readonly encoding: Encoding;
}

/** Something to be done when a client has got everything up to a position. */
export interface Marker {
  readonly afterSeq: number;
  readonly run: () => void;
}

/** Where a client stands. Only the hub changes one. */
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
  /** Since when it has taken nothing, while `blocked`. */
  stalledSinceMs = 0;
  lastUnsentBytes = 0;
  /** Events handed to its socket. */
  delivered = 0;
  gaps = 0;
  /** Whether it gets what exists before the changes, at first and after a gap. */
  readonly wantsSnapshot: boolean;
  /** Whether it waits for a snapshot, and gets nothing before. */
  held = false;
  /** What is left of the snapshot that it gets before anything else. */
  snapshot: { readonly taken: Snapshot; sent: number } | undefined;
  /** In the order of their positions. */
  readonly markers: Marker[] = [];

  constructor(id: string, name: string, outlet: Outlet, group: G, seq: number, wantsSnapshot = false) {
    this.id = id;
    this.name = name;
    this.outlet = outlet;
    this.group = group;
    this.seq = seq;
    this.wantsSnapshot = wantsSnapshot;
  }
}
