// Errors on HTTP are problem documents (RFC 9457) with a stable code to program against.
import { type ServerResponse, STATUS_CODES } from 'node:http';
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

/** Answers a request with a problem; does nothing if an answer is already on its way. */
export function sendProblem(response: ServerResponse, problem: ProblemError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemDocument(problem));
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...problem.headers,
  });
  response.end(body);
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
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Error'}\r\n${head.join('')}\r\n${body}`,
  );
}
