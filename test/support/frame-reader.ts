// A WebSocket client that trusts nothing: each frame of the server's is read by the letter of RFC 6455,
// section 5, and each of its own is made of whatever bytes it is told to.

import { isUtf8 } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { ServerFrame } from '../../shared/index.ts';
import { cleanUpWith } from './cleanup.ts';
import { upgradeRequest } from './upgrade-request.ts';
import { until } from './wait.ts';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame of the server's. */
export interface StrictFrame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** How many bytes stood before the payload. */
  readonly headerBytes: number;
}

/** What a client's frame is made of. */
export interface FrameOptions {
  readonly fin?: boolean;
}

const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A client's frame, masked as it has to be. */
export function clientFrame(
  opcode: number,
  content: string | Buffer = '',
  { fin = true }: FrameOptions = {},
): Buffer {
  const payload = Buffer.from(content);
  const length =
    payload.length < 126
      ? Buffer.from([payload.length])
      : payload.length < 65_536
        ? Buffer.from([126, payload.length >> 8, payload.length & 0xff])
        : Buffer.from([127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >> shift) & 0xff)]);
  length[0] = (length[0] as number) | 0x80;
  const mask = randomBytes(4);
  for (let at = 0; at < payload.length; at++) {
    payload[at] = (payload[at] as number) ^ (mask[at % 4] as number);
  }
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode]), length, mask, payload]);
}

/** A connection whose every byte is accounted for. */
export class FrameReader {
  readonly socket: Socket;
  readonly frames: StrictFrame[] = [];
  /** What RFC 6455 does not allow, and every byte after the close frame. */
  readonly faults: string[] = [];
  /** Whether the server has ended its side. */
  ended = false;
  private readonly key = randomBytes(16).toString('base64');
  private pending: Buffer = Buffer.alloc(0);
  private upgraded = false;

  constructor(socket: Socket, query: string) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => this.take(piece));
    socket.on('error', () => {});
    socket.on('end', () => {
      this.ended = true;
      if (this.pending.length > 0) this.faults.push(`the end within a frame: ${this.brief()}`);
    });
    socket.write(upgradeRequest(query, this.key));
  }

  get isOpen(): boolean {
    return this.upgraded;
  }

  /** The payloads of text frames. */
  get texts(): Buffer[] {
    return this.of(opcodes.text);
  }

  /** What text frames say, where that is JSON. */
  get json(): ServerFrame[] {
    return this.texts.map((payload) => JSON.parse(payload.toString('utf8')) as ServerFrame);
  }

  /** The codes of the close frames that came. */
  get closeCodes(): number[] {
    return this.of(opcodes.close).map((payload) => payload.readUInt16BE(0));
  }

  /** The payloads of one kind of frame. */
  of(opcode: number): Buffer[] {
    return this.frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload);
  }

  send(opcode: number, content: string | Buffer = '', options: FrameOptions = {}): void {
    this.socket.write(clientFrame(opcode, content, options));
  }

  /** Answers the server's close frame, as it has to before the server ends the connection. */
  answerClose(): void {
    this.send(opcodes.close, this.of(opcodes.close)[0] ?? Buffer.alloc(0));
  }

  private take(piece: Buffer): void {
    this.pending = Buffer.concat([this.pending, piece]);
    if (!this.upgraded && !this.takeHead()) return;
    while (this.takeFrame());
  }

  private takeHead(): boolean {
    const end = this.pending.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const head = this.pending.toString('latin1', 0, end);
    const accept = createHash('sha1').update(`${this.key}${acceptSuffix}`).digest('base64');
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(`Sec-WebSocket-Accept: ${accept}`)) {
      this.faults.push(`no upgrade: ${head}`);
    }
    if (/^Sec-WebSocket-Extensions:/im.test(head)) this.faults.push(`extensions: ${head}`);
    this.upgraded = true;
    this.pending = this.pending.subarray(end + 4);
    return true;
  }

  private takeFrame(): boolean {
    const bytes = this.pending;
    if (bytes.length < 2) return false;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headerBytes) return false;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    const opcode = first & 0x0f;
    if ((second & 0x80) !== 0) this.fault('a mask');
    if ((first & 0x70) !== 0) this.fault('a reserved bit');
    // Events are whole, and what is not split has no continuation.
    if ((first & 0x80) === 0) this.fault('no FIN');
    if (headerBytes === 4 && length < 126) this.fault('126 for a length below it');
    if (headerBytes === 10 && length < 65_536) this.fault('127 for a length of 16 bits');
    if (![opcodes.text, opcodes.close, opcodes.ping, opcodes.pong].some((known) => known === opcode)) {
      this.fault(`opcode ${opcode}`);
    }
    if (opcode >= opcodes.close && length > 125) this.fault(`a control frame of ${length} bytes`);
    if (this.of(opcodes.close).length > 0) this.fault('something after the close frame');
    if (this.faults.length > 0) {
      // After a fault nothing that follows has a meaning.
      this.pending = Buffer.alloc(0);
      return false;
    }
    if (bytes.length < headerBytes + length) return false;
    const payload = Buffer.from(bytes.subarray(headerBytes, headerBytes + length));
    if (opcode === opcodes.text && !isUtf8(payload)) this.fault('text that is not UTF-8');
    this.frames.push({ opcode, payload, headerBytes });
    this.pending = bytes.subarray(headerBytes + length);
    return true;
  }

  private fault(what: string): void {
    this.faults.push(`${what}, in frame ${this.frames.length}: ${this.brief()}`);
  }

  private brief(): string {
    return this.pending.subarray(0, 40).toString('latin1');
  }
}

/** Connects at a Unix socket, waits for the upgrade, and cuts the connection after the test. */
export async function readFrames(socketPath: string, query = ''): Promise<FrameReader> {
  const reader = new FrameReader(connect(socketPath), query);
  cleanUpWith(() => void reader.socket.destroy());
  await until('the upgrade', () => reader.isOpen);
  return reader;
}
