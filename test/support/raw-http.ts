// A connection on which a test writes whatever bytes it likes: an HTTP library would set them right.
import { connect as connectSocket, type Socket } from 'node:net';
import type { TestAgent } from './agent.ts';
import { cleanUpWith } from './cleanup.ts';
import { until } from './wait.ts';

/** After this even a connection on which nothing happens is looked at again. */
const changeMs = 100;

export type Plane = 'local' | 'loopback';

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection, and what came over it. */
export class RawConnection {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  /** Whether the agent has ended its side. */
  ended = false;
  closed = false;
  private taken = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (part) => {
      this.received = Buffer.concat([this.received, part]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
      this.closed = true;
    });
    // Writing to an agent that has had enough is part of the game.
    socket.on('error', () => {});
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /**
   * Waits for the next answer; one to HEAD is `bodiless` whatever its headers say. Of a body whose length
   * is not said, a stream's, only what has come so far is given.
   */
  answer({ bodiless = false } = {}): Promise<RawAnswer> {
    return until(
      () => `an answer; got ${JSON.stringify(this.received.subarray(this.taken).toString('latin1'))}`,
      async () => {
        const already = this.take(bodiless);
        if (already !== undefined) return already;
        await this.change();
        return this.take(bodiless);
      },
    );
  }

  private take(bodiless: boolean): RawAnswer | undefined {
    const rest = this.received.subarray(this.taken);
    const parsed = parseAnswer(rest, bodiless);
    if (parsed === undefined && this.ended) {
      throw new Error(`no answer, but the end, after ${JSON.stringify(rest.toString('latin1'))}`);
    }
    if (parsed !== undefined) this.taken += parsed.bytes;
    return parsed?.answer;
  }

  /** Resolves when something has come: sooner than the next poll, as tables of requests are long. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        for (const event of ['data', 'end', 'close']) this.socket.off(event, done);
        resolve();
      };
      const timer = setTimeout(done, changeMs);
      for (const event of ['data', 'end', 'close']) this.socket.on(event, done);
    });
  }

  /** Waits until the agent has ended its side. */
  async end(): Promise<void> {
    await until(
      () => `the end; got ${JSON.stringify(this.received.toString('latin1').slice(-500))}`,
      () => this.ended,
    );
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Opens a connection; it is closed after the test. */
export async function openRaw(
  agent: TestAgent,
  plane: Plane = 'loopback',
  { allowHalfOpen = false } = {},
): Promise<RawConnection> {
  const target = plane === 'local' ? { path: agent.socket } : { host: '127.0.0.1', port: agent.port };
  const connection = new RawConnection(connectSocket({ ...target, allowHalfOpen }));
  cleanUpWith(() => connection.destroy());
  await until('the connection', () => !connection.socket.connecting);
  return connection;
}

/** Sends bytes on a connection of their own, and waits for one answer. */
export async function exchange(
  agent: TestAgent,
  bytes: string | Uint8Array,
  plane: Plane = 'loopback',
): Promise<RawAnswer> {
  const connection = await openRaw(agent, plane);
  connection.write(bytes);
  try {
    return await connection.answer();
  } finally {
    connection.destroy();
  }
}

/** A request's bytes, each header as it shall stand on the wire. */
export function rawRequest(line: string, headers: readonly string[] = [], body = ''): string {
  return [line, ...headers, '', body].join('\r\n');
}

/** What turns a GET into a WebSocket's opening. */
export const upgradeHeaders: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

function parseAnswer(bytes: Buffer, bodiless: boolean): { answer: RawAnswer; bytes: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const start = headEnd + 4;
  const whole = (end: number) => ({
    answer: { status, headers, body: bytes.toString('utf8', start, end) },
    bytes: end,
  });
  if (bodiless || status === 101 || status === 204) return whole(start);
  const length = headers['content-length'];
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length < end ? undefined : whole(end);
  }
  return whole(bytes.length);
}
