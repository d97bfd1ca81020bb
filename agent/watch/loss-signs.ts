// The signs that the kernel dropped hints. It says so (IN_Q_OVERFLOW), but libuv passes that over in
// silence, so it has to be inferred. The queue can only have been full if the loop did not read it for a
// while, and it is read in one go: then a great many hints come in one turn of the loop.
// https://github.com/libuv/libuv/issues/3338
import { readFileSync } from 'node:fs';

/** The kernel's default, where it can't be read. */
const defaultQueueLength = 16_384;
/** The time between two beats of the watcher's one timer. Each wakes an idle process, so not too often. */
export const beatMs = 1000;
/** The loop is this late for a beat: it stood still, and the queue filled unread. */
const stallMs = 150;
/** How soon after a standstill its hints come, if the timers' turn was first. */
const aftermathMs = 50;
/** Fewer hints than this after a stall can't be the rest of a full queue. */
const stallHints = 100;

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

/**
 * Counts hints by turn of the event loop, and watches for the loop standing still. A quarter of the queue
 * in one turn makes a loss possible, half of it, or a hundred after a standstill, certain enough to tell.
 */
export class LossSigns {
  private readonly queueLength: number;
  private readonly onSign: (verdict: LossVerdict) => void;
  private inTurn = 0;
  /** The last turn that had hints: how many, and when it ended. */
  private before = { hints: 0, endMs: Number.NEGATIVE_INFINITY };
  private turnEnd: NodeJS.Immediate | undefined;
  private lastTurnMs: number;
  private stallEndMs = Number.NEGATIVE_INFINITY;
  private stalled = false;
  private readonly onContinue = (): void => this.endStandstill(performance.now());

  constructor(queueLength: number, onSign: (verdict: LossVerdict) => void) {
    this.queueLength = queueLength;
    this.onSign = onSign;
    this.lastTurnMs = performance.now();
    // Who was stopped by a signal is told so, however short it was.
    if (process.platform !== 'win32') process.on('SIGCONT', this.onContinue);
  }

  /** A hint came. */
  hint(): void {
    this.inTurn += 1;
    if (this.inTurn === 1) {
      // After a standstill it is the kernel's choice whether the hints or the timers have the first turn.
      this.beat();
      this.stalled = performance.now() - this.stallEndMs < aftermathMs;
      this.turnEnd = setImmediate(() => {
        this.before = { hints: this.inTurn, endMs: performance.now() };
        this.inTurn = 0;
      });
    }
    if (this.inTurn === Math.ceil(this.queueLength / 4)) this.onSign('possible');
    if (this.inTurn === Math.ceil(this.queueLength / 2)) this.onSign('certain');
    if (this.stalled && this.inTurn === stallHints) this.onSign('certain');
  }

  /** To be called every `beatMs`: shows that the loop runs. */
  beat(): void {
    const nowMs = performance.now();
    if (nowMs - this.lastTurnMs > beatMs + stallMs) this.endStandstill(nowMs);
    this.lastTurnMs = nowMs;
  }

  close(): void {
    process.off('SIGCONT', this.onContinue);
    clearImmediate(this.turnEnd);
  }

  private endStandstill(nowMs: number): void {
    this.stallEndMs = nowMs;
    if (this.stalled) return;
    // Its hints may have come before the news of it, in this turn or in the one before.
    const recent = nowMs - this.before.endMs < aftermathMs ? this.before.hints : 0;
    this.stalled = this.inTurn > 0;
    if (Math.max(this.inTurn, recent) >= stallHints) this.onSign('certain');
  }
}
