// Which agent is behind a Unix socket or named pipe, if it answers.
import { request } from 'node:http';
import * as z from 'zod';
import { limits } from '../../shared/index.ts';
import { errorCode } from './file-errors.ts';

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
