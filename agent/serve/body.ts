// Reads request bodies, never more than the limit.
import type { IncomingMessage } from 'node:http';
import { limits } from '../../shared/index.ts';
import { ProblemError } from './problem.ts';

function tooLarge(): ProblemError {
  return new ProblemError(
    413,
    'body_too_large',
    `a request body may have ${limits.bodyBytes} bytes at most`,
    {
      headers: { connection: 'close' },
    },
  );
}

/**
 * All bodies that are on their way, together: sixty-four of the largest. Whoever has a token could otherwise fill the
 * memory by ending none of many.
 */
const mostBytes = 64 * limits.bodyBytes;

/** Reads request bodies, and knows how much of them is in memory. */
export class Bodies {
  private bytes = 0;

  /**
   * The whole body, as text; a byte order mark is part of it, as everything else is.
   * @throws ProblemError 413 for a body over the limit, 400 `bad_encoding` for one that is not UTF-8, 503
   *   `too_many_requests` where too much of others is on its way
   */
  async text(request: IncomingMessage): Promise<string> {
    if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      // The answer still needs the connection, which leaving the loop would otherwise destroy.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        this.bytes += chunk.length;
        if (bytes > limits.bodyBytes) throw tooLarge();
        if (this.bytes > mostBytes) throw tooMany();
        chunks.push(chunk);
      }
    } finally {
      this.bytes -= bytes;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
    } catch {
      throw new ProblemError(400, 'bad_encoding', 'the body is not UTF-8');
    }
  }

  /**
   * The body as JSON.
   * @param absent what an empty body stands for; unless it is given there has to be one
   * @throws ProblemError as `text`, and 400 `bad_json`
   */
  async json(request: IncomingMessage, absent?: unknown): Promise<unknown> {
    const text = await this.text(request);
    if (text === '' && absent !== undefined) return absent;
    try {
      // Some editors and shells put a byte order mark before JSON; RFC 8259 lets a reader pass over it.
      return JSON.parse(text.replace(/^\ufeff/, ''));
    } catch (error) {
      throw new ProblemError(400, 'bad_json', `the body is not JSON: ${(error as Error).message}`);
    }
  }
}

function tooMany(): ProblemError {
  return new ProblemError(
    503,
    'too_many_requests',
    'too many request bodies are on their way: send it again',
    {
      headers: { 'retry-after': '1', connection: 'close' },
    },
  );
}
