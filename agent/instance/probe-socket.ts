// Who is behind a Unix socket or named pipe: nobody, an agent, or something that does not answer.
import { lstatSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import * as z from 'zod';
import { limits } from '../../shared/index.ts';
import { errorCode } from './file-errors.ts';

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
  switch (errorCode(failure)) {
    case undefined:
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

function connectFailure(path: string, limitMs: number): Promise<Error | undefined> {
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

/** What the process behind a live socket says of itself. */
export type Owner =
  | { readonly kind: 'agent'; readonly pid: number }
  /** It ended, or ends just now. */
  | { readonly kind: 'gone' }
  /** No answer in time, or none that an agent gives. */
  | { readonly kind: 'silent' };

const statusSchema = z.object({ pid: z.int().positive() });

/** Asks the agent behind a socket for its pid, by `GET /v1/status`. */
export async function askOwner(socketPath: string, limitMs: number): Promise<Owner> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  try {
    const { pid } = statusSchema.parse(JSON.parse(await fetchStatus(socketPath, stop.signal)));
    return { kind: 'agent', pid };
  } catch (error) {
    const gone = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(errorCode(error) ?? '');
    return { kind: gone ? 'gone' : 'silent' };
  } finally {
    clearTimeout(timer);
  }
}

function fetchStatus(socketPath: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/v1/status', agent: false, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
        if (text.length > limits.bodyBytes) answer.destroy(new Error('the answer is too long'));
      });
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
