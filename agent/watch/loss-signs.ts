// The signs that the kernel dropped hints. It says so (IN_Q_OVERFLOW), but libuv passes that over in
// silence, so it has to be inferred. The queue can only have been full if the loop did not read it for a
// while, and it is read in one go: then a great many hints come in one turn of the loop.
// https://github.com/libuv/libuv/issues/3338
import { readFileSync } from 'node:fs';

/** The kernel's default, where it can't be read. */
const defaultQueueLength = 16_384;
/** The process stood still for this long: the queue filled unread. */
const stallMs = 150;
/** How often the loop shows that it runs; at a few microseconds each. */
const pulseMs = 100;
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
  private turnEnd: NodeJS.Immediate | undefined;
  private lastPulseMs: number;
  private readonly pulse: NodeJS.Timeout;
  private stallEndMs = Number.NEGATIVE_INFINITY;
  private stalled = false;

  constructor(queueLength: number, onSign: (verdict: LossVerdict) => void) {
    this.queueLength = queueLength;
    this.onSign = onSign;
    this.lastPulseMs = performance.now();
    this.pulse = setInterval(() => this.feelPulse(), pulseMs);
    this.pulse.unref();
  }

  /** A hint came. */
  hint(): void {
    this.inTurn += 1;
    if (this.inTurn === 1) {
      // After a standstill it is the kernel's choice whether the hints or the timers have the first turn.
      this.feelPulse();
      this.stalled = this.lastPulseMs - this.stallEndMs < aftermathMs;
      this.turnEnd = setImmediate(() => {
        this.inTurn = 0;
      });
    }
    if (this.inTurn === Math.ceil(this.queueLength / 4)) this.onSign('possible');
    if (this.inTurn === Math.ceil(this.queueLength / 2)) this.onSign('certain');
    if (this.stalled && this.inTurn === stallHints) this.onSign('certain');
  }

  close(): void {
    clearInterval(this.pulse);
    clearImmediate(this.turnEnd);
  }

  private feelPulse(): void {
    const nowMs = performance.now();
    if (nowMs - this.lastPulseMs > stallMs + pulseMs) this.stallEndMs = nowMs;
    this.lastPulseMs = nowMs;
  }
}

/** The time between two beats of the watcher's one timer. */
export const beatMs = 500;
