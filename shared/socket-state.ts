// Who is behind a Unix socket: nobody, a process that listens, or something that is no such socket.
import { lstatSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * What is at a socket's path: nothing, a socket without a process behind it, one that takes connections, or
 * something that is no such socket.
 */
export type SocketState = 'free' | 'dead' | 'live' | 'foreign';

/**
 * Looks who is at the path of a Unix socket.
 * @param limitMs a listener that has taken no connection by then counts as live: it is stuck, not gone
 * @throws Error of the file system or of connect(2)
 */
export async function probeSocket(path: string, limitMs: number): Promise<SocketState> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'free';
  // Before connecting: Linux refuses a connection to a plain file just as one to a dead socket.
  if (!stats.isSocket()) return 'foreign';
  const failure = await connectFailure(path, limitMs);
  switch (failure?.code) {
    case undefined:
      if (failure !== undefined) throw failure;
      return 'live';
    case 'ECONNREFUSED':
      return 'dead';
    case 'ENOENT':
      return 'free';
    // Its queue of connections is full, so it listens.
    case 'EAGAIN':
      return 'live';
    // A datagram socket.
    case 'EPROTOTYPE':
      return 'foreign';
    default:
      throw failure;
  }
}

function connectFailure(path: string, limitMs: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (failure?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(done, limitMs);
    socket.once('connect', () => done());
    socket.on('error', done);
  });
}
