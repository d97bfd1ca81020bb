// What became of each message: how many clients it was for, how many have got it, in all lanes together, and who waits
// to hear that.
import { type BroadcastAnswer, limits } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Asker, Broadcast } from './broadcast.ts';

/** How long an answer is waited for, and by whom. */
export interface Wait {
  /** In milliseconds: the answer comes when no client lags any more, or after this time. */
  readonly waitMs: number;
  /** Has the function called when whoever asked is gone; returns what takes that back. */
  onGone(leave: () => void): () => void;
}

/** The messages that somebody asks about. */
export class Broadcasts {
  private waiting = 0;

  /** Whether one more may wait until no client lags. */
  get hasRoom(): boolean {
    return this.waiting < limits.waiters;
  }

  /**
   * Resolves with the counts: once it is sent, or with `wait` when no client lags or the time is over.
   * @param journal gives the journal that the answer's cursor is of, when there is an answer; by default that of the
   *   default view
   */
  answer(broadcast: Broadcast, wait?: Wait, journal?: () => Journal): Promise<BroadcastAnswer> {
    if (broadcast.isSent && (wait === undefined || broadcast.lagging === 0)) {
      return Promise.resolve(countsOf(broadcast, journal?.()));
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      let stay: (() => void) | undefined;
      const asker: Asker = {
        untilAllHave: wait !== undefined,
        settle: (error) => {
          if (!broadcast.askers.delete(asker)) return;
          clearTimeout(timer);
          stay?.();
          if (wait !== undefined) this.waiting -= 1;
          if (error === undefined) resolve(countsOf(broadcast, journal?.()));
          else reject(error);
          for (const copy of broadcast.copies) copy.prune();
        },
      };
      broadcast.askers.add(asker);
      if (wait === undefined) return;
      this.waiting += 1;
      timer = setTimeout(() => this.end(broadcast, asker), wait.waitMs);
      stay = wait.onGone(() => this.end(broadcast, asker, new Error('whoever waited is gone')));
    });
  }

  /** Answers those who ask about a message, if there is an answer. */
  settle(broadcast: Broadcast): void {
    if (!broadcast.isSent) return;
    for (const asker of broadcast.askers) {
      if (!asker.untilAllHave || broadcast.lagging === 0) asker.settle();
    }
  }

  private end(broadcast: Broadcast, asker: Asker, error?: unknown): void {
    // One that has not been sent yet has no counts: it waits behind a large batch.
    if (error === undefined && !broadcast.isSent) void this.answer(broadcast).then(() => asker.settle());
    else asker.settle(error);
  }
}

function countsOf(broadcast: Broadcast, journal: Journal | undefined): BroadcastAnswer {
  const { matched, delivered, lagging } = broadcast;
  return { cursor: broadcast.cursor(journal), matched, delivered, lagging };
}
