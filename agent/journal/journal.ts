// The journal: everything that happened, in one order, each event encoded once as the WebSocket frame
// that its readers get, laid end to end in large chunks. Live delivery, replay and a slow client are the
// same operation on it: the bytes from here to there.
import { randomBytes } from 'node:crypto';
import { formatCursor, type JournalEvent } from '../../shared/index.ts';
import { frameHeaderBytes, writeFrameHeader } from './frame.ts';

/**
 * Large enough that a burst is one or two slices, small enough that a chunk which a stuck socket keeps
 * from being freed costs little.
 */
const chunkBytes = 256 * 1024;

type WithoutCursor<E> = E extends unknown ? Omit<E, 'cursor'> : never;
/** An event before it has its place. */
export type NewEvent = WithoutCursor<JournalEvent>;

/** Events first..first+count-1, laid end to end. Filled chunks are never written again. */
interface Chunk {
  readonly buffer: Buffer;
  readonly firstSeq: number;
  /** Where each event's frame begins, and at the end where the last one ends. */
  readonly offsets: number[];
}

/** A run of frames. */
export interface Frames {
  /** Slices of the journal's own memory: to be written, not to be kept. */
  readonly buffers: Buffer[];
  readonly bytes: number;
  readonly events: number;
  /** The position after them. */
  readonly seq: number;
}

/** An append-only ring of encoded events, bounded in bytes. */
export class Journal {
  /** New for every journal: a cursor of another one can't be mistaken for one of this. */
  readonly epoch: string;
  readonly limitBytes: number;
  private readonly chunks: Chunk[] = [];
  private used = 0;
  private head = 0;

  /** @param limitBytes how much of the newest is kept, frame headers included */
  constructor(limitBytes: number, epoch: string = newEpoch()) {
    this.limitBytes = limitBytes;
    this.epoch = epoch;
  }

  /** The newest event's number; 0 while there is none. */
  get headSeq(): number {
    return this.head;
  }

  /** The oldest event's number that is still held; one beyond the newest while there is none. */
  get oldestSeq(): number {
    return this.chunks[0]?.firstSeq ?? this.head + 1;
  }

  get events(): number {
    return this.head + 1 - this.oldestSeq;
  }

  /** Held, frame headers included. */
  get bytes(): number {
    return this.used;
  }

  /** The cursor of the position after event `seq`, the newest unless given. */
  cursor(seq: number = this.head): string {
    return formatCursor(this.epoch, seq);
  }

  /** Adds an event; returns it with its cursor, its number, and the bytes of its frame. */
  append(event: NewEvent): { seq: number; event: JournalEvent; bytes: number } {
    const seq = this.head + 1;
    const { type, ...rest } = event;
    const placed = { type, cursor: this.cursor(seq), ...rest } as JournalEvent;
    const json = JSON.stringify(placed);
    const payloadBytes = Buffer.byteLength(json);
    const frameBytes = frameHeaderBytes(payloadBytes) + payloadBytes;
    const chunk = this.chunkFor(frameBytes, seq);
    const start = chunk.offsets[chunk.offsets.length - 1] as number;
    chunk.buffer.write(json, writeFrameHeader(chunk.buffer, start, payloadBytes), 'utf8');
    chunk.offsets.push(start + frameBytes);
    this.head = seq;
    this.used += frameBytes;
    this.trim();
    return { seq, event: placed, bytes: frameBytes };
  }

  /**
   * The frames after position `afterSeq` up to event `untilSeq`, at most `limitBytes` of them but at least
   * one if there is any. The position must not lie before the oldest event held.
   */
  read(afterSeq: number, limitBytes: number, untilSeq: number = this.head): Frames {
    const buffers: Buffer[] = [];
    let bytes = 0;
    let seq = afterSeq;
    for (let index = this.chunkIndex(afterSeq + 1); index < this.chunks.length; index++) {
      const { buffer, firstSeq, offsets } = this.chunks[index] as Chunk;
      if (seq >= untilSeq) break;
      const from = seq + 1 - firstSeq;
      const start = offsets[from] as number;
      let to = Math.min(offsets.length - 1, untilSeq + 1 - firstSeq);
      if (bytes + (offsets[to] as number) - start > limitBytes) {
        to = lastWithin(offsets, from, to, start + limitBytes - bytes);
        if (to === from && bytes === 0) to = from + 1;
      }
      if (to === from) break;
      const end = offsets[to] as number;
      buffers.push(buffer.subarray(start, end));
      bytes += end - start;
      seq = firstSeq + to - 1;
      if (to < offsets.length - 1) break;
    }
    return { buffers, bytes, events: seq - afterSeq, seq };
  }

  /** The frame of one event that is held. */
  frame(seq: number): Buffer {
    const { buffer, firstSeq, offsets } = this.chunks[this.chunkIndex(seq)] as Chunk;
    const at = seq - firstSeq;
    return buffer.subarray(offsets[at], offsets[at + 1]);
  }

  /** The JSON of one event that is held, as bytes. */
  payload(seq: number): Buffer {
    const frame = this.frame(seq);
    const length = (frame[1] as number) & 0x7f;
    return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10);
  }

  /** How many bytes of frames lie after position `afterSeq`, as far as they are held. */
  bytesAfter(afterSeq: number): number {
    const first = Math.max(afterSeq + 1, this.oldestSeq);
    if (first > this.head) return 0;
    let bytes = 0;
    for (let index = this.chunkIndex(first); index < this.chunks.length; index++) {
      const { firstSeq, offsets } = this.chunks[index] as Chunk;
      bytes += (offsets[offsets.length - 1] as number) - (offsets[Math.max(0, first - firstSeq)] as number);
    }
    return bytes;
  }

  private chunkFor(frameBytes: number, seq: number): Chunk {
    const last = this.chunks[this.chunks.length - 1];
    const end = last?.offsets[last.offsets.length - 1] ?? 0;
    if (last !== undefined && end + frameBytes <= last.buffer.length) return last;
    const chunk = {
      buffer: Buffer.allocUnsafeSlow(Math.max(this.chunkSize(), frameBytes)),
      firstSeq: seq,
      offsets: [0],
    };
    this.chunks.push(chunk);
    return chunk;
  }

  /** A small journal has small chunks, or it would let go of much of what it holds at once. */
  private chunkSize(): number {
    return Math.min(chunkBytes, Math.max(4096, Math.floor(this.limitBytes / 16)));
  }

  /** Lets go of whole chunks, never of the newest. */
  private trim(): void {
    while (this.used > this.limitBytes && this.chunks.length > 1) {
      const { offsets } = this.chunks.shift() as Chunk;
      this.used -= offsets[offsets.length - 1] as number;
    }
  }

  /** The index of the chunk that holds event `seq`; the number of chunks when it is yet to come. */
  private chunkIndex(seq: number): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { firstSeq, offsets } = this.chunks[middle] as Chunk;
      if (firstSeq + offsets.length - 1 <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The last index in `from`..`to` whose offset is no more than `end`. */
function lastWithin(offsets: readonly number[], from: number, to: number, end: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((offsets[middle] as number) <= end) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Eight letters and digits: of a size to read aloud, and one in a trillion to come again. */
function newEpoch(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(randomBytes(8), (byte) => alphabet[byte % alphabet.length]).join('');
}
