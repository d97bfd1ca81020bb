// Which of the newest events are encoded at once, for whole groups, and which ones their clients read from the journal.
import { limits, SliceClock, TurnBudget } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Encoded, Group, Recent } from './group.ts';

/**
 * For so long in a turn of the loop events are encoded for the clients at the front, group after group; those of the
 * other groups read them from the journal, as everybody does who is behind.
 */
const frontMs = 4;
/** Events of so many bytes are encoded quickly for every group. */
const smallBytes = 4096;

/** The time of each turn of the loop for that, which all lanes share. */
export function frontBudget(): TurnBudget {
  return new TurnBudget(frontMs);
}

/** Whether these events are quickly encoded for any group. */
export function isQuicklyEncoded(recent: readonly Recent[]): boolean {
  return (
    recent.reduce((sum, { bytes }) => sum + bytes, 0) <= smallBytes &&
    !recent.some(({ event }) => event.type === 'file')
  );
}

/** Encodes the newest events of one journal, for as long as a turn of the loop can spare. */
export class FrontEncoder {
  private readonly journal: Journal;
  private readonly budget: TurnBudget;

  /** @param budget what a turn of the loop may spend on that; see `frontBudget` */
  constructor(journal: Journal, budget: TurnBudget) {
    this.journal = journal;
    this.budget = budget;
  }

  /**
   * Encodes the newest events for a group.
   * @param afterSeq where its live clients stand
   * @param isQuick what `isQuicklyEncoded` says of the events
   * @returns undefined if the clients have to read them from the journal, as far as they are still there
   */
  encode(group: Group, recent: readonly Recent[], afterSeq: number, isQuick: boolean): Encoded | undefined {
    // In one turn there may be more than the journal holds: what is gone of it everybody has missed.
    if (afterSeq < this.journal.oldestSeq - 1 || group.mustRead(recent)) return undefined;
    const limitBytes = limits.sendAheadBytes;
    if (group.isPlain || isQuick) return group.encodeRecent(recent, afterSeq, limitBytes);
    const leftMs = this.budget.left;
    if (leftMs === 0 || !group.isLive) return undefined;
    const startedMs = performance.now();
    try {
      return group.encodeRecent(recent, afterSeq, limitBytes, new SliceClock(leftMs));
    } finally {
      this.budget.spend(performance.now() - startedMs);
    }
  }
}
