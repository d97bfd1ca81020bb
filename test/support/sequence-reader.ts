// A client made of a bare socket that reads as fast as it is told to and looks at nothing but the place of
// each event: so that hundreds of megabytes can be read by several in one process.
import { connect, type Socket } from 'node:net';
import type { Transport } from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';
import { cleanUpWith } from './cleanup.ts';
import { type Placed, Sequence } from './sequence.ts';
import { upgradeRequest } from './upgrade-request.ts';
import { until } from './wait.ts';

/** How a frame begins. What is around it, a header or `data:`, never stands in the midst of it. */
const start = '{"type":"';
/** As long as the beginning of a frame may be, up to the members that are looked at. */
const headBytes = 128;
const head = /^\{"type":"(message|file|gap)","cursor":"([^"]+)"(?:,"reason":"\w+","missed":(\d+))?/;
/** What a slow one waits between one piece and the next. */
const slowMs = 4;

export type Pace = 'fast' | 'slow' | 'stuck';

/** A client that has been greeted, and what it has read. */
export class SequenceReader {
  readonly name: string;
  readonly sequence = new Sequence(0);
  greeted = false;
  private readonly socket: Socket;
  private pace: Pace;
  private rest: Buffer = Buffer.alloc(0);

  constructor(name: string, socket: Socket, pace: Pace) {
    this.name = name;
    this.socket = socket;
    this.pace = pace;
    socket.on('data', (piece: Buffer) => {
      this.take(piece);
      if (this.pace === 'fast' || !this.greeted) return;
      socket.pause();
      if (this.pace === 'slow') setTimeout(() => socket.resume(), slowMs);
    });
    socket.on('error', () => {});
  }

  /** From here on it reads like the fast ones. */
  hurry(): void {
    this.pace = 'fast';
    this.socket.resume();
  }

  private take(piece: Buffer): void {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(start, from);
      if (at === -1) {
        from = Math.max(from, bytes.length - start.length + 1);
        break;
      }
      from = at;
      if (bytes.length - at < headBytes) break;
      this.takeHead(bytes.toString('latin1', at, at + headBytes));
      from = at + start.length;
    }
    this.rest = Buffer.from(bytes.subarray(from));
  }

  private takeHead(text: string): void {
    if (text.startsWith('{"type":"hello"')) this.greeted = true;
    const [, type, cursor = '', missed] = head.exec(text) ?? [];
    if (type === undefined) return;
    this.sequence.take({
      type: type as Placed['type'],
      cursor,
      missed: missed === undefined ? undefined : Number(missed),
    });
  }
}

/** Connects to an agent that has told of nothing yet, waits for hello, and disconnects after the test. */
export async function readSequence(
  agent: TestAgent,
  transport: Transport,
  pace: Pace,
): Promise<SequenceReader> {
  const name = `${transport}-${pace}`;
  const socket = connect(agent.socket);
  cleanUpWith(() => void socket.destroy());
  const reader = new SequenceReader(name, socket, pace);
  const query = `name=${name}`;
  const accept = transport === 'sse' ? 'text/event-stream' : '*/*';
  socket.write(
    transport === 'ws'
      ? upgradeRequest(query, 'dGhlIHNhbXBsZSBub25jZQ==')
      : `GET /v1/events?${query} HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`,
  );
  await until(`${name} to be greeted`, () => reader.greeted);
  return reader;
}
