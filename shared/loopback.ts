// What leads to this machine alone, by name and address.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether listening on `host` reaches this machine alone: 127.0.0.0/8, ::1 or localhost. */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

// Written out, and not parsed as URLs: a parser's kindness (0x7f.1, full-width digits) has no place here.
const loopbackHostHeader = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const loopbackOrigin = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Whether a request's Host header, with or without a port, calls this machine by a loopback name. */
export function isLoopbackHostHeader(host: string): boolean {
  return loopbackHostHeader.test(host);
}

/** The name or address in a Host header: in lower case, without its port, and without an address's brackets. */
export function bareHost(header: string): string {
  return header
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/**
 * The host that a request calls. Undefined also where it names several: Node would take the first, and something in
 * front of us perhaps the last.
 */
export function requestHost({ headersDistinct: { host } }: IncomingMessage): string | undefined {
  return host?.length === 1 ? host[0] : undefined;
}

/** Whether an Origin header is that of a page served from this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  return loopbackOrigin.test(origin);
}
