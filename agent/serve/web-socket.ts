// WebSocket streams. ws does the handshake, reads, and sends control frames; events go past it, from the
// journal's ready-made frames straight to the socket that the HTTP server handed over.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../../shared/index.ts';
import { type Client, type Outlet, type ViewHold, webSocketJson, webSocketText } from '../hub/index.ts';
import { ClientMessages } from './client-messages.ts';
import type { Services } from './context.ts';
import { ProblemError, sendRawProblem } from './problem.ts';
import { DirectWriter, unsentBytes } from './socket.ts';
import { parseStreamRequest, type StreamRequest } from './stream-request.ts';
import { holdView, whileOpen } from './views.ts';

class WebSocketOutlet implements Outlet {
  readonly transport = 'ws';
  readonly address: string;
  private readonly ws: WebSocket;
  private readonly socket: Socket;
  private readonly writer: DirectWriter;
  private readonly closeAnswerMs: number;
  private terminator: NodeJS.Timeout | undefined;

  constructor(ws: WebSocket, socket: Socket, address: string, closeAnswerMs: number) {
    this.ws = ws;
    this.socket = socket;
    this.writer = new DirectWriter(socket);
    this.address = address;
    this.closeAnswerMs = closeAnswerMs;
    ws.once('close', () => clearTimeout(this.terminator));
  }

  /** Nothing may follow a close frame. */
  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  write(buffers: readonly Buffer[]): boolean {
    return this.writer.write(buffers);
  }

  unsentBytes(): number {
    return unsentBytes(this.socket);
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
    this.terminator ??= setTimeout(() => this.ws.terminate(), this.closeAnswerMs);
  }
}

interface Session {
  readonly ws: WebSocket;
  /** Pings since the last sign of life. */
  missedPings: number;
  leave(why: Readonly<Record<string, unknown>>): void;
}

/** Accepts WebSockets and keeps them alive. */
export class WebSockets {
  private readonly services: Services;
  private readonly sessions = new Set<Session>();
  private readonly pinger: NodeJS.Timeout;
  private readonly server: WebSocketServer;

  constructor(services: Services) {
    this.services = services;
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.clientMessageBytes,
      // ws would end a client that sends some dozens in one go, though it reads every answer.
      autoPong: false,
      // ws itself closes a client that breaks the protocol, and would wait half a minute for its answer.
      closeTimeout: services.keepAlive.closeAnswerMs,
      // @types/ws does not know closeTimeout yet.
    } as ServerOptions);
    this.server.on('wsClientError', (error, socket) => {
      sendRawProblem(
        socket,
        new ProblemError(400, 'bad_handshake', `no WebSocket handshake: ${error.message}`),
      );
    });
    this.pinger = setInterval(() => this.pingAll(), services.keepAlive.pingMs);
    this.pinger.unref();
  }

  /** Open connections. */
  get size(): number {
    return this.sessions.size;
  }

  /**
   * Answers an upgrade that the guard has let in.
   * @throws ProblemError for a query that can't be served, before anything is accepted: by then, what the client wants
   *   beyond the default view is crawled
   */
  async accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    query: URLSearchParams,
    address: string,
  ): Promise<void> {
    const { watcher } = this.services;
    const asked = parseStreamRequest(query, request.headers, watcher);
    if (!asked.follows) {
      throw new ProblemError(
        400,
        'bad_parameter',
        'parameter "follow": a WebSocket always follows; ask for NDJSON or server-sent events',
      );
    }
    const gone = new AbortController();
    const held = asked.filter.takesFiles ? holdView(watcher, asked.filter.spec, gone.signal) : undefined;
    if (held === undefined) {
      this.upgrade(request, socket, head, asked, undefined, address);
      return;
    }
    const { value: hold, early } = await whileOpen(socket, held, gone);
    this.upgrade(request, socket, Buffer.concat([head, early]), asked, hold, address);
  }

  private upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { filter, text, name, since, snapshot }: StreamRequest,
    hold: ViewHold | undefined,
    address: string,
  ): void {
    // Until the hub has it.
    let unused = hold;
    if (hold !== undefined) socket.once('close', () => unused?.release());
    this.server.handleUpgrade(request, socket, head, (ws) => {
      const { hub } = this.services;
      const outlet = new WebSocketOutlet(ws, socket, address, this.services.keepAlive.closeAnswerMs);
      let error: string | undefined;
      let client: Client | undefined;
      let messages: ClientMessages | undefined;
      const session: Session = {
        ws,
        missedPings: 0,
        leave: (why) => {
          if (client !== undefined) hub.leave(client, why);
        },
      };
      this.sessions.add(session);
      // Before connect(), whose greeting may already meet a broken socket.
      ws.on('error', (cause) => {
        error = cause.message;
      });
      ws.on('close', (code, reason) => {
        this.sessions.delete(session);
        session.leave({ code, reason: error ?? (reason.toString('utf8') || 'closed') });
        messages?.end();
      });
      const connected = hub.connect({
        outlet,
        name,
        filter,
        encoding: text ? webSocketText : webSocketJson,
        snapshot,
        hold,
        ...(since === undefined ? {} : { since }),
      });
      client = connected;
      unused = undefined;
      const taken = new ClientMessages(connected, this.services, ws);
      messages = taken;
      ws.on('message', (data, isBinary) => {
        session.missedPings = 0;
        taken.take(data as RawData as Buffer, isBinary);
      });
      ws.on('ping', (data) => {
        session.missedPings = 0;
        if (socket.writableLength > limits.sendAheadBytes) {
          error = 'too many pings without reading the answers';
          ws.terminate();
          return;
        }
        // All that came in one piece are answered in one write.
        socket.cork();
        ws.pong(data);
        process.nextTick(() => socket.uncork());
      });
      ws.on('pong', () => {
        session.missedPings = 0;
      });
      socket.on('drain', () => hub.drained(connected));
    });
  }

  /** Stops the keep-alive. The hub closes the clients. */
  close(): void {
    clearInterval(this.pinger);
  }

  /** Ends whatever is left. */
  terminate(): void {
    for (const { ws } of this.sessions) ws.terminate();
  }

  private pingAll(): void {
    for (const session of this.sessions) {
      // Its answers to pings are not read either. If it is gone, it takes none of ours, and is closed for that.
      if (session.ws.isPaused) session.missedPings = 0;
      if (session.missedPings >= limits.missedPings) {
        session.leave({ reason: 'no answer to pings' });
        session.ws.terminate();
        continue;
      }
      session.missedPings += 1;
      if (session.ws.readyState === session.ws.OPEN) session.ws.ping();
    }
  }
}
