// Tells a touch from a write. A chmod to the same mode, a chown to the same owner, an extended attribute or times
// set to what they were move an entry's ctime and nothing else that lstat shows. A write that is followed by
// setting the mtime back (cp -p, rsync, tar over an existing file) looks just the same, and is a change. Two things
// tell them apart:
//
// - The kernel queues a hint for each, and joins two only if they are the same and nothing came between: a write
//   and the setting of the time are two hints at least. So one alone, of an entry whose mtime is what it was, was a
//   touch. The second may still be in the queue at the time of the look, so it is waited for (turns.ts).
// - The contents, where they are known: they are read when such a change is seen for the first time, so that of
//   the next one it is known whether it was a write.
//
// What neither decides is told as a change.

import type { Difference, Youth } from './tree-index.ts';
import type { Turns } from './turns.ts';

/** What the hints since the last look say about an entry. */
export type Evidence = 'none' | 'once' | 'often' | 'certain';

const order: readonly Evidence[] = ['none', 'once', 'often', 'certain'];

/** Contents that are remembered, by their hashes: some 3 MB. The oldest are forgotten first. */
const mostKnown = 16_384;

/** What two hints about the same entry say together. */
export function both(a: Evidence | undefined, b: Evidence): Evidence {
  if (a === undefined) return b;
  const rank = Math.max(order.indexOf(a), order.indexOf(b));
  return rank === 1 ? 'often' : (order[rank] as Evidence);
}

/** Knows the contents of entries that were touched. */
export class Touches {
  private readonly turns: Turns;
  private readonly contents = new Map<string, string>();
  /** Entries that were taken to be touched on the strength of one hint, with the turn of the look. */
  private readonly fresh = new Map<string, number>();

  constructor(turns: Turns) {
    this.turns = turns;
  }

  /** Whether a hint that comes now may belong to a change that was taken for a touch. */
  isLate(path: string): boolean {
    const turn = this.fresh.size === 0 ? undefined : this.fresh.get(path);
    return turn !== undefined && this.turns.mayConcern(turn, this.turns.now);
  }

  /** An entry was told to be new, gone or different: what was known of its contents is out of date. */
  forget(path: string): void {
    if (this.contents.size > 0) this.contents.delete(path);
  }

  /**
   * Whether an entry of which lstat shows no difference but the ctime's has to be told as changed.
   * @param evidence all that the hints say that have come so far
   * @param read gives the hash of its contents, undefined if there is none to be had
   */
  isWrite(
    path: string,
    difference: Difference,
    youth: Youth,
    evidence: Evidence,
    read: () => string | undefined,
  ): boolean {
    if (evidence === 'certain') {
      this.learn(path, read());
      return true;
    }
    if (difference === 'none') {
      if (!leavesNoTrace(youth, evidence)) return false;
      // To read what is written to again and again would cost more than to tell it once too often.
      if (!this.contents.has(path)) return true;
    }
    const isTouch = difference === 'ctime' && evidence === 'once';
    const known = this.contents.get(path);
    // Where a whole tree is touched, not all of it has to be read.
    if (known !== undefined || !isTouch || this.contents.size < mostKnown) {
      const contents = read();
      this.learn(path, contents);
      if (known !== undefined && contents !== undefined) return known !== contents;
    }
    if (isTouch) this.noteTouch(path);
    return !isTouch;
  }

  private noteTouch(path: string): void {
    const turn = this.turns.looked();
    // All are of the same age or older.
    for (const [other, lookedTurn] of this.fresh) {
      if (this.turns.mayConcern(lookedTurn, turn)) break;
      this.fresh.delete(other);
    }
    this.fresh.delete(path);
    this.fresh.set(path, turn);
  }

  private learn(path: string, contents: string | undefined): void {
    this.contents.delete(path);
    if (contents === undefined) return;
    this.contents.set(path, contents);
    if (this.contents.size <= mostKnown) return;
    for (const oldest of this.contents.keys()) {
      this.contents.delete(oldest);
      break;
    }
  }
}

/** Whether a write since the last look may not show in lstat at all, and there was a hint that could be its. */
function leavesNoTrace(youth: Youth, evidence: Evidence): boolean {
  if (youth === 'mtime') return evidence !== 'none';
  return youth === 'ctime' && evidence === 'often';
}
