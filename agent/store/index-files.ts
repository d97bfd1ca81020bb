// What is known of the roots, a file each: the watcher's own image of its index, behind a header that says of which root
// it is and of which moment.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { formatVersion, isSealed, putText, seal, takeText } from './sealed.ts';

const magic = 'DEVAINDX';
const headerBytes = 128;
const suffix = '.index';
/** Who comes back to a directory later than that reads all of it again anyway. */
const mostAgeMs = 30 * 24 * 60 * 60 * 1000;

/** What stands in front of an image. */
export interface IndexHeader {
  readonly root: string;
  readonly epoch: string;
  /** The image is of this moment. */
  readonly headSeq: number;
  /** When it was watched last: the journal's number then; infinite while it is watched. */
  readonly endSeq: number;
  /** 0: nothing is known but that the root is, or was, watched. */
  readonly imageBytes: number;
  readonly imageSum: number;
}

/** The name of the file of a root. */
function indexName(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 32) + suffix;
}

/** A file's header, the root's path included. */
function headerOf({ root, epoch, headSeq, endSeq, imageBytes, imageSum }: IndexHeader): Buffer {
  const path = Buffer.from(root, 'utf8');
  const header = Buffer.alloc(headerBytes + path.length);
  putText(header, magic, 0, 8);
  header.writeUInt32LE(formatVersion, 8);
  header.writeUInt32LE(path.length, 12);
  header.writeDoubleLE(headSeq, 16);
  putText(header, epoch, 24, 56);
  header.writeDoubleLE(endSeq, 56);
  header.writeDoubleLE(imageBytes, 64);
  header.writeUInt32LE(imageSum, 72);
  path.copy(header, headerBytes);
  const piece = header.subarray(0, headerBytes);
  piece.writeUInt32LE(crc32(path), 76);
  seal(piece);
  return header;
}

/** Takes a file apart; undefined if it is damaged anywhere. */
function readIndex(file: Buffer): { header: IndexHeader; image: Buffer } | undefined {
  const piece = file.subarray(0, headerBytes);
  if (piece.length < headerBytes || !isSealed(piece) || takeText(piece, 0, 8) !== magic) return undefined;
  if (piece.readUInt32LE(8) !== formatVersion) return undefined;
  const imageAt = headerBytes + piece.readUInt32LE(12);
  const path = file.subarray(headerBytes, imageAt);
  const image = file.subarray(imageAt);
  const header = {
    root: path.toString('utf8'),
    epoch: takeText(piece, 24, 56),
    headSeq: piece.readDoubleLE(16),
    endSeq: piece.readDoubleLE(56),
    imageBytes: piece.readDoubleLE(64),
    imageSum: piece.readUInt32LE(72),
  };
  const isWhole = image.length === header.imageBytes && crc32(image) === header.imageSum;
  return isWhole && crc32(path) === piece.readUInt32LE(76) ? { header, image } : undefined;
}

/**
 * Reads and checks every index in the directory, without keeping any. Those of roots that were not watched for a month
 * are reduced to that they were.
 * @returns their headers; undefined if one is damaged
 * @throws Error of the file system
 */
export function findIndexes(directory: string, epoch: string): IndexHeader[] | undefined {
  const headers: IndexHeader[] = [];
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.tmp')) rmSync(join(directory, name), { force: true });
    if (!name.endsWith(suffix)) continue;
    const path = join(directory, name);
    const read = readIndex(readFileSync(path));
    if (read === undefined || read.header.epoch !== epoch || indexName(read.header.root) !== name) {
      return undefined;
    }
    const isOld = Date.now() - statSync(path).mtimeMs > mostAgeMs;
    headers.push(isOld ? { ...read.header, imageBytes: 0, imageSum: 0 } : read.header);
  }
  return headers;
}

/** The indexes on disk. Methods throw errors of the file system. */
export class IndexFiles {
  private readonly directory: string;
  private readonly headers = new Map<string, IndexHeader>();

  /** @param headers what is gone on with; anything else is removed */
  constructor(directory: string, headers: readonly IndexHeader[]) {
    this.directory = directory;
    for (const header of headers) this.headers.set(header.root, header);
    const names = new Set(headers.map(({ root }) => indexName(root)));
    for (const name of readdirSync(directory)) {
      if (name.endsWith(suffix) && !names.has(name)) rmSync(join(directory, name), { force: true });
    }
    for (const header of headers) {
      if (header.imageBytes === 0) this.writeSmall(header);
    }
  }

  get bytes(): number {
    let bytes = 0;
    for (const { imageBytes } of this.headers.values()) bytes += headerBytes + imageBytes;
    return bytes;
  }

  /** What is known of each root. */
  all(): Iterable<IndexHeader> {
    return this.headers.values();
  }

  of(root: string): IndexHeader | undefined {
    return this.headers.get(root);
  }

  /** The image of a root; undefined if it is damaged. */
  image(root: string): Buffer | undefined {
    return readIndex(readFileSync(join(this.directory, indexName(root))))?.image;
  }

  /** Keeps that a root is watched, or was until `endSeq`, and what is known of it as it is. */
  note(header: IndexHeader): void {
    const known = this.headers.get(header.root);
    if (known === undefined || header.imageBytes === 0) this.writeSmall(header);
    else {
      const file = openSync(join(this.directory, indexName(header.root)), constants.O_RDWR);
      try {
        // It lies within one page of the system's memory, so that no kill can cut it in two.
        writeSync(file, headerOf(header), 0, headerBytes, 0);
      } finally {
        closeSync(file);
      }
    }
    this.headers.set(header.root, header);
  }

  /** Keeps an image. */
  async put(header: Omit<IndexHeader, 'imageBytes' | 'imageSum'>, image: readonly Buffer[]): Promise<void> {
    let imageBytes = 0;
    let imageSum = 0;
    for (const piece of image) {
      imageBytes += piece.length;
      imageSum = crc32(piece, imageSum);
    }
    const whole = { ...header, imageBytes, imageSum };
    const path = join(this.directory, indexName(header.root));
    const file = await open(`${path}.tmp`, 'w', 0o600);
    try {
      const buffers = [headerOf(whole), ...image].filter(({ length }) => length > 0);
      const { bytesWritten } = await file.writev(buffers);
      if (bytesWritten !== buffers.reduce((sum, { length }) => sum + length, 0)) {
        throw Object.assign(new Error('the index was cut off'), { code: 'ENOSPC' });
      }
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
    this.headers.set(header.root, whole);
  }

  private writeSmall(header: IndexHeader): void {
    const path = join(this.directory, indexName(header.root));
    writeFileSync(`${path}.tmp`, headerOf({ ...header, imageBytes: 0, imageSum: 0 }), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
}
