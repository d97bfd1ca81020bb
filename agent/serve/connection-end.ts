// The end of a connection, for what waits on behalf of a request.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One listener a connection: requests that come one behind the other can be many. */
const endings = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `end` when the connection is over, or soon if it is already.
 * @returns takes it back
 */
export function onConnectionEnd(socket: Socket, end: () => void): () => void {
  let ends = endings.get(socket);
  if (ends === undefined) {
    const all = new Set<() => void>();
    ends = all;
    endings.set(socket, all);
    socket.once('close', () => {
      for (const each of all) each();
    });
  }
  const all = ends;
  if (socket.destroyed) queueMicrotask(end);
  else all.add(end);
  return () => void all.delete(end);
}

/** Aborted when the connection ends before the answer. */
export function whenClosed(response: ServerResponse): AbortSignal {
  const closing = new AbortController();
  response.once('close', () => closing.abort());
  return closing.signal;
}
