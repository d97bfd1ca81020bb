// What a socket tells of itself.
import type { Socket } from 'node:net';

/** Bytes written to a socket that the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  // `writableLength` counts a write until the kernel has taken all of it. What of it is left only the handle
  // knows; Node's own socket time-out looks there too.
  const handle = (socket as unknown as { _handle?: { writeQueueSize?: number } | null })._handle;
  return handle?.writeQueueSize || socket.writableLength;
}

/** Where a connection comes from, for people. */
export function describeAddress(socket: Socket): string {
  if (socket.remoteAddress === undefined) return 'local';
  const host = socket.remoteFamily === 'IPv6' ? `[${socket.remoteAddress}]` : socket.remoteAddress;
  return `${host}:${socket.remotePort}`;
}
