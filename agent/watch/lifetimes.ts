// What was there and is no longer: without it nobody could say what went since a position.
import type { EntryKind } from '../../shared/index.ts';

/** An entry that is gone. */
export interface Lifetime {
  /** In keys (names.ts). */
  readonly path: string;
  readonly kind: EntryKind;
  /** The event that reported it; 0 if it was there when its root was added. */
  readonly came: number;
  /** The event that reported its end. */
  readonly went: number;
}

/** The lifetimes that were dropped, summed up: all of them lie between these two numbers. */
export interface DroppedLifetimes {
  /** The lowest `came`. */
  readonly came: number;
  /** The highest `went`; 0 while none was dropped. */
  readonly floor: number;
}

/** Of all roots together: some 30 MB of paths at most, and more than most build directories hold. */
const mostLifetimes = 200_000;

/** How many lifetimes all roots may keep; of the one whose oldest ended first that one goes. */
export class LifetimeBudget {
  private readonly most: number;
  private readonly lists = new Set<Lifetimes>();
  private count = 0;

  constructor(most = mostLifetimes) {
    this.most = most;
  }

  join(list: Lifetimes): void {
    this.lists.add(list);
  }

  /** The root is gone, and its lifetimes with it. */
  leave(list: Lifetimes): void {
    if (this.lists.delete(list)) this.count -= list.size;
  }

  /** One more is kept. */
  spend(): void {
    this.count += 1;
    if (this.count <= this.most) return;
    let oldest: Lifetimes | undefined;
    for (const list of this.lists) {
      if (list.size > 0 && (oldest === undefined || list.firstWent < oldest.firstWent)) oldest = list;
    }
    oldest?.drop();
    this.count -= 1;
  }
}

/** Those of one root, in the order in which they ended. */
export class Lifetimes {
  private readonly budget: LifetimeBudget;
  private items: Lifetime[] = [];
  /** Where the kept ones begin. */
  private first = 0;
  private droppedCame = Number.POSITIVE_INFINITY;
  private floor = 0;

  constructor(budget: LifetimeBudget) {
    this.budget = budget;
    budget.join(this);
  }

  get size(): number {
    return this.items.length - this.first;
  }

  /** When the oldest ended. */
  get firstWent(): number {
    return this.items[this.first]?.went ?? Number.POSITIVE_INFINITY;
  }

  get dropped(): DroppedLifetimes {
    return { came: this.floor === 0 ? 0 : this.droppedCame, floor: this.floor };
  }

  /** @param lifetime it ended no sooner than those before it */
  add(lifetime: Lifetime): void {
    this.items.push(lifetime);
    this.budget.spend();
  }

  /** Forgets the oldest. */
  drop(): void {
    const oldest = this.items[this.first];
    if (oldest === undefined) return;
    this.note({ came: oldest.came, floor: oldest.went });
    this.first += 1;
    if (this.first * 2 < this.items.length) return;
    this.items = this.items.slice(this.first);
    this.first = 0;
  }

  /** Others were dropped earlier. */
  note({ came, floor }: DroppedLifetimes): void {
    if (floor === 0) return;
    this.droppedCame = Math.min(this.droppedCame, came);
    this.floor = Math.max(this.floor, floor);
  }

  /** Whether one that was dropped may have been under way at position `seq`: what came later does not matter to it. */
  mayLack(seq: number): boolean {
    return this.droppedCame <= seq && seq < this.floor;
  }

  /** Those that ended after event `seq`. */
  *since(seq: number): Generator<Lifetime, void> {
    let low = this.first;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.items[middle] as Lifetime).went > seq) high = middle;
      else low = middle + 1;
    }
    // Others may be added or dropped between two steps: dropping never moves what is read here.
    const { items } = this;
    for (let at = low; at < items.length; at++) yield items[at] as Lifetime;
  }

  close(): void {
    this.budget.leave(this);
  }
}
