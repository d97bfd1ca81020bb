// Writes the journal's segments and its mark, and removes segments that are no longer needed.
import { closeSync, constants, ftruncateSync, openSync, rmSync, writeSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../instance/index.ts';
import { MarkFile } from './mark.ts';
import { type Found, markName } from './restore.ts';
import { blockHeaderBytes, fileHeader, putBlockHeader, segmentName, segmentNames } from './segment.ts';

/** A segment goes as a whole, so this much more than the journal's limit is on disk: a quarter. */
const segmentsPerLimit = 4;

/** What has to be kept for an index that was not written down in time ends at so many times the journal's limit. */
const mostLimits = 2;

interface SegmentFile {
  readonly name: string;
  readonly firstSeq: number;
  bytes: number;
}

/** What the files are made with. */
export interface JournalFilesOptions {
  readonly directory: string;
  readonly epoch: string;
  readonly boot: string;
  /** The journal's limit. */
  readonly limitBytes: number;
  /** What is gone on with; anything else in the directory is removed. */
  readonly found: Found;
  readonly host: JournalFilesHost;
}

/** What the files ask of who has them. */
export interface JournalFilesHost {
  /** The oldest event that somebody still needs; infinite if nobody needs any. */
  neededSeq(): number;
  /** Events before this one go, needed or not: there would be too many. */
  dropped(beforeSeq: number): void;
  /** A segment is full. */
  rotated(): void;
}

/** The journal on disk. Each method throws errors of the file system, and is not called again after one. */
export class JournalFiles {
  private readonly directory: string;
  private readonly epoch: string;
  private readonly limitBytes: number;
  private readonly host: JournalFilesHost;
  private readonly mark: MarkFile;
  private readonly header = Buffer.alloc(blockHeaderBytes);
  /** The oldest first. */
  private readonly segments: SegmentFile[] = [];
  private descriptor: number | undefined;
  private head = 0;
  private total = 0;

  constructor({ directory, epoch, boot, limitBytes, found, host }: JournalFilesOptions) {
    this.host = host;
    this.directory = directory;
    this.epoch = epoch;
    this.limitBytes = limitBytes;
    const kept = found.kind === 'usable' ? found : undefined;
    const names = new Set(kept?.segments.map(({ name }) => name));
    for (const name of segmentNames(directory)) if (!names.has(name)) rmSync(join(directory, name));
    for (const { name, firstSeq, soundBytes } of kept?.segments ?? []) {
      this.segments.push({ name, firstSeq, bytes: soundBytes });
      this.total += soundBytes;
    }
    const last = this.segments.at(-1);
    if (last !== undefined) {
      this.descriptor = openSync(join(directory, last.name), constants.O_RDWR);
      ftruncateSync(this.descriptor, last.bytes);
    }
    this.head = kept?.headSeq ?? 0;
    // From the beginning, so that an agent that runs out of open files later can still write.
    if (last === undefined) this.begin(this.head + 1);
    this.mark = new MarkFile(join(directory, markName), epoch, boot);
    this.mark.write('open', this.head);
    // Or a clean mark could come back after a crash of the machine, and with it cursors that were given since.
    if (kept?.mark.state === 'clean') this.mark.flush();
  }

  /** Of all segments. */
  get bytes(): number {
    return this.total;
  }

  /** Appends a block, and moves the mark behind it. */
  append(buffers: readonly Buffer[], firstSeq: number, lastSeq: number): void {
    putBlockHeader(this.header, buffers, firstSeq, lastSeq);
    let segment = this.segments.at(-1);
    if (segment === undefined || segment.bytes >= this.limitBytes / segmentsPerLimit) {
      segment = this.rotate(firstSeq, segment);
    }
    const descriptor = this.descriptor as number; // there is one with the first segment
    const bytes = writeAll(descriptor, [this.header, ...buffers], segment.bytes);
    segment.bytes += bytes;
    this.total += bytes;
    this.head = lastSeq;
    this.mark.write('open', lastSeq);
  }

  /** Says that all of it was written and nothing is to follow. */
  finish(): void {
    this.mark.write('clean', this.head);
    this.close();
  }

  /** Says that events are missing from here on. */
  giveUp(): void {
    this.mark.write('lost', this.head);
    this.close();
  }

  private close(): void {
    this.mark.close();
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Goes on in a new segment, or, while there is no open file left for one, in the last. */
  private rotate(firstSeq: number, last: SegmentFile | undefined): SegmentFile {
    try {
      const segment = this.begin(firstSeq);
      this.removeOld();
      this.host.rotated();
      return segment;
    } catch (error) {
      if (last !== undefined && isOutOfFiles(error)) return last;
      throw error;
    }
  }

  private begin(firstSeq: number): SegmentFile {
    const segment = { name: segmentName(firstSeq), firstSeq, bytes: 0 };
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    const descriptor = openSync(join(this.directory, segment.name), flags, 0o600);
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = descriptor;
    const header = fileHeader(this.epoch, firstSeq);
    segment.bytes = writeAll(this.descriptor, [header], 0);
    this.total += segment.bytes;
    this.segments.push(segment);
    return segment;
  }

  private removeOld(): void {
    for (let [oldest] = this.segments; oldest !== undefined; [oldest] = this.segments) {
      const next = this.segments[1];
      if (next === undefined || this.total - oldest.bytes < this.limitBytes) return;
      if (this.host.neededSeq() < next.firstSeq) {
        if (this.total < mostLimits * this.limitBytes) return;
        this.host.dropped(next.firstSeq);
      }
      rmSync(join(this.directory, oldest.name), { force: true });
      this.total -= oldest.bytes;
      this.segments.shift();
    }
  }
}

/** Whether there was no open file left, which passes: nothing is wrong with the disk. */
export function isOutOfFiles(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Writes all of it; writev(2) may write less, as before it says that the disk is full. Returns how much that is. */
function writeAll(descriptor: number, buffers: Buffer[], position: number): number {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  let written = writevSync(descriptor, buffers, position);
  if (written < bytes) {
    const whole = Buffer.concat(buffers);
    while (written < bytes) {
      const more = writeSync(descriptor, whole, written, bytes - written, position + written);
      if (more === 0) throw Object.assign(new Error('nothing more could be written'), { code: 'ENOSPC' });
      written += more;
    }
  }
  return bytes;
}
