// The lanes of a hub: that of the default view, and one for each wide view from its first client until the view ends.
import { limits } from '../../shared/index.ts';
import { Journal } from '../journal/index.ts';
import type { WideView } from '../watch/index.ts';
import type { Member } from './group.ts';
import { Lane, type LaneParts } from './lane.ts';

/** All lanes. */
export class Lanes {
  /** That of the default view. */
  readonly default: Lane;
  private readonly parts: LaneParts;
  private readonly wide = new Map<string, Lane>();
  private readonly all = new Set<Lane>();
  /** Also those that were let go of, as long as a client is in one. */
  private readonly byJournal = new WeakMap<Journal, Lane>();

  /** @param journal that of the default view */
  constructor(journal: Journal, parts: LaneParts) {
    this.parts = parts;
    this.default = new Lane(journal, undefined, limits.batchHoldMs, parts);
    this.add(this.default);
  }

  /** That of the default view first. */
  [Symbol.iterator](): Iterator<Lane> {
    return this.all.values();
  }

  /** The lane of a view, of the default one unless it is given; a wide view that has none yet gets one. */
  open(view: WideView | undefined): Lane {
    if (view === undefined) return this.default;
    let lane = this.wide.get(view.id);
    if (lane === undefined) {
      lane = new Lane(new Journal(limits.wideJournalBytes), view, limits.wideBatchHoldMs, this.parts);
      this.wide.set(view.id, lane);
      this.add(lane);
    }
    return lane;
  }

  /** The lane of a wide view, if it has one. */
  get(view: WideView): Lane | undefined {
    return this.wide.get(view.id);
  }

  /** The lane that a client is in. */
  of(client: Member): Lane {
    return this.byJournal.get(client.group.journal) ?? this.default;
  }

  /** Lets go of a wide view's lane: what its journal held is gone. */
  drop(lane: Lane): void {
    if (lane.view === undefined) return;
    lane.delivery.close();
    this.wide.delete(lane.view.id);
    this.all.delete(lane);
  }

  /**
   * Runs `step` when no batch is on its way into any of these lanes: what is in one journal then is in the others, too,
   * as far as it concerns them. The lane of the default view never waits for a batch of another.
   * @param lanes by default all
   */
  async together<T>(step: () => T, lanes: Iterable<Lane> = this): Promise<T> {
    const wanted = new Set(lanes);
    // Always in the same order, so that two callers never wait for each other; the default one last.
    const [first, ...others] = [...this.all].reverse().filter((lane) => wanted.has(lane));
    if (first === undefined) return step();
    if (others.length === 0) {
      return new Promise((resolve, reject) => {
        first.order.enter(() => {
          try {
            resolve(step());
          } catch (error) {
            reject(error);
          }
        });
      });
    }
    let result: { readonly value: T } | undefined;
    await first.order.enterBatch(async () => {
      result = { value: await this.together(step, others) };
    });
    // Set by now: the batch is over, and did not fail.
    return (result as { readonly value: T }).value;
  }

  private add(lane: Lane): void {
    this.all.add(lane);
    this.byJournal.set(lane.journal, lane);
  }
}
