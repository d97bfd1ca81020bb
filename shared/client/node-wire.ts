// Node's ways to an agent: HTTP over the Unix socket or named pipe, and the package ws.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import type WebSocket from 'ws';
import type { ClientOptions } from 'ws';
import { AgentError } from './errors.ts';
import { type WebPlace, webWire } from './web-wire.ts';
import {
  openTimeoutMs,
  type SocketEnding,
  type SocketListener,
  type Wire,
  type WireAnswer,
  type WireRequest,
  type WireSocket,
} from './wire.ts';

/** After our close frame; an agent that hangs must not hold the process. */
const closeAnswerMs = 500;
/**
 * The longest that an agent sends: 1,000 changes with paths of 4 KiB, twice in a rename, each byte of which JSON may have
 * to write as six. A frame beyond the limit would come again at every new connection.
 */
const mostFrameBytes = 64 * 1024 * 1024;

/** A Unix socket or named pipe, and how it is used. */
export interface LocalPlace {
  readonly socket: string;
  /** What to do when no agent answers there. */
  readonly hint: string;
  /**
   * Called before each connection; throws an AgentError when nobody at the socket may be trusted, for then it is not
   * this user's agent that would get the messages.
   */
  readonly check?: () => void;
  /** The `User-Agent`, from which the agent takes a message's sender. */
  readonly userAgent?: string;
  /** How long the agent may take to accept a WebSocket, in milliseconds. */
  readonly openTimeoutMs?: number;
}

/** A way to an agent's local plane, where it needs no token. */
export function socketWire(place: LocalPlace): Wire {
  const { socket, hint, check = () => {}, userAgent } = place;
  const headers: Record<string, string> = userAgent === undefined ? {} : { 'user-agent': userAgent };
  // Not socketPath: that goes through the pool of connections, which a process with one request only pays for.
  const createConnection = (): Socket => connect(socket);
  return {
    absence: `no agent answers at the socket ${socket}: ${hint}`,
    request: async (request) => {
      check();
      return requestOver({ createConnection, headers }, request);
    },
    open: (path, listener) => {
      const refusal = refusalOf(check);
      if (refusal !== undefined) return refusedSocket(refusal, listener);
      // Not ws+unix:PATH, which can't express a path with a colon, a space or a percent sign.
      return openSocket(
        `ws://localhost${path}`,
        { createConnection, headers },
        listener,
        place.openTimeoutMs,
      );
    },
  };
}

function refusalOf(check: () => void): AgentError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
}

/** A socket that is closed before it is opened, once its maker has it. */
function refusedSocket(error: AgentError, listener: SocketListener): WireSocket {
  queueMicrotask(() => listener.closed({ code: 1006, reason: error.message, error }));
  return { send: () => {}, close: () => {} };
}

/** A way to an agent's loopback plane for a Node without a WebSocket of its own. */
export function tcpWire(place: WebPlace, hint: string): Wire {
  const headers = place.token === undefined ? {} : { authorization: `Bearer ${place.token}` };
  return {
    ...webWire(place, hint),
    open: (path, listener) => openSocket(place.origin.replace(/^http/, 'ws') + path, { headers }, listener),
  };
}

async function requestOver(options: RequestOptions, request: WireRequest): Promise<WireAnswer> {
  const { method, path, body, signal } = request;
  const headers = {
    host: 'localhost',
    ...options.headers,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({ ...options, method, path, headers, signal });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  answer.setEncoding('utf8');
  return { status: answer.statusCode ?? 0, body: answer };
}

function openSocket(
  url: string,
  options: ClientOptions,
  listener: SocketListener,
  timeoutMs: number = openTimeoutMs,
): WireSocket {
  let socket: WebSocket | undefined;
  let closed = false;
  // Loaded when it is needed: it takes its time, and who only asks for the status does without.
  void import('ws').then(({ WebSocket }) => {
    if (closed) return;
    socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: mostFrameBytes, ...options });
    listen(socket, listener, timeoutMs);
  });
  return {
    send: (text) => socket?.send(text),
    close: () => {
      closed = true;
      if (socket === undefined || socket.readyState === socket.CLOSED) return;
      const closing = socket;
      closing.resume();
      closing.close(1000);
      setTimeout(() => closing.terminate(), closeAnswerMs).unref();
    },
    pause: () => {
      if (socket?.readyState === socket?.OPEN) socket?.pause();
    },
    resume: () => socket?.resume(),
  };
}

function listen(socket: WebSocket, listener: SocketListener, timeoutMs: number): void {
  let refusal: SocketEnding['refusal'];
  let failure: Error | undefined;
  // ws has a timeout of its own, whose error can't be told from others.
  const timer = setTimeout(() => {
    failure = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
    socket.terminate();
  }, timeoutMs);
  socket.on('open', () => {
    clearTimeout(timer);
    listener.opened();
  });
  socket.on('message', (data) => listener.message(data.toString()));
  socket.on('unexpected-response', (_request, answer) => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('data', (piece: string) => {
      body += piece;
    });
    answer.on('error', () => {});
    answer.on('close', () => {
      // Half an answer is none.
      if (answer.complete) refusal = { status: answer.statusCode ?? 0, body };
      socket.terminate();
    });
  });
  socket.on('error', (error) => {
    failure ??= error;
  });
  socket.on('close', (code, reason) => {
    clearTimeout(timer);
    listener.closed({
      code,
      reason: failure?.message ?? reason.toString(),
      ...(failure === undefined ? {} : { cause: failure }),
      ...(refusal === undefined ? {} : { refusal }),
    });
  });
}
