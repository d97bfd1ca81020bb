// The WebSocket frame around an event: final, text, unmasked (RFC 6455, section 5.2).

const finalText = 0x81;

/** The bytes of the header in front of a payload of this length: 2, 4 or 10. */
export function frameHeaderBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : 10;
}

/** Writes the header of a text frame at `offset`; returns where the payload goes. */
export function writeFrameHeader(target: Buffer, offset: number, payloadBytes: number): number {
  target[offset] = finalText;
  if (payloadBytes < 126) {
    target[offset + 1] = payloadBytes;
    return offset + 2;
  }
  if (payloadBytes < 65_536) {
    target[offset + 1] = 126;
    return target.writeUInt16BE(payloadBytes, offset + 2);
  }
  target[offset + 1] = 127;
  return target.writeBigUInt64BE(BigInt(payloadBytes), offset + 2);
}

/**
 * The bytes of the whole frame that begins at `offset`; undefined where none does, or not all of its header is there. The
 * frame itself may go on beyond the buffer's end.
 */
export function frameBytesAt(buffer: Buffer, offset: number): number | undefined {
  const length = buffer[offset + 1];
  if (buffer[offset] !== finalText || length === undefined) return undefined;
  if (length < 126) return 2 + length;
  if (length === 126) return offset + 4 > buffer.length ? undefined : 4 + buffer.readUInt16BE(offset + 2);
  if (length > 127 || offset + 10 > buffer.length) return undefined;
  return 10 + Number(buffer.readBigUInt64BE(offset + 2));
}

/** The payload of a whole frame. */
export function framePayload(frame: Buffer): Buffer {
  const length = (frame[1] as number) & 0x7f;
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10);
}

/** A whole text frame around `text`. */
export function textFrame(text: string | Buffer): Buffer {
  const payload = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  const frame = Buffer.allocUnsafe(frameHeaderBytes(payload.length) + payload.length);
  payload.copy(frame, writeFrameHeader(frame, 0, payload.length));
  return frame;
}
