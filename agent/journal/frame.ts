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

/** A whole text frame around `text`. */
export function textFrame(text: string | Buffer): Buffer {
  const payload = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  const frame = Buffer.allocUnsafe(frameHeaderBytes(payload.length) + payload.length);
  payload.copy(frame, writeFrameHeader(frame, 0, payload.length));
  return frame;
}
