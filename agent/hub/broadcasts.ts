// What became of each message: how many clients it was for, how many have got it, and who waits to hear that.
import { type BroadcastAnswer, limits } from '../../shared/index.ts';

/** Who waits for an answer. */
interface Asker {
  /** Whether it waits until no client lags. */
  readonly untilAllHave: boolean;
  /** Called once, when there is an answer. */
  settle(error?: unknown): void;
}

/** Whom a message may be for. */
interface Addressee {
  /** Whether the message was counted as being for it. */
  isFor(broadcast: Broadcast): boolean;
}

/** How long an answer is waited for, and by whom. */
export interface Wait {
  /** In milliseconds: the answer comes when no client lags any more, or after this time. */
  readonly waitMs: number;
  /** Has the function called when whoever asked is gone; returns what takes that back. */
  onGone(leave: () => void): () => void;
}

/** A message on its way to the clients. The counts are about those that were connected when it was published. */
export class Broadcast {
  readonly topic: string;
  /** Whether it may be asked about later, and so is followed as long as a client lags. */
  readonly isKept: boolean;
  /** Its event; 0 until it has its place in the journal. */
  seq = 0;
  matched = 0;
  delivered = 0;
  lagging = 0;
  /** Whether it has been handed to the clients that stood at the front, so that the counts say something. */
  isSent = false;
  readonly askers = new Set<Asker>();

  constructor(topic: string, isKept: boolean) {
    this.topic = topic;
    this.isKept = isKept;
  }

  /** It is for so many more clients. */
  matches(clients: number): void {
    this.matched += clients;
    this.lagging += clients;
  }

  /** Some of the clients that it was for have it now. */
  reached(clients: number): void {
    this.lagging -= clients;
    this.delivered += clients;
  }

  /** A client that it was for will not get it. */
  missed(): void {
    this.lagging -= 1;
  }
}

/** The messages that somebody may ask about. */
export class Broadcasts {
  private readonly cursor: (seq: number) => string;
  /** In the order of their events: those of which a client may still get one, and that somebody asks about. */
  private followed: Broadcast[] = [];
  private waiting = 0;

  constructor(cursor: (seq: number) => string) {
    this.cursor = cursor;
  }

  /** Whether one more may wait until no client lags. */
  get hasRoom(): boolean {
    return this.waiting < limits.waiters;
  }

  /** Resolves with the counts: once it is sent, or with `wait` when no client lags or the time is over. */
  answer(broadcast: Broadcast, wait?: Wait): Promise<BroadcastAnswer> {
    if (broadcast.isSent && (wait === undefined || broadcast.lagging === 0)) {
      return Promise.resolve(this.countsOf(broadcast));
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
          if (error === undefined) resolve(this.countsOf(broadcast));
          else reject(error);
        },
      };
      broadcast.askers.add(asker);
      if (wait === undefined) return;
      this.waiting += 1;
      timer = setTimeout(() => this.end(broadcast, asker), wait.waitMs);
      stay = wait.onGone(() => this.end(broadcast, asker, new Error('whoever waited is gone')));
    });
  }

  /** Follows messages that are about to be handed over: newer than all others, and with their counts. */
  follow(sent: readonly Broadcast[]): void {
    this.followed.push(...sent);
  }

  /** They were handed to the clients that stood at the front. */
  sent(sent: readonly Broadcast[]): void {
    for (const broadcast of sent) broadcast.isSent = true;
    this.settle(this.indexAfter((sent[0]?.seq ?? 1) - 1), this.followed.length);
  }

  /** A client that had been behind has been handed the events after `afterSeq` up to `untilSeq`. */
  reached(client: Addressee, afterSeq: number, untilSeq: number): void {
    this.passed(client, afterSeq, untilSeq, (broadcast) => broadcast.reached(1));
  }

  /** A client will not get the events after `afterSeq` up to `untilSeq`; none at all unless that is given. */
  missed(client: Addressee, afterSeq: number, untilSeq: number = Number.MAX_SAFE_INTEGER): void {
    this.passed(client, afterSeq, untilSeq, (broadcast) => broadcast.missed());
  }

  private passed(
    client: Addressee,
    afterSeq: number,
    untilSeq: number,
    change: (broadcast: Broadcast) => void,
  ): void {
    if (this.followed.length === 0) return;
    const from = this.indexAfter(afterSeq);
    const to = this.indexAfter(untilSeq);
    if (from === to) return;
    for (let at = from; at < to; at++) {
      const broadcast = this.followed[at] as Broadcast;
      if (client.isFor(broadcast)) change(broadcast);
    }
    this.settle(from, to);
  }

  private end(broadcast: Broadcast, asker: Asker, error?: unknown): void {
    // One that has not been sent yet has no counts: it waits behind a large batch.
    if (error === undefined && !broadcast.isSent) {
      void this.answer(broadcast).then(() => asker.settle());
      return;
    }
    asker.settle(error);
    const at = this.indexAfter(broadcast.seq - 1);
    if (this.followed[at] === broadcast) this.settle(at, at + 1);
  }

  /** Answers whom there is an answer for, and follows on only what somebody asks about. */
  private settle(from: number, to: number): void {
    const kept: Broadcast[] = [];
    for (const broadcast of this.followed.slice(from, to)) {
      const { askers, isSent, isKept, lagging } = broadcast;
      if (isSent) {
        for (const asker of askers) if (!asker.untilAllHave || lagging === 0) asker.settle();
      }
      if (!isSent || (lagging > 0 && (isKept || askers.size > 0))) kept.push(broadcast);
    }
    if (kept.length < to - from) this.followed.splice(from, to - from, ...kept);
  }

  /** How many of those followed are not after event `seq`. */
  private indexAfter(seq: number): number {
    let low = 0;
    let high = this.followed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.followed[middle] as Broadcast).seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private countsOf({ seq, matched, delivered, lagging }: Broadcast): BroadcastAnswer {
    return { cursor: this.cursor(seq), matched, delivered, lagging };
  }
}
