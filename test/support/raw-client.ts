// A WebSocket client made of a bare socket: it answers no ping and no close frame, and stops reading when
// it is told to. What a well-behaved library would never do can be done with it.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { cleanUpWith } from './cleanup.ts';
import { upgradeRequest } from './upgrade-request.ts';
import { until } from './wait.ts';

/** A frame as it came, unmasked as a server's frames are. */
interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const opcodes = { text: 1, close: 8, ping: 9 } as const;

/** A connection that has been upgraded. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  /** Whether the connection has ended. */
  ended = false;
  private pieces: Buffer[] = [];
  private bytes = 0;
  private upgraded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => this.take(piece));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended = true;
    });
  }

  /** What came as text frames, parsed. */
  get texts(): Record<string, unknown>[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => JSON.parse(payload.toString('utf8')) as Record<string, unknown>);
  }

  get pings(): number {
    return this.frames.filter(({ opcode }) => opcode === opcodes.ping).length;
  }

  /** The codes of the close frames that came. */
  get closeCodes(): number[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.close)
      .map(({ payload }) => payload.readUInt16BE(0));
  }

  /** Reads no more; what is sent stays with the kernel, and when that is full with the agent. */
  pause(): void {
    this.socket.pause();
  }

  /** Reads again. */
  resume(): void {
    this.socket.resume();
  }

  private take(piece: Buffer): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
    if (!this.upgraded) {
      const text = this.whole().toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      if (!text.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${text}`);
      this.upgraded = true;
      this.drop(end + 4);
    }
    let more = true;
    while (more) more = this.takeFrame();
  }

  private takeFrame(): boolean {
    if (this.bytes < 2) return false;
    // Joined only when a frame may be complete: a client that was stuck gets megabytes in small pieces.
    let head = this.pieces[0] as Buffer;
    if (head.length < 10) head = this.whole();
    const short = (head[1] as number) & 0x7f;
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.bytes < headBytes) return false;
    const length =
      short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (this.bytes < headBytes + length) return false;
    if (head.length < headBytes + length) head = this.whole();
    this.frames.push({
      opcode: (head[0] as number) & 0x0f,
      payload: Buffer.from(head.subarray(headBytes, headBytes + length)),
    });
    this.drop(headBytes + length);
    return true;
  }

  private whole(): Buffer {
    const whole = Buffer.concat(this.pieces);
    this.pieces = [whole];
    return whole;
  }

  private drop(bytes: number): void {
    const [first, ...others] = this.pieces;
    const rest = (first as Buffer).subarray(bytes);
    this.pieces = rest.length > 0 ? [rest, ...others] : others;
    this.bytes -= bytes;
  }
}

/** Connects at a Unix socket, waits for hello, and cuts the connection after the test. */
export async function connectRaw(socketPath: string, query = ''): Promise<RawClient> {
  const socket = connect(socketPath);
  cleanUpWith(() => void socket.destroy());
  const client = new RawClient(socket);
  socket.write(upgradeRequest(query, randomBytes(16).toString('base64')));
  await until('the raw client to be greeted', () => client.texts[0]?.['type'] === 'hello');
  return client;
}
