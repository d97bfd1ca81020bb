// The journal: everything that happened, in one order, each event encoded once as the WebSocket frame
// that its readers get, laid end to end in large chunks. Live delivery, replay and a slow client are the
// same operation on it: the bytes from here to there.
import { randomBytes } from 'node:crypto';
import { type Cursor, formatCursor, type JournalEvent } from '../../shared/index.ts';
import { frameBytesAt, frameHeaderBytes, framePayload, textFrame, writeFrameHeader } from './frame.ts';
import type { JournalSink, KeptFrames } from './sink.ts';

/**
 * Large enough that a burst is one or two slices, small enough that a chunk which a stuck socket keeps
 * from being freed costs little.
 */
const mostChunkBytes = 256 * 1024;

type WithoutCursor<E> = E extends unknown ? Omit<E, 'cursor'> : never;
/** An event before it has its place. */
export type NewEvent = WithoutCursor<JournalEvent>;

/**
 * A piece of the bytes. Frames lie end to end across chunks, so that each chunk is full whatever the frames'
 * sizes are; what is written is never written again.
 */
interface Chunk {
  readonly buffer: Buffer;
  /** The first event whose frame begins here, or, while none does, the next one to begin anywhere. */
  readonly firstSeq: number;
  /** Where the frames that begin here begin. */
  readonly starts: number[];
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

/**
 * An append-only ring of encoded events, bounded in bytes: its memory is its limit and two chunks at most,
 * one that is not full yet and one that is partly let go of. Only an event that is larger than the limit is
 * held as it is.
 */
export class Journal {
  readonly limitBytes: number;
  /** A small journal has small chunks, or its memory would be far more than its limit. */
  private readonly chunkBytes: number;
  private readonly chunks: Chunk[] = [];
  /** How much of the last chunk is written; all of it before there is one. */
  private filled: number;
  private head = 0;
  private oldest = 1;
  /** Where the oldest event begins: always within the first chunk. */
  private start = 0;
  private name: string;
  private sink: JournalSink | undefined;
  /** The newest event that the sink has. */
  private committed = 0;
  private uncommittedBytes = 0;

  /** @param limitBytes how much of the newest is kept, frame headers included */
  constructor(limitBytes: number, epoch: string = newEpoch()) {
    this.limitBytes = limitBytes;
    this.name = epoch;
    this.chunkBytes = Math.min(mostChunkBytes, Math.max(4096, Math.floor(limitBytes / 16)));
    this.filled = this.chunkBytes;
  }

  /** New for every journal, unless it goes on with a kept one: a cursor of another can't be mistaken for one of this. */
  get epoch(): string {
    return this.name;
  }

  /**
   * From here on everything is handed to `sink` before anyone sees it. To be called before the first event.
   * @param kept what the journal goes on with, its epoch included; undefined for nothing
   */
  keep(sink: JournalSink, kept?: KeptFrames): void {
    if (kept !== undefined) this.restore(kept);
    this.committed = this.head;
    this.sink = sink;
    this.uncommittedBytes = 0;
  }

  private restore({ epoch, headSeq, frames }: KeptFrames): void {
    this.name = epoch;
    this.head = headSeq;
    for (const { firstSeq, bytes } of frames) {
      if (this.chunks.length === 0) {
        this.head = firstSeq - 1;
        this.oldest = firstSeq;
      }
      for (let at = 0; at < bytes.length; ) {
        const end = at + (frameBytesAt(bytes, at) as number); // the keeper has checked the frames
        this.place(bytes.subarray(at, end), this.head + 1);
        this.head += 1;
        at = end;
      }
      this.trim();
    }
    this.head = headSeq;
    if (this.chunks.length === 0) this.oldest = headSeq + 1;
  }

  /**
   * Has everything that was appended kept. Whatever lets a cursor or a frame out calls it, so that nobody can see an
   * event that a crash would take back; it costs nothing where nothing is kept, or nothing is new.
   */
  commit(): void {
    if (this.sink === undefined || this.committed === this.head) return;
    const firstSeq = this.committed + 1;
    this.committed = this.head;
    this.uncommittedBytes = 0;
    this.sink.write(this.slices(this.startOf(firstSeq), this.end()), firstSeq, this.head);
  }

  /** The newest event's number; 0 while there is none. */
  get headSeq(): number {
    return this.head;
  }

  /** The oldest event's number that is still held; one beyond the newest while there is none. */
  get oldestSeq(): number {
    return this.oldest;
  }

  get events(): number {
    return this.head + 1 - this.oldest;
  }

  /** Held, frame headers included. */
  get bytes(): number {
    return this.end() - this.start;
  }

  /** The cursor of the position after event `seq`, the newest unless given. */
  cursor(seq: number = this.head): string {
    this.commit();
    return formatCursor(this.name, seq);
  }

  /** The newest event as a cursor in parts, kept like what `cursor` gives. */
  position(): Cursor {
    this.commit();
    return { epoch: this.name, seq: this.head };
  }

