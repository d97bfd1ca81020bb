// What a client hears of its place in the journal: where it begins, and what it has missed.
import { type GapReason, protocolVersion, version } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { Counters } from './counters.ts';
import type { Delivery } from './delivery.ts';
import type { Member } from './group.ts';

/** Sends `hello` and `gap`. */
export class Greeting {
  private readonly delivery: Delivery;
  private readonly counters: Counters;
  private readonly log: Log;

  constructor(delivery: Delivery, counters: Counters, log: Log) {
    this.delivery = delivery;
    this.counters = counters;
    this.log = log;
  }

  /**
   * @param resumed whether it gets everything since the position that it named
   * @param roots their real paths
   */
  hello(client: Member, resumed: boolean, roots: readonly string[]): void {
    const { journal, writer } = this.delivery;
    client.roots = roots;
    writer.control(client, {
      type: 'hello',
      protocol: protocolVersion,
      version: version(),
      client: client.id,
      cursor: journal.cursor(client.seq),
      head: journal.cursor(),
      oldest: journal.cursor(journal.oldestSeq),
      resumed,
      roots: [...roots],
    });
  }

  /** @param missed how many events, where that is known */
  gap(client: Member, reason: GapReason, missed: number | undefined): void {
    const { journal, writer } = this.delivery;
    client.gaps += 1;
    this.counters.gaps[reason] += 1;
    this.log.warn('client missed events', { ...client.describe(), reason, missed });
    writer.control(client, {
      type: 'gap',
      cursor: journal.cursor(client.seq),
      reason,
      ...(missed === undefined ? {} : { missed }),
    });
  }
}
