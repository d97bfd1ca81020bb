// `GET /v1/events` over each of its transports, read alike.
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { HelloFrame, JournalEvent, ServerFrame, Transport } from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';
import { cleanUpWith } from './cleanup.ts';
import { streamUrl } from './client.ts';
import { until } from './wait.ts';

/** How a stream is opened. */
export interface StreamOptions {
  /** Default: the local plane. */
  readonly plane?: 'local' | 'loopback';
  readonly headers?: Readonly<Record<string, string>>;
}

/** An open stream, and what came over it. */
export class TestStream {
  /** Each WebSocket frame, each server-sent event's data, or each line. */
  readonly items: string[] = [];
  /** The ids of server-sent events, in step with `items`. */
  readonly ids: (string | undefined)[] = [];
  headers: IncomingHttpHeaders = {};
  /** All text before it was taken apart. */
  raw = '';
  ended = false;
  /** Of a WebSocket. */
  closeCode: number | undefined;

  get frames(): ServerFrame[] {
    return this.items.map((item) => JSON.parse(item) as ServerFrame);
  }

  get hello(): HelloFrame {
    return this.frames[0] as HelloFrame;
  }

  get events(): JournalEvent[] {
    return this.frames.filter(
      (frame): frame is JournalEvent =>
        frame.type === 'message' || frame.type === 'file' || frame.type === 'gap',
    );
  }

  /** The data of messages. */
  get data(): unknown[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [event.data] : []));
  }

  /** Waits until an item is, or contains, `text`. */
  async waitFor(text: string): Promise<void> {
    await until(
      () => `${text}; got ${JSON.stringify(this.items.slice(-5))}`,
      () => this.items.some((item) => item.includes(text)),
    );
  }
}

/** Opens a stream, waits until it is answered, and closes it after the test. */
export async function openStream(
  agent: TestAgent,
  transport: Transport,
  query = '',
  options: StreamOptions = {},
): Promise<TestStream> {
  const { plane = 'local' } = options;
  const headers = {
    ...(plane === 'local' ? {} : { authorization: `Bearer ${agent.token}` }),
    ...(transport === 'sse' ? { accept: 'text/event-stream' } : {}),
    ...options.headers,
  };
  const stream = new TestStream();
  let answered = false;
  if (transport === 'ws') {
    const ws = new WebSocket(streamUrl(agent, query, plane), { headers });
    cleanUpWith(() => ws.terminate());
    ws.on('open', () => {
      answered = true;
    });
    ws.on('message', (data) => stream.items.push(String(data)));
    ws.on('error', () => {});
    ws.on('close', (code) => {
      stream.closeCode = code;
      stream.ended = true;
    });
  } else {
    const target = plane === 'local' ? { socketPath: agent.socket } : { host: '127.0.0.1', port: agent.port };
    const path = `/v1/events${query === '' ? '' : `?${query}`}`;
    const request = httpRequest({ ...target, path, headers, agent: false }, (response) => {
      if (response.statusCode !== 200) throw new Error(`the stream was answered ${response.statusCode}`);
      stream.headers = response.headers;
      read(response, stream, transport === 'sse' ? takeServerSentEvent : takeLine);
      answered = true;
    });
    cleanUpWith(() => void request.destroy());
    request.on('error', () => {
      stream.ended = true;
    });
    request.end();
  }
  await until(
    () => `the ${transport} stream`,
    () => answered || stream.ended,
  );
  return stream;
}

/** Takes one item from the beginning of `text`; returns its length, or 0 while it is incomplete. */
type Taker = (text: string, stream: TestStream) => number;

function read(response: IncomingMessage, stream: TestStream, take: Taker): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    stream.raw += text;
    rest += text;
    for (let length = take(rest, stream); length > 0; length = take(rest, stream)) rest = rest.slice(length);
  });
  response.on('error', () => {});
  response.on('close', () => {
    stream.ended = true;
  });
}

function takeLine(text: string, stream: TestStream): number {
  const end = text.indexOf('\n');
  if (end !== -1) stream.items.push(text.slice(0, end));
  return end + 1;
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
function takeServerSentEvent(text: string, stream: TestStream): number {
  const end = text.indexOf('\n\n');
  if (end === -1) return 0;
  const fields = text
    .slice(0, end)
    .split('\n')
    .map((line) => /^([^:]*):? ?(.*)$/s.exec(line) as unknown as [string, string, string]);
  const data = fields.filter(([, name]) => name === 'data').map(([, , value]) => value);
  if (data.length > 0) {
    stream.items.push(data.join('\n'));
    stream.ids.push(fields.find(([, name]) => name === 'id')?.[2]);
  }
  return end + 2;
}
