// The pages that are connected: a WebSocket each, on which only the handshake is listened to.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { limits } from '../index.ts';
import {
  type Alert,
  alertOf,
  type Hello,
  type Reload,
  readHello,
  readPageAddress,
  serverHello,
} from './protocol.ts';

/** More tabs than anybody looks at; each costs a socket and some kilobytes. */
const mostPages = 100;
/** A hello, or the address of a page with the versions of its plug-ins. */
const mostMessageBytes = 64 * 1024;
/** A page says hello at once. */
const helloMs = 10_000;
/** What waits for a page that does not read: some hundred reloads, of which the first would have done. */
const mostUnsentBytes = 64 * 1024;

/** What the owner of the pages is told of them. */
export interface SessionEvents {
  /** A page shook hands; what is returned is sent to it at once. */
  connected?(hello: Hello, request: IncomingMessage): Reload | undefined;
}

interface Session {
  readonly ws: WebSocket;
  /** Whether it shook hands. */
  isGreeted: boolean;
  /** Whether it is told what changes. */
  isOpen: boolean;
  /** Pings since the last sign of life. */
  missedPings: number;
}

/** Shakes hands with pages, and tells those that did what changed. */
export class PageSessions {
  readonly #events: SessionEvents;
  readonly #sessions = new Set<Session>();
  readonly #pinger: NodeJS.Timeout;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: mostMessageBytes,
    closeTimeout: limits.closeAnswerMs,
    // @types/ws does not know closeTimeout yet.
  } as ServerOptions);

  constructor(events: SessionEvents = {}) {
    this.#events = events;
    this.#pinger = setInterval(() => this.#pingAll(), limits.pingMs);
    this.#pinger.unref();
  }

  /** Connected pages, those included that still have to shake hands. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether another page would be one too many. */
  get isFull(): boolean {
    return this.#sessions.size >= mostPages;
  }

  /**
   * Answers the upgrade of a page. What is no handshake is refused with 400.
   * @param mayBeTold asked about the address that the page says to be of, before it is told anything; undefined for a
   *   page that has been found fit already
   */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    mayBeTold?: (address: string) => Promise<boolean>,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const session: Session = { ws, isGreeted: false, isOpen: false, missedPings: 0 };
      this.#sessions.add(session);
      const timer = setTimeout(() => ws.close(1008, 'no hello'), helloMs);
      ws.on('close', () => {
        clearTimeout(timer);
        this.#sessions.delete(session);
      });
      // It is followed by close, which is all there is to do about it.
      ws.on('error', () => {});
      ws.on('pong', () => {
        session.missedPings = 0;
      });
      const begin = (hello: Hello): void => {
        clearTimeout(timer);
        session.isOpen = true;
        const reload = this.#events.connected?.(hello, request);
        if (reload !== undefined) this.#sendTo(session, JSON.stringify(reload));
      };
      ws.on('message', (data, isBinary) => {
        session.missedPings = 0;
        if (session.isGreeted) return;
        const hello = isBinary ? undefined : readHello(data.toString());
        if (hello === undefined) {
          ws.close(1002, 'no hello of protocol 7');
          return;
        }
        session.isGreeted = true;
        ws.send(serverHello);
        // Whatever else a page says is nobody's business here.
        if (mayBeTold === undefined) begin(hello);
        else this.#askAddress(ws, mayBeTold, () => begin(hello));
      });
    });
  }

  /** Tells every page, in the order given. */
  reload(reloads: readonly Reload[]): void {
    for (const reload of reloads) this.#send(reload);
  }

  /** Has every page show a message's data. */
  alert(data: unknown): void {
    this.#send(alertOf(data));
  }

  /** Closes all connections in order. */
  close(): void {
    clearInterval(this.#pinger);
    for (const { ws } of this.#sessions) ws.close(1001, 'the server stops');
  }

  /** Ends whatever is left. */
  terminate(): void {
    for (const { ws } of this.#sessions) ws.terminate();
  }

  /** Waits for the page to say its address, once. */
  #askAddress(ws: WebSocket, mayBeTold: (address: string) => Promise<boolean>, begin: () => void): void {
    const listen = (data: RawData): void => {
      const address = readPageAddress(String(data));
      if (address === undefined) return;
      ws.off('message', listen);
      void mayBeTold(address).then((may) => {
        if (may) begin();
        else ws.close(1008, 'this page is not told of anything');
      });
    };
    ws.on('message', listen);
  }

  #send(command: Reload | Alert): void {
    const text = JSON.stringify(command);
    for (const session of this.#sessions) if (session.isOpen) this.#sendTo(session, text);
  }

  #sendTo({ ws }: Session, text: string): void {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (ws.bufferedAmount > mostUnsentBytes) ws.terminate();
    else ws.send(text);
  }

  #pingAll(): void {
    for (const session of this.#sessions) {
      session.missedPings += 1;
      if (session.missedPings > limits.missedPings) session.ws.terminate();
      else if (session.ws.readyState === WebSocket.OPEN) session.ws.ping();
    }
  }
}
