// Clients that take next to nothing: when they are looked for, and who of them is closed.
import type { Readers } from './readers.ts';
import type { Writer } from './writer.ts';

const checkMs = 1000;

/** Closes those who have taken too little for too long. */
export class Stalls {
  private readonly readers: Readers;
  private readonly writer: Writer;
  private readonly stalledMs: number;
  private readonly nowMs: () => number;
  /** Runs while anybody is behind. */
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param stalledMs after how long a client that takes next to nothing is one that stalls
   * @param nowMs a clock that only goes forward
   */
  constructor(readers: Readers, writer: Writer, stalledMs: number, nowMs: () => number) {
    this.readers = readers;
    this.writer = writer;
    this.stalledMs = stalledMs;
    this.nowMs = nowMs;
  }

  /** Looks every second from here on, while anybody is behind. */
  watch(): void {
    this.timer ??= setInterval(() => this.check(), checkMs).unref();
  }

  /** Looks for those who stall, and closes them. */
  check(): void {
    if (this.readers.size === 0) this.close();
    for (const client of this.readers) {
      if (!client.blocked) client.measured = false;
      else if (client.stall.slowMs(this.nowMs(), client.takenBytes) >= this.stalledMs) {
        this.writer.closeSlow(client, 'too little was taken for too long');
      }
    }
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
