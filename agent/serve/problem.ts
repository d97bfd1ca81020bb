// Errors on HTTP are problem documents (RFC 9457) with a stable code to program against.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Problem } from '../../shared/index.ts';

type Headers = Readonly<Record<string, string>>;

/** An error that is told to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** A snake_case word that stays the same. */
  readonly code: string;
  readonly headers: Headers;
  /** Further members of the document. */
  readonly extra: Readonly<Record<string, unknown>>;

  /** @param detail what was wrong and what to do */
  constructor(
    status: number,
    code: string,
    detail: string,
    more: { headers?: Headers; extra?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }
}

/** The document that tells of `problem`. */
function problemDocument(problem: ProblemError): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...problem.extra,
  };
}

/** A page that tells a person of a problem, with headers of its own. */
export interface ProblemPage {
  readonly headers: Headers;
  readonly html: string;
}

/** How long a client that was refused may take to notice before its connection is cut. */
const lingerMs = 1_000;

/**
 * Answers a request with a problem; one whose answer is already on its way is broken off. The rest of the
 * request is read and thrown away for a moment: closing a socket with unread bytes would take the answer
 * from a client that sends everything before it reads.
 * @param page sent in place of the document
 */
export function sendProblem(
  response: ServerResponse,
  problem: ProblemError,
  request: IncomingMessage,
  page?: ProblemPage,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = page?.html ?? JSON.stringify(problemDocument(problem));
  response.writeHead(problem.status, {
    'content-type': page === undefined ? 'application/problem+json' : 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...problem.headers,
    ...page?.headers,
  });
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  const end = (): void => void response.end();
  const timer = setTimeout(() => {
    // Nobody waits for the rest of a request that was refused.
    response.once('finish', () => request.socket.destroy());
    end();
  }, lingerMs);
  request.once('close', end).once('end', end).resume();
  response.once('close', () => clearTimeout(timer));
}

/** Answers on a socket that never became a request, or asked for an upgrade that it does not get. */
export function sendRawProblem(socket: Duplex, problem: ProblemError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemDocument(problem));
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...problem.headers,
  };
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer)).resume();
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Error'}\r\n${head.join('')}\r\n${body}`,
  );
}
