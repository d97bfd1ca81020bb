// A WebSocket client that keeps what it was sent.
import { WebSocket } from 'ws';
import type {
  FileEvent,
  GapEvent,
  HelloFrame,
  JournalEvent,
  MessageEvent,
  ServerFrame,
} from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';
import { cleanUpWith } from './cleanup.ts';
import { until } from './wait.ts';

/** A connected client. */
export class TestClient {
  readonly ws: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** Set when the connection has ended. */
  closed: { code: number; reason: string } | undefined;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.frames.push(JSON.parse(String(data)) as ServerFrame));
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8') };
    });
    ws.on('error', () => {});
  }

  get hello(): HelloFrame {
    return this.frames.find((frame) => frame.type === 'hello') as HelloFrame;
  }

  /** Events of the journal, in the order in which they came. */
  get events(): JournalEvent[] {
    return this.frames.filter(
      (frame): frame is JournalEvent =>
        frame.type === 'file' || frame.type === 'message' || frame.type === 'gap',
    );
  }

  get files(): FileEvent[] {
    return this.events.filter((event): event is FileEvent => event.type === 'file');
  }

  get messages(): MessageEvent[] {
    return this.events.filter((event): event is MessageEvent => event.type === 'message');
  }

  get gaps(): GapEvent[] {
    return this.events.filter((event): event is GapEvent => event.type === 'gap');
  }

  /** `EVENT PATH` of every change so far. */
  get changes(): string[] {
    return this.files.flatMap(({ changes }) => changes.map(({ event, path }) => `${event} ${path}`));
  }

  /** Waits for a frame that `wanted` takes, among those that came and those that will. */
  waitFor<F extends ServerFrame>(what: string, wanted: (frame: ServerFrame) => boolean): Promise<F> {
    return until(
      () => `${what}; got ${JSON.stringify(this.frames.slice(-10)).slice(0, 2000)}`,
      () => this.frames.find(wanted) as F | undefined,
    ) as Promise<F>;
  }

  /** Waits until the event `EVENT PATH` has come. */
  async waitForChange(change: string): Promise<void> {
    await until(
      () => `${change}; got ${this.changes.slice(-10).join(', ')}`,
      () => this.changes.includes(change),
    );
  }

  /** Waits until as many messages have come. */
  async waitForMessages(count: number): Promise<void> {
    await until(
      () => `${count} messages; got ${JSON.stringify(this.messages.slice(-10))}`,
      () => this.messages.length >= count,
    );
  }

  /** Waits until the connection has ended, and says how. */
  waitForClose(): Promise<{ code: number; reason: string }> {
    return until('the connection to end', () => this.closed);
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }
}

/** Where a stream is asked for, as ws takes it. */
export function streamUrl(agent: TestAgent, query: string, plane: 'local' | 'loopback'): string {
  const suffix = query === '' ? '' : `?${query}`;
  return plane === 'local'
    ? `ws+unix:${agent.socket}:/v1/events${suffix}`
    : `ws://127.0.0.1:${agent.port}/v1/events${suffix}`;
}

/** Connects, waits for hello, and disconnects after the test. */
export async function connect(
  agent: TestAgent,
  query = '',
  plane: 'local' | 'loopback' = 'local',
): Promise<TestClient> {
  const ws = new WebSocket(streamUrl(agent, query, plane), {
    headers: plane === 'local' ? {} : { authorization: `Bearer ${agent.token}` },
  });
  const client = new TestClient(ws);
  cleanUpWith(() => ws.terminate());
  await client.waitFor('hello', (frame) => frame.type === 'hello');
  return client;
}
