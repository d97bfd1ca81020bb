// What the hub has done since it began, for the metrics.
import type { GapReason, JournalEvent, Transport } from '../../shared/index.ts';

/** Counts that only grow. */
export class Counters {
  /** Put into the journal. */
  readonly events: Record<JournalEvent['type'], number> = { file: 0, message: 0, gap: 0 };
  /** Of those events, as frames. */
  eventBytes = 0;
  readonly connections: Record<Transport, number> = { ws: 0, sse: 0, ndjson: 0 };
  /** Events handed to clients' sockets, and all bytes that were. */
  deliveries = 0;
  deliveredBytes = 0;
  /** Told to single clients; a `recrawl` is told to all and stands in the journal. */
  readonly gaps: Record<GapReason, number> = { expired: 0, epoch: 0, slow: 0, recrawl: 0 };
  /** Clients that were closed because they took nothing. */
  stalled = 0;
}
