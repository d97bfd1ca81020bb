// A root that is added, or no longer watched, in the middle of a stream: those who hold what exists get the root's
// entries. The journal itself says nothing of it: nothing on disk changed.
import type { FileRecord } from '../../shared/index.ts';
import type { Backfill } from './backfill.ts';
import type { Lane } from './delivery.ts';
import type { EntryOrder } from './entry-order.ts';
import type { Filter } from './filter.ts';
import { changesOf } from './insertion.ts';
import type { Registry } from './registry.ts';
import type { SnapshotSource } from './snapshot.ts';

/** A root that was added or removed. */
export interface RootChange {
  readonly root: string;
  /** Whether it is watched from now on, or was until now. */
  readonly watched: boolean;
  /** What is below it, parents before what is in them. */
  readonly records: () => Iterable<FileRecord>;
  /**
   * Called in the turn of the loop from which on it holds; returns false where it is not to be after all.
   * @param sinceSeq the first position that nobody can have seen before it: the next event's
   */
  readonly commit: (sinceSeq: number) => boolean;
}

/** Has roots come and go, and knows after which events they did. */
export class RootChanges {
  private readonly order: EntryOrder;
  private readonly lane: Lane;
  private readonly registry: Registry;
  private readonly backfill: Backfill;
  private readonly source: SnapshotSource;
  private changes: { readonly afterSeq: number; readonly root: string }[] = [];

  constructor(order: EntryOrder, lane: Lane, registry: Registry, backfill: Backfill, source: SnapshotSource) {
    this.order = order;
    this.lane = lane;
    this.registry = registry;
    this.backfill = backfill;
    this.source = source;
  }

  /** Whether a root that the filter takes came or went at position `sinceSeq` or after it. */
  isAnySince(sinceSeq: number, filter: Filter): boolean {
    return this.changes.some(({ afterSeq, root }) => afterSeq >= sinceSeq && filter.takesRoot(root));
  }

  /** Resolves when the change holds, or was called off. */
  async enter(change: RootChange): Promise<void> {
    /** The entries as each filter sees them. */
    const pieces = new Map<string, readonly string[]>();
    for (;;) {
      // A snapshot is from before this turn, or from after it.
      const missing = await new Promise<Filter | undefined>((resolve) => {
        this.order.enter(() => resolve(this.insert(change, pieces)));
      });
      if (missing === undefined) return;
      pieces.set(missing.key, await changesOf(change.watched, change.records(), missing));
    }
  }

  /** @returns a filter whose pieces are missing, and then nothing was done */
  private insert(
    { root, watched, commit }: RootChange,
    pieces: ReadonlyMap<string, readonly string[]>,
  ): Filter | undefined {
    const { lane } = this;
    lane.flush();
    const clients = [...this.registry].filter(
      ({ wantsSnapshot, group }) => wantsSnapshot && group.filter.takesRoot(root),
    );
    const missing = clients.find(({ group }) => !pieces.has(group.filter.key));
    if (missing !== undefined) return missing.group.filter;
    const afterSeq = lane.frontSeq;
    if (!commit(afterSeq + 1)) return undefined;
    const time = Date.now();
    const event = { type: 'file', cursor: lane.journal.cursor(afterSeq), time, topic: 'file', root } as const;
    const frame = { type: 'root', root, watched } as const;
    const { rootsVersion } = this.source;
    for (const client of clients) {
      const entries = pieces.get(client.group.filter.key) ?? [];
      this.backfill.insert(client, { afterSeq, rootsVersion, frame, event, pieces: entries });
    }
    // A position before the oldest event can't be resumed anyway.
    const recent = this.changes.filter((old) => old.afterSeq >= lane.journal.oldestSeq - 1);
    this.changes = [...recent, { afterSeq, root }];
    return undefined;
  }
}
