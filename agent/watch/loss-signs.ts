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
  /** Cookies whose hints have not come, oldest first: when each was written, by turns and by hints. */
  private probes: { serial: number; turn: number; total: number }[] = [];
  /** Until this turn's end, what is read includes hints that nobody counts. */
  private unheardTurn = Number.NEGATIVE_INFINITY;
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
    this.part = Math.ceil(queueLength / parts);
    this.full = queueLength - 2 * this.part;
    // Who was stopped by a signal is told so, however short it was.
    if (process.platform !== 'win32') process.on('SIGCONT', this.onContinue);
  }

  /**
   * A hint came.
   * @returns whether so many came in this turn that they may come faster than they can be read
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
    return this.inTurn > this.part;
  }

  /** The hint of a cookie came. */
  answered(serial: number): void {
    for (
      let [oldest] = this.probes;
      oldest !== undefined && oldest.serial <= serial;
      [oldest] = this.probes
    ) {
      this.probes.shift();
      if (this.total - oldest.total >= this.full) this.say('certain');
    }
  }

  /**
   * Watches were closed. If the queue was full then, this cookie is dropped, too. If it was not, it may still
   * have been far from empty: many hints in the turn that reads it may be the rest of more than it had room for.
   */
  unheard(): void {
    this.unheardTurn = this.turn + 1;
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
    else if (this.turn <= this.unheardTurn && this.inTurn >= this.full / 2) this.say('possible');
  }

  private write(): boolean {
    const serial = this.probe();
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
