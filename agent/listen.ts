// Listening on TCP, and what to say when that can't be done.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DevagentError, defaultHost, limits } from '../shared/index.ts';
import type { Log } from './log/index.ts';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Whether somebody chose the port: then no other will do. */
  readonly portGiven: boolean;
}

/**
 * Listens; on a free port instead if the default one is taken.
 * @returns the server's URL
 * @throws DevagentError when it can't, with what to do about it
 */
export async function listen(
  server: Server,
  { host, port, portGiven }: ListenAddress,
  log: Log,
): Promise<string> {
  try {
    server.listen({ port, host, backlog: limits.backlog });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') {
      throw new DevagentError('cannot_listen', `can't listen on ${host}:${port}: ${whyNot(code)}`, {
        cause: error,
      });
    }
    if (portGiven) {
      throw new DevagentError(
        'port_in_use',
        `port ${port} is taken: choose another with --port, or 0 for any free one`,
        { cause: error },
      );
    }
    log.warn('default port taken, using a free one', { port });
    server.listen({ port: 0, host, backlog: limits.backlog });
    await once(server, 'listening');
  }
  return urlOf(server);
}

/**
 * Listens for LiveReload alone, and on loopback whatever `--host` says.
 * @returns the server's URL
 * @throws DevagentError when it can't, with what to do about it
 */
export async function listenForPages(server: Server, port: number): Promise<string> {
  try {
    server.listen(port, defaultHost);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DevagentError(
      'port_in_use',
      code === 'EADDRINUSE'
        ? `the LiveReload port ${port} is taken: end what listens there, another LiveReload server perhaps, or leave --livereload-port out`
        : `can't listen on ${defaultHost}:${port} for LiveReload (${code}): choose another --livereload-port`,
      { cause: error },
    );
  }
  return urlOf(server);
}

/** Whether an address stands for all of the machine's. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Why an address can't be listened on, and what to do; for all that is no port in use. */
function whyNot(code: string | undefined): string {
  switch (code) {
    case 'EACCES':
      return 'this user may not have that port: choose one of 1024 and more with --port';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address: choose another with --host';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no address is known for that name: choose another with --host';
    default:
      return `${code}: choose another --host or --port`;
  }
}

function urlOf(server: Server): string {
  // A server that listens on TCP has an address, and not that of a socket file.
  const { address, port, family } = server.address() as AddressInfo;
  if (isWildcard(address)) return `http://127.0.0.1:${port}/`;
  return family === 'IPv6' ? `http://[${address}]:${port}/` : `http://${address}:${port}/`;
}
