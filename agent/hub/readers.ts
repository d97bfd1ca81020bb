// Clients that are behind, and the pace at which they read: who stalls, who keeps up, and whom a large batch waits for.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { limits } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Client } from './client.ts';

const stallCheckMs = 1000;
/** For so long a client may take too little before a batch, or another's snapshot, waits for it no longer. */
const paceMs = 1000;
/** How often a batch that waits looks whether it still has to. */
const roomCheckMs = 2;

/** All that do not stand at the front. */
export class Readers<C extends Client> {
  private readonly journal: Journal;
  private readonly stalledMs: number;
  private readonly nowMs: () => number;
  private readonly stalled: (client: C) => void;
  private readonly behind = new Set<C>();
  /** Runs while there are any. */
  private timer: NodeJS.Timeout | undefined;
  private hurried = false;

  /**
   * @param stalledMs after how long a client that takes next to nothing is one that stalls
   * @param nowMs a clock that only goes forward
   * @param stalled called for each that does
   */
  constructor(journal: Journal, stalledMs: number, nowMs: () => number, stalled: (client: C) => void) {
    this.journal = journal;
    this.stalledMs = stalledMs;
    this.nowMs = nowMs;
    this.stalled = stalled;
  }

  get size(): number {
    return this.behind.size;
  }

  add(client: C): void {
    this.behind.add(client);
    this.timer ??= setInterval(() => this.check(), stallCheckMs).unref();
  }

  delete(client: C): void {
    this.behind.delete(client);
    client.measured = false;
  }

  /** A client's socket is full: from now on it is measured what it takes. */
  blocked(client: C): void {
    if (client.measured) return;
    client.measured = true;
    const { takenBytes } = client;
    client.stall.begin(this.nowMs(), takenBytes);
    client.pace.begin(this.nowMs(), takenBytes);
  }

  /** Finds those who have taken too little for too long; called every second while there are any at all. */
  check(): void {
    if (this.behind.size === 0) this.close();
    for (const client of this.behind) {
      if (!client.blocked) client.measured = false;
      else if (client.stall.slowMs(this.nowMs(), client.takenBytes) >= this.stalledMs) this.stalled(client);
    }
  }

  /** Whether a client reads as fast as others can be expected to wait for. */
  keepsUp(client: C): boolean {
    return !client.blocked || client.pace.slowMs(this.nowMs(), client.takenBytes) < paceMs;
  }

  /**
   * Gives the loop turns between the pieces of a batch: one, and more while a client that keeps up has so much to read
   * that the journal could move past it.
   * @param sinceMs when the batch began
   */
  async haveRoom(sinceMs: number): Promise<void> {
    await nextTurn();
    while (!this.hurried && this.nowMs() - sinceMs < limits.batchHoldMs && this.isAnyInDanger()) {
      await pause(roomCheckMs);
    }
  }

  /** From here on nobody is waited for. */
  hurry(): void {
    this.hurried = true;
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private isAnyInDanger(): boolean {
    const { journal } = this;
    for (const client of this.behind) {
      // Who waits for a snapshot begins after this batch, and who is behind the journal already has a gap to come.
      if (client.held || client.lost || client.seq < journal.oldestSeq - 1) continue;
      if (journal.bytesAfter(client.seq) > journal.limitBytes / 2 && this.keepsUp(client)) return true;
    }
    return false;
  }
}
