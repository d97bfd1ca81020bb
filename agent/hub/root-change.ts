// A root that is added, or no longer watched, in the middle of a stream: those who hold what exists get the root's
// entries. The journal itself says nothing of it: nothing on disk changed.
import type { FileRecord } from '../../shared/index.ts';
import type { WideView } from '../watch/index.ts';
import type { Filter } from './filter.ts';
import type { Member } from './group.ts';
import { changesOf } from './insertion.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import type { Registry } from './registry.ts';
import type { SnapshotSource } from './snapshot.ts';

/** A root that was added or removed. */
export interface RootChange {
  readonly root: string;
  /** Whether it is watched from now on, or was until now. */
  readonly watched: boolean;
  /** What is below it in a view, in the default one unless it is given: parents before what is in them. */
  readonly records: (view?: WideView) => Iterable<FileRecord>;
  /**
   * Called in the turn of the loop from which on it holds; returns false where it is not to be after all.
   * @param sinceSeq the first position of the default view's journal that nobody can have seen before it: the next event's
   */
  readonly commit: (sinceSeq: number) => boolean;
}

/** Has roots come and go, and knows after which events they did. */
export class RootChanges {
  private readonly lanes: Lanes;
  private readonly registry: Registry;
  private readonly source: SnapshotSource;

  constructor(lanes: Lanes, registry: Registry, source: SnapshotSource) {
    this.lanes = lanes;
    this.registry = registry;
    this.source = source;
  }

  /** Resolves when the change holds, or was called off. */
  async enter(change: RootChange): Promise<void> {
    /** The entries as each view has them and each filter sees them. */
    const pieces: Pieces = new Map();
    for (;;) {
      const lanes = [...this.lanes];
      // A snapshot is from before this turn, or from after it, in every view.
      const missing = await this.lanes.together(() => this.insert(change, lanes, pieces), lanes);
      if (missing === undefined) return;
      if (missing === 'more lanes') continue;
      const { lane, filter } = missing;
      const seen = pieces.get(lane) ?? new Map<string, readonly string[]>();
      seen.set(filter.key, await changesOf(change.watched, change.records(lane.view), filter));
      pieces.set(lane, seen);
    }
  }

  /**
   * @param lanes those that are between batches now
   * @returns what is missing, and then nothing was done
   */
  private insert(
    { root, watched, commit }: RootChange,
    lanes: readonly Lane[],
    pieces: Pieces,
  ): { readonly lane: Lane; readonly filter: Filter } | 'more lanes' | undefined {
    if ([...this.lanes].some((lane) => !lanes.includes(lane))) return 'more lanes';
    for (const { delivery } of lanes) delivery.flush();
    const clients: { readonly client: Member; readonly lane: Lane; readonly entries: readonly string[] }[] =
      [];
    for (const client of this.registry) {
      const { filter } = client.group;
      if (!client.wantsSnapshot || !filter.takesRoot(root)) continue;
      const lane = this.lanes.of(client);
      const entries = pieces.get(lane)?.get(filter.key);
      if (entries === undefined) return { lane, filter };
      clients.push({ client, lane, entries });
    }
    if (!commit(this.lanes.default.delivery.frontSeq + 1)) return undefined;
    const time = Date.now();
    const frame = { type: 'root', root, watched } as const;
    const { rootsVersion } = this.source;
    for (const { client, lane, entries } of clients) {
      const afterSeq = lane.delivery.frontSeq;
      const event = {
        type: 'file',
        cursor: lane.journal.cursor(afterSeq),
        time,
        topic: 'file',
        root,
      } as const;
      lane.backfill.insert(client, { afterSeq, rootsVersion, frame, event, pieces: entries });
    }
    for (const lane of lanes) lane.noteRootChange(root);
    return undefined;
  }
}

type Pieces = Map<Lane, Map<string, readonly string[]>>;
