// Who is connected.
import type { ClientInfo, Transport } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { Counters } from './counters.ts';
import type { Member } from './group.ts';

/** How far a client has got. */
export type Standing = Pick<ClientInfo, 'cursor' | 'lag'>;

/** The connected clients, in the order of connection. */
export class Registry {
  private readonly counters: Counters;
  private readonly log: Log;
  private readonly standing: (client: Member) => Standing;
  private readonly clients = new Map<string, Member>();
  private lastId = 0;

  /** @param standing how far a client has got, for lists */
  constructor(counters: Counters, log: Log, standing: (client: Member) => Standing) {
    this.counters = counters;
    this.log = log;
    this.standing = standing;
  }

  get size(): number {
    return this.clients.size;
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.clients.values();
  }

  /** An id that no client has had. */
  newId(): string {
    return `c${++this.lastId}`;
  }

  add(client: Member): void {
    const { transport } = client.outlet;
    this.clients.set(client.id, client);
    this.counters.connections[transport] += 1;
    this.log.info('client connected', { ...client.describe(), transport, clients: this.size });
  }

  /**
   * Takes a client out, because its connection is gone.
   * @returns whether it was there
   */
  delete(client: Member): boolean {
    return this.clients.delete(client.id);
  }

  get(id: string): Member | undefined {
    return this.clients.get(id);
  }

  /** Connected clients by transport. */
  countByTransport(): Record<Transport, number> {
    const open: Record<Transport, number> = { ws: 0, sse: 0, ndjson: 0 };
    for (const { outlet } of this) open[outlet.transport] += 1;
    return open;
  }

  /** Clients that have not got everything yet. */
  countBehind(): number {
    let behind = 0;
    for (const { live } of this) if (!live) behind += 1;
    return behind;
  }

  /** Every client as `GET /v1/clients` shows it. */
  list(): ClientInfo[] {
    return [...this].map((client) => {
      const { cursor, lag } = this.standing(client);
      return {
        id: client.id,
        name: client.name,
        transport: client.outlet.transport,
        address: client.outlet.address,
        connectedAt: client.connectedAt.toISOString(),
        filter: client.group.filter.spec,
        cursor,
        lag,
        delivered: client.delivered,
        gaps: client.gaps,
      };
    });
  }
}
