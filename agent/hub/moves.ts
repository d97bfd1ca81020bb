// Clients that move from one view to another, since their filter asks for it. What happened up to a moment they have
// from the journal of the view that they were in, everything after it comes from that of the other.
import type { ServerFrame } from '../../shared/index.ts';
import type { ViewHold } from './client.ts';
import type { Filter } from './filter.ts';
import type { Member } from './group.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import type { Registry } from './registry.ts';
import type { SnapshotSource } from './snapshot.ts';

/** Another filter for a client. */
export interface Move {
  readonly filter: Filter;
  /** The wide view that it asks for, crawled; undefined for the default view. The hub releases it. */
  readonly hold?: ViewHold | undefined;
  /** Sent to the client when it has the filter. */
  readonly ack: ServerFrame;
  /** Called when that is handed over; never, if the client leaves before. */
  readonly sent?: (() => void) | undefined;
}

/**
 * So often a client is let catch up with a view before it leaves it. One that still is not there reads more slowly than
 * things happen: it misses the rest, and gets a gap.
 */
const mostRounds = 8;

/** Has clients move between lanes. */
export class Moves {
  private readonly lanes: Lanes;
  private readonly registry: Registry;
  private readonly snapshots: SnapshotSource;

  constructor(lanes: Lanes, registry: Registry, snapshots: SnapshotSource) {
    this.lanes = lanes;
    this.registry = registry;
    this.snapshots = snapshots;
  }

  /** Resolves when the client has moved; maybe never, if it leaves before. */
  async move(client: Member, move: Move): Promise<void> {
    const from = this.lanes.of(client);
    const to = this.lanes.open(move.hold?.view);
    client.nextHold = move.hold;
    for (let round = 1; ; round++) {
      from.delivery.flush();
      await new Promise<void>((resolve) => {
        from.delivery.whenReached(client, from.delivery.frontSeq, resolve);
      });
      const isLast = round >= mostRounds;
      if (!isLast && !hasAll(client, from)) continue;
      // Neither a batch nor a message may be in one of the journals and not yet in the other.
      const step = (): boolean => this.pass(client, from, to, move, isLast);
      if (await this.snapshots.still(() => this.lanes.together(step, [from, to]))) return;
    }
  }

  /** @returns whether it is done: the client may have fallen behind meanwhile */
  private pass(client: Member, from: Lane, to: Lane, move: Move, isLast: boolean): boolean {
    // Whatever it held was released when it left.
    if (this.registry.get(client.id) !== client) return true;
    from.delivery.flush();
    to.delivery.flush();
    if (!isLast && !hasAll(client, from)) return false;
    const missed = from.delivery.frontSeq - from.delivery.seqOf(client);
    from.delivery.moveOut(client);
    from.backfill.release(client);
    client.hold?.release();
    client.hold = move.hold;
    client.nextHold = undefined;
    to.delivery.moveIn(client, move.filter);
    to.delivery.writer.control(client, move.ack);
    move.sent?.();
    if (missed > 0 && client.wantsSnapshot) client.isOutdated = true;
    if (missed > 0 && !client.wantsSnapshot) to.greeting.gap(client, 'slow', missed);
    to.delivery.readOn(client);
    return true;
  }
}

/** Whether a client has got everything that there is for it in its lane. */
function hasAll({ live, seq, markers, insertions, place }: Member, { delivery }: Lane): boolean {
  if (live) return true;
  return seq === delivery.frontSeq && markers.length + insertions.length === 0 && place === undefined;
}
