// Just enough of RFC 6455 for a client that counts: it costs little beside the server that is measured.

const opText = 1;
const opPing = 9;

/** Called with each text frame: the buffer that holds it, where its payload begins and where it ends. */
export type OnText = (buffer: Buffer, start: number, end: number) => void;

/** Takes a stream apart into frames. One a connection. */
export class FrameReader {
  private rest: Buffer | undefined;
  private readonly onText: OnText;
  private readonly onPing: () => void;

  constructor(onText: OnText, onPing: () => void) {
    this.onText = onText;
    this.onPing = onPing;
  }

  /** Takes what was read; keeps a copy of a frame that is not complete yet. Fragmented messages don't occur here. */
  take(chunk: Buffer): void {
    const data = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    let at = 0;
    while (at + 2 <= data.length) {
      const short = (data[at + 1] as number) & 0x7f;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > data.length) break;
      const length =
        short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6);
      const end = start + length;
      if (end > data.length) break;
      const opcode = (data[at] as number) & 0x0f;
      if (opcode === opText) this.onText(data, start, end);
      else if (opcode === opPing) this.onPing();
      at = end;
    }
    if (at < data.length) this.rest = Buffer.from(data.subarray(at));
  }
}

/** A text frame as a client sends it, with a mask of zeros; at most 125 bytes. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x80 | opText, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** The answer to a ping. */
export const pongFrame = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
