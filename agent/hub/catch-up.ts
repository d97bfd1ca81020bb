// Reading on: a client that is behind is brought forward through the journal, a slice at a time, until it stands at the
// front or its socket is full.
import { SliceClock } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Copies } from './copies.ts';
import type { Member } from './group.ts';
import type { Writer } from './writer.ts';

/** One write to a client that reads on from the journal, after which others get their turn. */
const sliceBytes = 256 * 1024;
/** How long it may take: globs can be slow, and little of much may be for the client. */
const sliceMs = 2;
/** What it costs at least to look at the journal for a client, in steps (SliceClock): a few µs. */
const readSteps = 1000;

/** What a client gets between two events of the journal. Reading on asks, and knows nothing of what it is. */
export interface Interlude {
  /**
   * Sends the client a piece of what comes at its position, before the events after it.
   * @returns its bytes; undefined where nothing comes
   */
  send(client: Member): number | undefined;
  /** Up to which event the client may read before something else comes. */
  untilSeq(client: Member): number;
  /**
   * The client can't read on from where it is: its events are no longer in the journal, or it is outdated.
   * @param seq the first position from which it could
   */
  overtaken(client: Member, seq: number): void;
}

/** The lane whose journal is read. */
export interface Course {
  readonly journal: Journal;
  readonly writer: Writer;
  readonly copies: Copies;
  readonly frontSeq: number;
  becomeLive(client: Member): void;
}

/** Brings the clients of a lane forward that are behind. */
export class CatchUp {
  private readonly course: Course;
  private readonly interlude: Interlude;

  constructor(course: Course, interlude: Interlude) {
    this.course = course;
    this.interlude = interlude;
  }

  /**
   * Brings a client a bit forward, as far as its socket takes it. Never throws.
   * @returns whether it could go on at once, and others should get their turn
   */
  slice(client: Member): boolean {
    try {
      const clock = new SliceClock(sliceMs);
      for (let doneBytes = 0; canReadOn(client); ) {
        if (doneBytes >= sliceBytes || clock.isOver) return true;
        doneBytes += this.step(client, clock);
      }
    } catch (error) {
      this.course.writer.fail(client, error);
    }
    return false;
  }

  /** @returns the bytes that were handed over */
  private step(client: Member, clock: SliceClock): number {
    const { journal, frontSeq } = this.course;
    const sentBytes = this.interlude.send(client);
    if (sentBytes !== undefined) return sentBytes;
    const marker = client.markers[0];
    if (marker !== undefined && marker.afterSeq <= client.seq) {
      client.markers.shift();
      marker.run();
      return 0;
    }
    const oldestPosition = journal.oldestSeq - 1;
    if (client.seq < oldestPosition || client.isOutdated) {
      this.interlude.overtaken(client, oldestPosition);
      return 0;
    }
    if (client.seq === frontSeq) {
      this.course.becomeLive(client);
      return 0;
    }
    if (typeof client.begun === 'number') {
      client.begun = client.group.lookBack(client.begun, clock, client);
      return 0;
    }
    const untilSeq = Math.min(frontSeq, marker?.afterSeq ?? frontSeq, this.interlude.untilSeq(client));
    return this.read(client, untilSeq, client.begun, clock);
  }

  private read(client: Member, untilSeq: number, begun: boolean, clock: SliceClock): number {
    const { writer, copies } = this.course;
    const encoded = client.group.encodePast(client.seq, untilSeq, sliceBytes, begun, clock, client);
    if (encoded.bytes > 0 && !writer.write(client, encoded)) {
      writer.lose(client);
      return 0;
    }
    copies.reached(client, client.seq, encoded.seq);
    client.seq = encoded.seq;
    client.begun = encoded.begun;
    clock.spend(readSteps);
    return encoded.bytes;
  }
}

function canReadOn({ blocked, live, held, lost }: Member): boolean {
  return !blocked && !live && !held && !lost;
}
