// Clients that are behind, and the pace at which they read: who keeps up, and whom a large batch waits for.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Journal } from '../journal/index.ts';
import type { Client } from './client.ts';

/** For so long a client may take too little before a batch, or another's snapshot, waits for it no longer. */
const paceMs = 1000;
/** How often a batch that waits looks whether it still has to. */
const roomCheckMs = 2;

/** All that do not stand at the front. */
export class Readers {
  private readonly journal: Journal;
  private readonly holdMs: number;
  private readonly nowMs: () => number;
  private readonly behind = new Set<Client>();
  private hurried = false;

  /**
   * @param holdMs so long a batch waits for clients that keep up, at most
   * @param nowMs a clock that only goes forward
   */
  constructor(journal: Journal, holdMs: number, nowMs: () => number) {
    this.journal = journal;
    this.holdMs = holdMs;
    this.nowMs = nowMs;
  }

  get size(): number {
    return this.behind.size;
  }

  [Symbol.iterator](): Iterator<Client> {
    return this.behind[Symbol.iterator]();
  }

  add(client: Client): void {
    this.behind.add(client);
  }

  delete(client: Client): void {
    this.behind.delete(client);
    client.measured = false;
  }

  /** Whether a client reads as fast as others can be expected to wait for. */
  keepsUp(client: Client): boolean {
    return !client.blocked || client.pace.slowMs(this.nowMs(), client.takenBytes) < paceMs;
  }

  /**
   * Gives the loop turns between the pieces of a batch: one, and more while a client that keeps up has so much to read
   * that the journal could move past it.
   * @param sinceMs when the batch began
   */
  async haveRoom(sinceMs: number): Promise<void> {
    await nextTurn();
    while (!this.hurried && this.nowMs() - sinceMs < this.holdMs && this.isAnyInDanger()) {
      await pause(roomCheckMs);
    }
  }

  /** From here on nobody is waited for. */
  hurry(): void {
    this.hurried = true;
  }

  private isAnyInDanger(): boolean {
    const { journal } = this;
    for (const client of this.behind) {
      // Who waits for a snapshot begins after this batch, and who is behind the journal already has a gap to come.
      if (client.held || client.lost || client.seq < journal.oldestSeq - 1) continue;
      // A slow filter is its client's own affair.
      if (client.group.filter.isSlow) continue;
      if (journal.bytesAfter(client.seq) > journal.limitBytes / 2 && this.keepsUp(client)) return true;
    }
    return false;
  }
}
