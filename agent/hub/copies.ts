// The messages of one lane that are followed: as its clients get them, or miss them, that is counted.
import type { Broadcast, Copy } from './broadcast.ts';

/** Whom a message may be for. */
interface Addressee {
  /** Whether the message was counted as being for it. */
  isFor(copy: Copy): boolean;
}

/** The copies in one lane of which a client may still get one, and that somebody asks about. */
export class Copies {
  private readonly settle: (broadcast: Broadcast) => void;
  /** In the order of their events. */
  private followed: Copy[] = [];

  /** @param settle answers those who ask about a message, if there is an answer */
  constructor(settle: (broadcast: Broadcast) => void) {
    this.settle = settle;
  }

  /** Follows messages that are about to be handed over: newer than all others, and with their counts. */
  follow(sent: readonly Copy[]): void {
    this.followed.push(...sent);
  }

  /** They were handed to the clients that stood at the front. */
  sent(sent: readonly Copy[]): void {
    for (const copy of sent) {
      copy.isSent = true;
      copy.broadcast.unsent -= 1;
    }
    this.look(this.indexAfter((sent[0]?.seq ?? 1) - 1), this.followed.length);
  }

  /** A client that had been behind has been handed the events after `afterSeq` up to `untilSeq`. */
  reached(client: Addressee, afterSeq: number, untilSeq: number): void {
    this.passed(client, afterSeq, untilSeq, (copy) => copy.reached(1));
  }

  /** A client will not get the events after `afterSeq` up to `untilSeq`; none at all unless that is given. */
  missed(client: Addressee, afterSeq: number, untilSeq: number = Number.MAX_SAFE_INTEGER): void {
    this.passed(client, afterSeq, untilSeq, (copy) => copy.missed());
  }

  /** Follows a copy no further. */
  drop(copy: Copy): void {
    const at = this.indexAfter(copy.seq - 1);
    if (this.followed[at] === copy) this.followed.splice(at, 1);
  }

  private passed(client: Addressee, afterSeq: number, untilSeq: number, change: (copy: Copy) => void): void {
    if (this.followed.length === 0) return;
    const from = this.indexAfter(afterSeq);
    const to = this.indexAfter(untilSeq);
    if (from === to) return;
    for (const copy of this.followed.slice(from, to)) if (client.isFor(copy)) change(copy);
    this.look(from, to);
  }

  /** Answers whoever there is an answer for, and goes on following only what has a reason. */
  private look(from: number, to: number): void {
    const seen = this.followed.slice(from, to);
    for (const { broadcast } of seen) this.settle(broadcast);
    const first = seen[0];
    const last = seen.at(-1);
    if (first === undefined || last === undefined) return;
    const kept = seen.filter((copy) => copy.isFollowed);
    if (kept.length === seen.length) return;
    // Some may have been dropped by their answers.
    const start = this.indexAfter(first.seq - 1);
    this.followed.splice(start, this.indexAfter(last.seq) - start, ...kept);
  }

  /** How many of those followed are not after event `seq`. */
  private indexAfter(seq: number): number {
    let low = 0;
    let high = this.followed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.followed[middle] as Copy).seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
