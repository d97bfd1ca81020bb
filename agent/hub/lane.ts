// A lane: one journal with everything that belongs to it. The default view has one, and each wide view that has clients.
import type { Change } from '../../shared/index.ts';
import type { Journal, NewEvent } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import type { Placed, WideView } from '../watch/index.ts';
import { Backfill } from './backfill.ts';
import { piecesOf } from './batch.ts';
import { type Broadcast, Copy } from './broadcast.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryParts } from './delivery-parts.ts';
import { EntryOrder } from './entry-order.ts';
import { type Filter, isPiece } from './filter.ts';
import { Greeting } from './greeting.ts';
import type { Member } from './group.ts';
import type { SnapshotSource } from './snapshot.ts';

/** What all lanes share. */
export interface LaneParts extends Omit<DeliveryParts, 'interlude' | 'holdMs'> {
  readonly snapshots: SnapshotSource;
  /** The real paths of the roots. */
  readonly roots: () => readonly string[];
  readonly log: Log;
  /** Changes in one event, at most. */
  readonly changesPerEvent: number;
}

/** A journal, what enters it and in which order, and its delivery. */
export class Lane {
  readonly journal: Journal;
  /** Undefined for the default view. */
  readonly view: WideView | undefined;
  readonly order = new EntryOrder();
  readonly delivery: Delivery;
  readonly greeting: Greeting;
  readonly backfill: Backfill;
  private readonly nowMs: () => number;
  private readonly changesPerEvent: number;
  private rootChanges: { readonly afterSeq: number; readonly root: string }[] = [];
  private readonly lostRoots = new Map<string, number>();
  private batches = 0;

  /**
   * @param journal it must have no other writer from here on
   * @param holdMs so long a batch waits for clients that keep up
   */
  constructor(journal: Journal, view: WideView | undefined, holdMs: number, parts: LaneParts) {
    const { snapshots, roots, log } = parts;
    this.journal = journal;
    this.view = view;
    this.nowMs = parts.nowMs;
    this.changesPerEvent = parts.changesPerEvent;
    const interlude = {
      send: (client: Member) => this.backfill.send(client),
      untilSeq: (client: Member) => this.backfill.untilSeq(client),
      overtaken: (client: Member, seq: number) => this.backfill.overtaken(client, seq),
    };
    this.delivery = new Delivery(journal, { ...parts, interlude, holdMs });
    this.greeting = new Greeting(this.delivery, parts.counters, log);
    this.backfill = new Backfill(this.delivery, this.greeting, { journal, view }, snapshots, roots, log);
  }

  /** Changes with every batch: as long as it stays the same, so does what clients know of the files. */
  get filesVersion(): number {
    return this.batches;
  }

  /**
   * Enters a batch of changes: one event, or several of which all but the last are marked `more`. Nothing comes
   * between them. After each there is a turn of the loop, and clients that keep up have the time to read: however
   * large the batch is, the journal does not move past them. Resolves when all is in the journal.
   * @param placed called for each event as soon as it has its number, with its changes
   */
  enterBatch(root: string, changes: readonly Change[], placed?: Placed): Promise<void> {
    return this.order.enterBatch(async () => {
      const sinceMs = this.nowMs();
      this.batches += 1;
      for (const piece of piecesOf(root, changes, this.changesPerEvent)) {
        const seq = this.delivery.put(piece);
        if (piece.type === 'file') placed?.(seq, piece.changes);
        if (isPiece(piece)) await this.delivery.readers.haveRoom(sinceMs);
      }
    });
  }

  /** Enters an event between batches. Resolves when it is in the journal. */
  enterEvent(event: NewEvent): Promise<void> {
    return this.order.enterBatch(async () => {
      this.delivery.put(event);
    });
  }

  /**
   * Enters a message, now or after the batch that is entering.
   * @param heldBytes what it takes in memory if it has to wait
   */
  enterMessage(event: NewEvent, broadcast: Broadcast, heldBytes: number): void {
    const copy = new Copy(broadcast, this.journal, this.delivery.copies);
    broadcast.copies.push(copy);
    broadcast.unsent += 1;
    this.order.enter(() => void this.delivery.put(event, copy), heldBytes);
  }

  /** Enters that what happened in a root until now is not known. */
  enterLostRoot(root: string): Promise<void> {
    return this.order.enterBatch(async () => {
      this.lostRoots.set(root, this.journal.headSeq);
      this.delivery.put({ type: 'gap', reason: 'recrawl', root });
    });
  }

  /** Whether what happened since position `sinceSeq` in a root that the filter takes is not known. */
  hasLostRootSince(sinceSeq: number, filter: Filter): boolean {
    for (const [root, afterSeq] of this.lostRoots) {
      if (afterSeq >= sinceSeq && filter.takesRoot(root)) return true;
    }
    return false;
  }

  /** Notes that a root came or went at the front. */
  noteRootChange(root: string): void {
    // A position before the oldest event can't be resumed anyway.
    const recent = this.rootChanges.filter((old) => old.afterSeq >= this.journal.oldestSeq - 1);
    this.rootChanges = [...recent, { afterSeq: this.delivery.frontSeq, root }];
  }

  /** Whether a root that the filter takes came or went at position `sinceSeq` or after it. */
  hasRootChangeSince(sinceSeq: number, filter: Filter): boolean {
    return this.rootChanges.some(({ afterSeq, root }) => afterSeq >= sinceSeq && filter.takesRoot(root));
  }
}
