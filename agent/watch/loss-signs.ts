// The signs that the kernel dropped hints. It says so (IN_Q_OVERFLOW), but libuv passes that over in silence, so
// it has to be inferred: https://github.com/libuv/libuv/issues/3338
//
// How many hints come in one turn of the loop says little: libuv reads until the queue is empty, and on a busy
// disk that can take long. How many the queue holds can be measured: a cookie that is written now (barrier.ts)
// has its hint behind all that are queued, so those that come before it were waiting when it was written.
import { readFileSync } from 'node:fs';

/** The kernel's default, where it can't be read. */
const defaultQueueLength = 16_384;
/** Parts of the queue after each of which its length is measured; a full queue is noticed within two of them. */
const parts = 16;
/** No part is longer, however long the queue: so many hints are read in some milliseconds. */
const longestPart = 1024;
/** Hints come no more than so many times as fast as they are read: while a queue is read, one at most so many times as long grows. */
const fastest = 3;
/** A turn that has read so many full queues may never end, however long the queue is. */
const longestTurn = 2;
/** While watches are closed one by one in a flood, a cookie after so many hints or so long is enough: each costs as much as several. */
const hintsPerCookie = 64;
const msPerCookie = 2;
/** How soon after a standstill its hints come, if the signal's turn was first. */
const aftermathMs = 50;
/** Fewer hints than this after a standstill can't be the rest of a full queue. */
const standstillHints = 100;

/** How many hints the kernel queues for one process before it drops. */
export function kernelQueueLength(): number {
  try {
    const length = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    return Number.isInteger(length) && length > 0 ? length : defaultQueueLength;
  } catch {
    // No such file on other systems, which have other queues.
    return defaultQueueLength;
  }
}

/** What the signs say: hints may be lost, or they are lost as good as certainly. */
export type LossVerdict = 'possible' | 'certain';

/** Measures the kernel's queue of hints while many come, and says when it was full. */
export class LossSigns {
  private readonly probe: () => number | undefined;
  private readonly onSign: (verdict: LossVerdict) => void;
  /** What this turn's signs have said so far. */
  private said: LossVerdict | undefined;
  /** Hints between two measurements. */
  private readonly part: number;
  /** As good as full: measured up to one part late, with another for what can't be counted. */
  private readonly full: number;
  private inTurn = 0;
  private total = 0;
  private turn = 0;
  /**
   * Whether this turn has come to the hint of a cookie that it wrote itself: what it reads from then on came while it was
   * reading. The queue was so short then that it can't have become full since.
   */
  private isOverrun = false;
  /** When the last cookie was written, by hints and by the clock. */
  private writtenAt = 0;
  private writtenMs = 0;
  /** Cookies whose hints have not come, oldest first: when each was written, by turns and by hints. */
  private probes: { serial: number; turn: number; total: number }[] = [];
  /** Until this turn's end, what is read includes hints that nobody counts; and when that began, by hints. */
  private unheardTurn = Number.NEGATIVE_INFINITY;
  private unheardAt = 0;
  private turnEnd: NodeJS.Immediate | undefined;
  /** The last turn that had hints: how many, and when it ended. */
  private before = { hints: 0, endMs: Number.NEGATIVE_INFINITY };
  private stallEndMs = Number.NEGATIVE_INFINITY;
  private stalled = false;
  private readonly onContinue = (): void => this.endStandstill(performance.now());

  /**
   * @param probe writes a cookie and gives its number, which `answered` is told when its hint comes; undefined
   * when that can't be done
   */
  constructor(queueLength: number, probe: () => number | undefined, onSign: (verdict: LossVerdict) => void) {
    this.probe = probe;
    this.onSign = onSign;
    this.part = Math.min(Math.ceil(queueLength / parts), longestPart);
    this.full = queueLength - 2 * this.part;
    // Who was stopped by a signal is told so, however short it was.
    if (process.platform !== 'win32') process.on('SIGCONT', this.onContinue);
  }