  /**
   * Adds an event; returns it with its cursor, its number, and the bytes of its frame. Who shows it to anyone other than
   * by `read`, `frame` or `payload` calls `commit` first.
   */
  append(event: NewEvent): { seq: number; event: JournalEvent; bytes: number } {
    const seq = this.head + 1;
    const { type, ...rest } = event;
    const placed = { type, cursor: formatCursor(this.name, seq), ...rest } as JournalEvent;
    const json = JSON.stringify(placed);
    const payloadBytes = Buffer.byteLength(json);
    const bytes = frameHeaderBytes(payloadBytes) + payloadBytes;
    if (this.filled + bytes <= this.chunkBytes) {
      const { buffer, starts } = this.chunks[this.chunks.length - 1] as Chunk;
      buffer.write(json, writeFrameHeader(buffer, this.filled, payloadBytes), 'utf8');
      starts.push(this.filled);
      this.filled += bytes;
    } else {
      this.place(textFrame(json), seq);
    }
    this.head = seq;
    if (this.sink !== undefined) {
      this.uncommittedBytes += bytes;
      // Before it is trimmed: what the ring has let go of can't be kept any more.
      if (this.uncommittedBytes >= this.chunkBytes) this.commit();
    }
    this.trim();
    return { seq, event: placed, bytes };
  }

  /**
   * The frames after position `afterSeq` up to event `untilSeq`, at most `limitBytes` of them but at least
   * one if there is any. The position must not lie before the oldest event held.
   */
  read(afterSeq: number, limitBytes: number, untilSeq: number = this.head): Frames {
    if (afterSeq >= untilSeq) return { buffers: [], bytes: 0, events: 0, seq: afterSeq };
    this.commit();
    const start = this.startOf(afterSeq + 1);
    let seq = untilSeq;
    let end = this.startOf(untilSeq + 1);
    if (end - start > limitBytes) {
      seq = Math.max(afterSeq + 1, this.lastStarting(start + limitBytes) - 1);
      end = this.startOf(seq + 1);
    }
    return { buffers: this.slices(start, end), bytes: end - start, events: seq - afterSeq, seq };
  }

  /** The frame of one event that is held. */
  frame(seq: number): Buffer {
    this.commit();
    const [first, ...rest] = this.slices(this.startOf(seq), this.startOf(seq + 1));
    return rest.length === 0 ? (first as Buffer) : Buffer.concat([first as Buffer, ...rest]);
  }

  /** The JSON of one event that is held, as bytes. */
  payload(seq: number): Buffer {
    return framePayload(this.frame(seq));
  }

  /** The bytes of the frame of one event that is held. */
  bytesOf(seq: number): number {
    return this.startOf(seq + 1) - this.startOf(seq);
  }

  /** How many bytes of frames lie after position `afterSeq`, as far as they are held. */
  bytesAfter(afterSeq: number): number {
    return this.end() - this.startOf(Math.max(afterSeq + 1, this.oldest));
  }

  private addChunk(firstSeq: number): void {
    this.chunks.push({ buffer: Buffer.allocUnsafeSlow(this.chunkBytes), firstSeq, starts: [] });
    this.filled = 0;
  }

  /** Copies the frame of event `seq` to the end, into as many chunks as it takes. */
  private place(frame: Buffer, seq: number): void {
    if (this.filled === this.chunkBytes) this.addChunk(seq);
    (this.chunks[this.chunks.length - 1] as Chunk).starts.push(this.filled);
    for (let done = 0; done < frame.length; ) {
      if (this.filled === this.chunkBytes) this.addChunk(seq + 1);
      const { buffer } = this.chunks[this.chunks.length - 1] as Chunk;
      const copied = frame.copy(buffer, this.filled, done);
      this.filled += copied;
      done += copied;
    }
  }

  /** Lets go of the oldest events, never of the newest, and of the chunks that held nothing else. */
  private trim(): void {
    const end = this.end();
    while (end - this.start > this.limitBytes && this.oldest < this.head) {
      this.oldest += 1;
      const { firstSeq, starts } = this.chunks[0] as Chunk;
      this.start = starts[this.oldest - firstSeq] ?? this.startOf(this.oldest);
    }
    for (; this.start >= this.chunkBytes; this.start -= this.chunkBytes) this.chunks.shift();
  }

  // Places are counted from the beginning of the first chunk.

  private end(): number {
    return (this.chunks.length - 1) * this.chunkBytes + this.filled;
  }

  /** Where the frame of an event that is held begins; for the one yet to come, the end. */
  private startOf(seq: number): number {
    if (seq > this.head) return this.end();
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.chunks[middle] as Chunk).firstSeq <= seq) low = middle;
      else high = middle - 1;
    }
    const { firstSeq, starts } = this.chunks[low] as Chunk;
    return low * this.chunkBytes + (starts[seq - firstSeq] as number);
  }

  /** The last event whose frame begins at `place` or before it. */
  private lastStarting(place: number): number {
    const index = Math.floor(place / this.chunkBytes);
    const { firstSeq, starts } = this.chunks[index] as Chunk;
    const offset = place - index * this.chunkBytes;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return firstSeq + low - 1;
  }

  private slices(start: number, end: number): Buffer[] {
    const buffers: Buffer[] = [];
    for (let from = start; from < end; ) {
      const index = Math.floor(from / this.chunkBytes);
      const base = index * this.chunkBytes;
      const to = Math.min(end, base + this.chunkBytes);
      buffers.push((this.chunks[index] as Chunk).buffer.subarray(from - base, to - base));
      from = to;
    }
    return buffers;
  }
}

/** Eight letters and digits: of a size to read aloud, and one in a trillion to come again. */
export function newEpoch(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(randomBytes(8), (byte) => alphabet[byte % alphabet.length]).join('');
}
