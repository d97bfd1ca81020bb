// Node's ways to an agent: HTTP over the Unix socket or named pipe, and the package ws.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type WebSocket from 'ws';
import type { ClientOptions } from 'ws';
import { AgentError } from './errors.ts';
import { type WebPlace, webWire } from './web-wire.ts';
import type { SocketEnding, SocketListener, Wire, WireAnswer, WireRequest, WireSocket } from './wire.ts';

/** After our close frame; an agent that hangs must not hold the process. */
const closeAnswerMs = 500;
/**
 * The longest that an agent sends: 1,000 changes with paths of 4 KiB, twice in a rename, each byte of which JSON may have
 * to write as six. A frame beyond the limit would come again at every new connection.
 */
const mostFrameBytes = 64 * 1024 * 1024;

/**
 * A way to an agent's local plane, where it needs no token.
 * @param check called before each connection; throws an AgentError when nobody at the socket may be trusted, for then
 *   it is not this user's agent that would get the messages
 */
export function socketWire(socketPath: string, hint: string, check: () => void): Wire {
  return {
    absence: `no agent answers at the socket ${socketPath}: ${hint}`,
    request: async (request) => {
      check();
      return requestAt(socketPath, request);
    },
    open: (path, listener) => {
      const refusal = refusalOf(check);
      if (refusal !== undefined) return refusedSocket(refusal, listener);
      // Not ws+unix:PATH, which can't express a path with a colon, a blank or a percent sign.
      return openSocket(`ws://localhost${path}`, { createConnection: () => connect(socketPath) }, listener);
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

async function requestAt(socketPath: string, request: WireRequest): Promise<WireAnswer> {
  const { method, path, body, signal } = request;
  const headers = {
    host: 'localhost',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({ socketPath, method, path, headers, signal, agent: false });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  answer.setEncoding('utf8');
  return { status: answer.statusCode ?? 0, body: answer };
}

function openSocket(url: string, options: ClientOptions, listener: SocketListener): WireSocket {
  let socket: WebSocket | undefined;
  let closed = false;
  // Loaded when it is needed: it takes its time, and who only asks for the status does without.
  void import('ws').then(({ WebSocket }) => {
    if (closed) return;
    socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: mostFrameBytes, ...options });
    listen(socket, listener);
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

function listen(socket: WebSocket, listener: SocketListener): void {
  let refusal: SocketEnding['refusal'];
  let failure = '';
  socket.on('open', () => listener.opened());
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
  socket.on('error', ({ message }) => {
    failure ||= message;
  });
  socket.on('close', (code, reason) => {
    listener.closed({
      code,
      reason: failure || reason.toString(),
      ...(refusal === undefined ? {} : { refusal }),
    });
  });
}
