// Streams over plain HTTP: server-sent events, NDJSON, and lines of text for shells.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Transport } from '../../shared/index.ts';
import { type Encoding, ndjson, type Outlet, plainLines, sseJson, sseText } from '../hub/index.ts';
import { whenClosed } from './connection-end.ts';
import type { Exchange } from './context.ts';
import { toKeep, unsentBytes } from './socket.ts';
import { parseStreamRequest } from './stream-request.ts';
import { holdView } from './views.ts';

/** What a browser waits before it reconnects. */
const retryMs = 1000;

class HttpOutlet implements Outlet {
  readonly transport: Transport;
  readonly address: string;
  private readonly response: ServerResponse;
  private readonly socket: Socket;

  constructor(transport: Transport, address: string, response: ServerResponse, socket: Socket) {
    this.transport = transport;
    this.address = address;
    this.response = response;
    this.socket = socket;
  }

  get isOpen(): boolean {
    return !this.response.writableEnded && !this.response.destroyed;
  }

  write(buffers: readonly Buffer[]): boolean {
    // What finds others waiting before it waits with them.
    const kept = this.socket.writableLength > 0 ? toKeep(buffers) : buffers;
    const [first] = kept;
    return this.response.write(first !== undefined && kept.length === 1 ? first : Buffer.concat(kept));
  }

  unsentBytes(): number {
    return unsentBytes(this.socket);
  }

  close(code: number): void {
    // There is no close code here: a stream that ends in order is one that may be resumed.
    if (code === 1001) this.response.end();
    else this.response.destroy();
  }
}

/** `GET /v1/events` without an upgrade. */
export async function streamEvents({ services, request, response, query, address }: Exchange): Promise<void> {
  const wantsSse = /\btext\/event-stream\b/.test(request.headers.accept ?? '');
  const { filter, text, name, since, snapshot, follows } = parseStreamRequest(
    query,
    request.headers,
    services.watcher,
  );
  const encoding = chooseEncoding(wantsSse, text);
  const held =
    filter.takesFiles && request.method !== 'HEAD'
      ? holdView(services.watcher, filter.spec, whenClosed(response))
      : undefined;
  const hold = held === undefined ? undefined : await held;
  response.writeHead(200, {
    'content-type': wantsSse
      ? 'text/event-stream'
      : text
        ? 'text/plain; charset=utf-8'
        : 'application/x-ndjson',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  // Headers by themselves tell the client that it is connected, even before the first event.
  if (wantsSse) response.write(`retry: ${retryMs}\n\n`);
  else response.flushHeaders();
  request.socket.setNoDelay(true);
  const outlet = new HttpOutlet(wantsSse ? 'sse' : 'ndjson', address, response, request.socket);
  const client = services.hub.connect({
    outlet,
    name,
    filter,
    encoding,
    snapshot,
    hold,
    ...(since === undefined ? {} : { since }),
  });
  const alive = setInterval(() => {
    // What is waiting to be sent is sign enough.
    if (!client.blocked && outlet.isOpen) outlet.write([Buffer.from(wantsSse ? ':\n\n' : '\n')]);
  }, services.keepAlive.commentMs);
  if (!follows) services.hub.whenReached(client, () => outlet.close(1001));
  response.on('drain', () => services.hub.drained(client));
  response.on('close', () => {
    clearInterval(alive);
    services.hub.leave(client, { reason: response.writableFinished ? 'ended' : 'closed' });
  });
}

function chooseEncoding(sse: boolean, text: boolean): Encoding {
  if (sse) return text ? sseText : sseJson;
  return text ? plainLines : ndjson;
}
