// A client that loses its connection again and again, and each time comes back with the cursor of the last
// event that it got whole.
import { request as httpRequest } from 'node:http';
import { WebSocket } from 'ws';
import type { HelloFrame, JournalEvent, ServerFrame, Transport } from '../../shared/index.ts';
import { cleanUpWith } from './cleanup.ts';

/** Where it finds the agent, and what it wants of it. */
export interface ResumingOptions {
  readonly port: number;
  readonly token: string;
  readonly transport: Transport;
  /** Without `since`. */
  readonly query?: string;
  /** Where to begin; default: with what comes next. */
  readonly since?: string;
}

/** A stream over however many connections it takes. */
export class ResumingClient {
  /** Every event, in the order in which they came, over all connections. */
  readonly events: JournalEvent[] = [];
  /** What may not be: an answer that is none, or a hello that does not say what was asked for. */
  readonly faults: string[] = [];
  /** After the last event that came whole. */
  cursor: string | undefined;
  /** Connections on which hello has come. */
  greetings = 0;
  private readonly options: ResumingOptions;
  private hangUp: () => void = () => {};
  private away = false;
  /** Whether there is no connection, because it is away. */
  private waits = false;

  constructor(options: ResumingOptions) {
    this.options = options;
    this.cursor = options.since;
    this.connect();
  }

  /** Hangs up, and stays away. */
  leave(): void {
    this.away = true;
    this.hangUp();
  }

  comeBack(): void {
    this.away = false;
    if (this.waits) this.connect();
  }

  private connect(): void {
    this.waits = this.away;
    if (this.away) return;
    const asked = this.cursor;
    let greeted = false;
    let over = false;
    const take = (text: string): void => {
      const frame = JSON.parse(text) as ServerFrame;
      if (greeted) this.take(frame);
      else this.greet(frame, asked);
      greeted = true;
    };
    const again = (): void => {
      if (over) return;
      over = true;
      setImmediate(() => this.connect());
    };
    if (this.options.transport === 'ws') this.openWebSocket(asked, take, again);
    else this.openHttp(asked, take, again);
  }

  private openWebSocket(asked: string | undefined, take: (text: string) => void, again: () => void): void {
    const { port, token } = this.options;
    const ws = new WebSocket(`ws://127.0.0.1:${port}${this.path(asked)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    this.hangUp = () => ws.terminate();
    ws.on('message', (data) => take(String(data)));
    ws.on('error', () => {});
    ws.on('close', again);
  }

  private openHttp(asked: string | undefined, take: (text: string) => void, again: () => void): void {
    const { port, token, transport } = this.options;
    const sse = transport === 'sse';
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path: this.path(sse ? undefined : asked),
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          ...(sse ? { accept: 'text/event-stream' } : {}),
          ...(sse && asked !== undefined ? { 'last-event-id': asked } : {}),
        },
      },
      (response) => {
        if (response.statusCode !== 200) this.faults.push(`answered ${response.statusCode}`);
        const end = sse ? '\n\n' : '\n';
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          const items = (rest + text).split(end);
          // What follows the last end is not whole, and is lost if the rest of it does not come.
          rest = items.pop() ?? '';
          for (const item of items) {
            const json = sse ? /^data: (.*)$/m.exec(item)?.[1] : item;
            if (json !== undefined && json !== '') take(json);
          }
        });
        response.on('error', () => {});
        response.on('close', again);
      },
    );
    this.hangUp = () => request.destroy();
    request.on('error', again);
    request.end();
  }

  private path(since: string | undefined): string {
    const { query = '' } = this.options;
    const parts = [query, since === undefined ? '' : `since=${since}`].filter((part) => part !== '');
    return `/v1/events${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
  }

  private greet(frame: ServerFrame, asked: string | undefined): void {
    this.greetings += 1;
    const { type, cursor, resumed } = frame as HelloFrame;
    if (type !== 'hello') this.faults.push(`began with ${type}`);
    else if (resumed !== (asked !== undefined && cursor === asked)) {
      this.faults.push(`asked for ${asked}, greeted with ${JSON.stringify(frame)}`);
    }
    // Not resumed, its place is known only after the gap that follows: until then it asks for the same.
    if (asked === undefined) this.cursor = cursor;
  }

  private take(frame: ServerFrame): void {
    if (frame.type !== 'file' && frame.type !== 'message' && frame.type !== 'gap') {
      this.faults.push(`got ${frame.type}`);
      return;
    }
    this.events.push(frame);
    this.cursor = frame.cursor;
  }
}

/** Connects, and leaves after the test. */
export function resume(options: ResumingOptions): ResumingClient {
  const client = new ResumingClient(options);
  cleanUpWith(() => client.leave());
  return client;
}
