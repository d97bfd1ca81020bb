import type { HelloFrame, ServerFrame } from '../../shared/index.ts';
import type { StreamQuery } from './query.ts';

/**
 * How far a stream has been read, and so where the next connection has to start for nothing to be lost.
 * A snapshot counts once it is complete: half of one is asked for again.
 */
export class StreamPosition {
  readonly #query: StreamQuery;
  /** The cursor after which the next connection starts. */
  #cursor: string | undefined;
  /** Roots whose snapshot is still to come or to be completed. */
  #pendingRoots = new Set<string>();

  constructor(query: StreamQuery) {
    this.#query = query;
    this.#cursor = query.since;
  }

  /** The last event's cursor, or that of `hello` before the first one. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Takes in that a connection began. */
  begin(hello: HelloFrame): void {
    this.#cursor = hello.cursor;
    if (this.#query.snapshot && !hello.resumed) this.#pendingRoots = new Set(this.#rootsOf(hello));
  }

  /** Takes in a frame after it was handed on. */
  advance(frame: ServerFrame): void {
    if (frame.type === 'file' || frame.type === 'message' || frame.type === 'gap')
      this.#cursor = frame.cursor;
    if (frame.type === 'snapshot' && frame.done) this.#pendingRoots.delete(frame.root);
  }

  /** The query for the next connection. */
  query(): StreamQuery {
    return { ...this.#query, since: this.#pendingRoots.size > 0 ? this.#query.since : this.#cursor };
  }

  #rootsOf(hello: HelloFrame): readonly string[] {
    const { root } = this.#query;
    return root === undefined ? hello.roots : [root];
  }
}
