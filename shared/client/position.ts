import type { GapEvent, HelloFrame, ServerFrame, SnapshotFrame } from '../protocol.ts';
import { listOf } from './events.ts';
import type { StreamQuery } from './query.ts';

/** The patterns that take the topic `file`; without it there are no snapshots. */
const fileTopics = /^(?:file|[*>])$/;

/**
 * How far a stream has been read, and so where the next connection has to start for nothing to be lost
 * without a word. A snapshot counts once it is complete: half of one is asked for again.
 */
export class StreamPosition {
  readonly #query: StreamQuery;
  readonly #wantsSnapshot: boolean;
  /** The last event's, or that of `hello` before the first one. */
  #cursor: string | undefined;
  /** Roots of which a snapshot has. */
  #roots = 0;
  /** Those whose part is still to come or to be completed. */
  #pendingRoots = 0;
  /** Whether `hello` has refused the cursor, and the gap that says so is still to come. */
  #owesGap = false;

  constructor(query: StreamQuery) {
    this.#query = query;
    this.#cursor = query.since;
    const topics = listOf(query.topic);
    this.#wantsSnapshot =
      query.snapshot === true && (topics.length === 0 || topics.some((one) => fileTopics.test(one)));
  }

  /** Whether a snapshot is still to come or to be completed. */
  get inSnapshot(): boolean {
    return this.#pendingRoots > 0;
  }

  /**
   * Takes in that a connection began.
   * @returns the gap that lies before it, if there is one of which the agent can't know: a snapshot that was
   *   cut off is asked for anew and not resumed, and what happened meanwhile is in no stream
   */
  begin(hello: HelloFrame): GapEvent | undefined {
    const asked = this.query().since;
    const before = this.#cursor;
    if (this.#wantsSnapshot) this.#roots = this.#query.root ? 1 : hello.roots.length;
    this.#pendingRoots = hello.resumed ? 0 : this.#roots;
    this.#owesGap = asked !== undefined && !hello.resumed;
    // Until the gap has come the next connection asks for the same, or nobody would be told of it.
    if (hello.resumed || this.#owesGap) return undefined;
    const { cursor } = hello;
    if (before && before !== cursor) {
      const epoch = before.replace(/:.*/, ':');
      return { type: 'gap', cursor, reason: cursor.startsWith(epoch) ? 'slow' : 'epoch' };
    }
    this.#cursor = cursor;
    return undefined;
  }

  /** Whether no snapshot is to come or to be completed once this piece has been taken in. */
  isWholeWith({ done }: SnapshotFrame): boolean {
    return this.#pendingRoots <= Number(done);
  }

  /** Takes in a frame that was handed on. */
  advance(frame: ServerFrame): void {
    if (frame.type === 'snapshot') {
      if (frame.done) this.#pendingRoots--;
    } else if ('cursor' in frame) {
      this.#cursor = frame.cursor;
      this.#owesGap = false;
      // A snapshot comes whole before any event, and without the roots that were removed since hello; a fresh one
      // comes after a gap, but where the differences do.
      this.#pendingRoots = frame.type === 'gap' && frame.reason !== 'recrawl' ? this.#roots : 0;
    }
  }

  /** The query for the next connection. */
  query(): StreamQuery {
    return { ...this.#query, since: this.inSnapshot && !this.#owesGap ? undefined : this.#cursor };
  }
}