  /**
   * A hint came.
   * @returns whether hints come as fast as they are read, so that this turn may not end: then watches have to be closed.
   * Not before the queue has been measured, or has been said to be full: from then on not all hints are counted
   */
  hint(): boolean {
    this.inTurn += 1;
    this.total += 1;
    if (this.inTurn === 1) {
      this.stalled = performance.now() - this.stallEndMs < aftermathMs;
      this.awaitTurnEnd();
    }
    if (this.inTurn % this.part === 0) this.measure();
    if (this.stalled && this.inTurn === standstillHints) this.say('certain');
    return this.isOverrun || this.said === 'certain';
  }

  /** The hint of a cookie came. */
  answered(serial: number): void {
    for (
      let [oldest] = this.probes;
      oldest !== undefined && oldest.serial <= serial;
      [oldest] = this.probes
    ) {
      this.probes.shift();
      const waited = this.total - oldest.total;
      if (waited >= this.full) this.say('certain');
      else if (oldest.turn === this.turn && waited < this.full / fastest) this.isOverrun = true;
    }
  }

  /**
   * Watches were closed. If the queue was full then, this cookie is dropped, too. If it was not, it may still
   * have been far from empty: many hints in the turn that reads it may be the rest of more than it had room for.
   */
  unheard(): void {
    if (this.turn > this.unheardTurn) this.unheardAt = this.total;
    // In a flood it is while the queue is read, and to its end.
    this.unheardTurn = Math.max(this.unheardTurn, this.isOverrun ? this.turn : this.turn + 1);
    if (this.isOverrun && !this.isCookieDue) return;
    if (!this.write()) this.say('possible');
    this.awaitTurnEnd();
  }

  close(): void {
    process.off('SIGCONT', this.onContinue);
    clearImmediate(this.turnEnd);
  }

  private measure(): void {
    const isMeasured = this.write();
    if (!isMeasured && this.inTurn >= this.full) this.say('certain');
    else if (this.turn <= this.unheardTurn && this.unheardCount >= this.full / 2) this.say('possible');
    if (this.isOverrun || this.inTurn < longestTurn * this.full) return;
    // Watches have to be closed with the queue longer than that.
    this.isOverrun = true;
    this.say('possible');
  }

  private get isCookieDue(): boolean {
    return this.total - this.writtenAt >= hintsPerCookie || performance.now() - this.writtenMs >= msPerCookie;
  }

  /** What was counted in this turn beside what could not be. */
  private get unheardCount(): number {
    return Math.min(this.inTurn, this.total - this.unheardAt);
  }

  private write(): boolean {
    const serial = this.probe();
    this.writtenAt = this.total;
    this.writtenMs = performance.now();
    if (serial !== undefined) this.probes.push({ serial, turn: this.turn, total: this.total });
    return serial !== undefined;
  }

  private awaitTurnEnd(): void {
    this.turnEnd ??= setImmediate(() => this.endTurn());
  }

  /** The queue has been read to its end, unless all of this turn was after that. */
  private endTurn(): void {
    // A cookie whose hint has not come a whole turn later found the queue full, or its directory is gone.
    if (this.probes.some(({ turn }) => turn < this.turn)) {
      this.say(this.inTurn >= this.full ? 'certain' : 'possible');
      this.probes = [];
    }
    this.before = { hints: this.inTurn, endMs: performance.now() };
    this.inTurn = 0;
    this.isOverrun = false;
    this.said = undefined;
    this.turn += 1;
    this.turnEnd = undefined;
    if (this.probes.length > 0 || this.turn <= this.unheardTurn) this.awaitTurnEnd();
  }

  private endStandstill(nowMs: number): void {
    this.stallEndMs = nowMs;
    if (this.stalled) return;
    // Its hints may have come before the news of it, in this turn or in the one before.
    const recent = nowMs - this.before.endMs < aftermathMs ? this.before.hints : 0;
    this.stalled = this.inTurn > 0;
    if (Math.max(this.inTurn, recent) >= standstillHints) this.say('certain');
  }

  private say(verdict: LossVerdict): void {
    if (this.said === 'certain' || this.said === verdict) return;
    if (this.inTurn > 0) this.said = verdict;
    this.onSign(verdict);
  }
}
