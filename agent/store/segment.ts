// The journal's files, its segments: the bytes of the ring as they are, in blocks, one a write. A block says how long it
// is and carries a checksum, so that a damaged byte and a write that was cut off are both noticed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { frameBytesAt } from '../journal/index.ts';
import { formatVersion, isSealed, putText, seal, takeText } from './sealed.ts';

const magic = 'DEVASEGM';
/** Of the header of a file. */
const fileHeaderBytes = 64;
/** Of the header of a block. */
export const blockHeaderBytes = 32;
const suffix = '.journal';

/** The header of the file that begins with event `firstSeq`. */
export function fileHeader(epoch: string, firstSeq: number): Buffer {
  const piece = Buffer.alloc(fileHeaderBytes);
  putText(piece, magic, 0, 8);
  piece.writeUInt32LE(formatVersion, 8);
  piece.writeDoubleLE(firstSeq, 16);
  putText(piece, epoch, 24, 56);
  return seal(piece);
}

/** Writes the header of a block into `piece`. */
export function putBlockHeader(
  piece: Buffer,
  buffers: readonly Buffer[],
  firstSeq: number,
  lastSeq: number,
): void {
  let sum = 0;
  let bytes = 0;
  for (const buffer of buffers) {
    sum = crc32(buffer, sum);
    bytes += buffer.length;
  }
  piece.writeUInt32LE(bytes, 0);
  piece.writeUInt32LE(sum, 4);
  piece.writeDoubleLE(firstSeq, 8);
  piece.writeDoubleLE(lastSeq, 16);
  seal(piece);
}

/** The name of the file that begins with event `firstSeq`; names sort as the numbers do. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}${suffix}`;
}

/** The names of the segments in a directory, the oldest first. */
export function segmentNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(suffix))
    .sort();
}

/** A run of whole frames of one file. */
interface Run {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Buffer;
}

/** A file that was read. */
export interface ReadSegment {
  readonly name: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly runs: readonly Run[];
  /** How many of its bytes can be believed. */
  readonly soundBytes: number;
  /** Whether there are more. */
  readonly isCut: boolean;
}

/**
 * Reads a segment as far as it can be believed.
 * @returns undefined where not even its header can
 * @throws Error of the file system
 */
export function readSegment(directory: string, name: string, epoch: string): ReadSegment | undefined {
  const file = readFileSync(join(directory, name));
  const header = file.subarray(0, fileHeaderBytes);
  if (header.length < fileHeaderBytes || !isSealed(header)) return undefined;
  if (takeText(header, 0, 8) !== magic || header.readUInt32LE(8) !== formatVersion) return undefined;
  const firstSeq = header.readDoubleLE(16);
  if (takeText(header, 24, 56) !== epoch || segmentName(firstSeq) !== name) return undefined;
  const runs: Run[] = [];
  let at = fileHeaderBytes;
  let lastSeq = firstSeq - 1;
  for (;;) {
    const run = readBlock(file, at, lastSeq + 1);
    if (run === undefined) break;
    runs.push(run);
    lastSeq = run.lastSeq;
    at += blockHeaderBytes + run.bytes.length;
  }
  return { name, firstSeq, lastSeq, runs, soundBytes: at, isCut: at < file.length };
}

function readBlock(file: Buffer, at: number, wantedSeq: number): Run | undefined {
  const header = file.subarray(at, at + blockHeaderBytes);
  if (header.length < blockHeaderBytes || !isSealed(header)) return undefined;
  const firstSeq = header.readDoubleLE(8);
  const lastSeq = header.readDoubleLE(16);
  const start = at + blockHeaderBytes;
  const bytes = file.subarray(start, start + header.readUInt32LE(0));
  const isWhole = bytes.length === header.readUInt32LE(0) && crc32(bytes) === header.readUInt32LE(4);
  if (!isWhole || firstSeq !== wantedSeq || framesIn(bytes) !== lastSeq - firstSeq + 1) return undefined;
  return { firstSeq, lastSeq, bytes };
}

/** How many frames these bytes are; undefined if they are anything else than whole frames. */
function framesIn(bytes: Buffer): number | undefined {
  let frames = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = frameBytesAt(bytes, at);
    if (length === undefined) return undefined;
    at += length;
    frames += 1;
  }
  return at === bytes.length ? frames : undefined;
}
