// The last step to a client: bytes into its socket, what was handed over counted, and its connection ended when
// that fails.
import type { ServerFrame } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { Client } from './client.ts';
import type { Copies } from './copies.ts';
import type { Counters } from './counters.ts';

/** Hands bytes to clients. */
export class Writer {
  private readonly copies: Copies;
  private readonly counters: Counters;
  private readonly log: Log;
  private readonly nowMs: () => number;

  /**
   * @param copies where it is noted which messages a client that is lost will not get
   * @param nowMs a clock that only goes forward
   */
  constructor(copies: Copies, counters: Counters, log: Log, nowMs: () => number) {
    this.copies = copies;
    this.counters = counters;
    this.log = log;
    this.nowMs = nowMs;
  }

  /** @returns whether it was handed over; otherwise the connection is at its end */
  write(
    client: Client,
    encoded: { readonly buffers: readonly Buffer[]; readonly bytes: number; readonly events: number },
  ): boolean {
    const { outlet } = client;
    if (!outlet.isOpen) {
      client.blocked = true;
      return false;
    }
    try {
      client.blocked = !outlet.write(encoded.buffers);
    } catch (error) {
      this.fail(client, error);
      return false;
    }
    client.delivered += encoded.events;
    client.handedBytes += encoded.bytes;
    this.counters.deliveries += encoded.events;
    this.counters.deliveredBytes += encoded.bytes;
    if (client.blocked) client.measure(this.nowMs());
    return true;
  }

  /** Hands over a single buffer, of so many events. */
  writeOne(client: Client, buffer: Buffer, events: number): void {
    this.write(client, { buffers: [buffer], bytes: buffer.length, events });
  }

  /** Hands over a frame that is no event of the journal, if the client's stream has such. */
  control(client: Client, frame: ServerFrame): void {
    const buffer = client.group.encoding.control(frame, client.snapshot === undefined);
    if (buffer !== undefined) this.writeOne(client, buffer, 0);
  }

  /** One client's failure is its own: it is closed, which tells it that events are missing, and the others go on. */
  fail(client: Client, error: unknown): void {
    this.log.error('delivery failed', { ...client.describe(), error });
    client.blocked = true;
    client.outlet.close(1011, 'delivery failed');
    if (!client.live) this.lose(client);
  }

  /** Closes a client that is behind and reads too slowly. */
  closeSlow(client: Client, why: string): void {
    if (client.lost) return;
    this.counters.stalled += 1;
    this.log.warn('client stalled', {
      ...client.describe(),
      unsentBytes: client.outlet.unsentBytes(),
      why,
    });
    client.outlet.close(1013, why);
    this.lose(client);
  }

  /**
   * A client's connection is over: what it has not got it will not get.
   * @param afterSeq up to where it has got everything
   */
  lose(client: Client, afterSeq: number = client.seq): void {
    if (client.lost) return;
    client.lost = true;
    this.copies.missed(client, afterSeq);
  }
}
