// Headers of the store's files: small pieces of fixed length, each sealed with a checksum over the rest of it.
import { crc32 } from 'node:zlib';

/** Of all files together: whoever changes one of them counts this on, and what older agents left is not read. */
export const formatVersion = 1;

/** Puts the checksum of what is before it into the last four bytes. */
export function seal(piece: Buffer): Buffer {
  piece.writeUInt32LE(crc32(piece.subarray(0, -4)), piece.length - 4);
  return piece;
}

/** Whether the last four bytes are the checksum of what is before them. */
export function isSealed(piece: Buffer): boolean {
  return piece.length > 4 && piece.readUInt32LE(piece.length - 4) === crc32(piece.subarray(0, -4));
}

/** Writes text into a field of fixed length. It must fit, in ASCII. */
export function putText(piece: Buffer, text: string, start: number, end: number): void {
  piece.fill(0, start, end);
  piece.write(text, start, end - start, 'latin1');
}

/** Reads what `putText` wrote. */
export function takeText(piece: Buffer, start: number, end: number): string {
  const field = piece.subarray(start, end);
  const nul = field.indexOf(0);
  return field.toString('latin1', 0, nul === -1 ? field.length : nul);
}
