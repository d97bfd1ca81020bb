// Which port a folder is served at, and on which of this machine's own addresses.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Tried where nobody named a port; live-server's neighbour, and not what other dev servers take. */
export const defaultPort = 5500;

/** Those of IPv4 that `localhost` stands for, after `::1`. */
const besideLocalhost: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '0.0.0.0']);
const firstLocalhost = '::1';
/** A free port of one address may be taken at the other, by chance. */
const mostTries = 10;

/** Where something listens. */
export interface ListeningPlace {
  readonly port: number;
  /** One for each address. */
  readonly servers: readonly Server[];
  /** Whether `localhost` at this port is somebody else's. */
  readonly isForeignLocalhost: boolean;
}

/**
 * Listens at an address, and at `::1` as well if browsers would look there first.
 * @param port 0 for any free one; undefined for the default, or a free one where that is taken
 * @param makeServer gives a server for each address
 * @throws ErrnoException when it can't listen at the address itself
 */
export async function listenBeside(
  host: string,
  port: number | undefined,
  makeServer: () => Server,
): Promise<ListeningPlace> {
  const own = host === 'localhost' ? '127.0.0.1' : host;
  for (let tries = 1; ; tries++) {
    const wanted = tries === 1 ? (port ?? defaultPort) : 0;
    const mayChoose = (port === undefined || port === 0) && tries < mostTries;
    const server = makeServer();
    try {
      await listen(server, wanted, own);
    } catch (error) {
      if (mayChoose && isTaken(error)) continue;
      throw error;
    }
    const found = (server.address() as AddressInfo).port;
    const alone = { port: found, servers: [server], isForeignLocalhost: false };
    if (!besideLocalhost.has(host)) return alone;
    const second = makeServer();
    try {
      await listen(second, found, firstLocalhost);
      return { ...alone, servers: [server, second] };
    } catch (error) {
      // Without IPv6 there is no such address, and nobody else is there either.
      if (!isTaken(error)) return alone;
      if (!mayChoose) return { ...alone, isForeignLocalhost: true };
      server.close();
    }
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}
