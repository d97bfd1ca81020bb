// Several streams of one agent, a root each, that are followed as if they were one.
import { Backoff, type StreamQuery } from '../../shared/client/index.ts';
import type { HelloFrame, InstancePaths, ServerFrame } from '../../shared/index.ts';
import { EventStream, type ReviveAgent } from '../stream/index.ts';

/** What a user of the set is told. */
export interface StreamSetListener {
  /** All streams stand. */
  connected(hello: HelloFrame): void;
  /** After a loss, one of them stands again. */
  found(hello: HelloFrame): void;
  /** One of them broke, and is being made again. */
  lost(reason: string): void;
  /** A frame of the stream of this number. */
  frame(frame: ServerFrame, stream: number): void;
  /** All that happened before the mark was asked for has come on every stream. */
  marked(id: number): void;
}

/** Streams that begin and end together. */
export class StreamSet {
  readonly #streams: readonly EventStream[];
  readonly #listener: StreamSetListener;
  readonly #connected = new Set<number>();
  #isLost = false;
  #mark: { readonly id: number; readonly missing: Set<number> } | undefined;

  constructor(
    instance: InstancePaths,
    queries: readonly StreamQuery[],
    listener: StreamSetListener,
    revive: ReviveAgent | undefined,
  ) {
    this.#listener = listener;
    this.#streams = queries.map((query, index) => {
      const own = {
        connected: (hello: HelloFrame) => this.#begun(hello, index),
        lost: (reason: string) => this.#broke(reason),
        frame: (frame: ServerFrame) => this.#frame(frame, index),
      };
      return new EventStream(instance, query, own, new Backoff(), revive);
    });
  }

  /** Follows all of them until {@link stop}. @throws what one of them does, which ends the others */
  async run(): Promise<void> {
    try {
      await Promise.all(this.#streams.map((stream) => stream.run()));
    } finally {
      this.stop();
    }
  }

  /** @returns false when there is no connection to ask on */
  sync(id: number): boolean {
    this.#mark = { id, missing: new Set(this.#streams.keys()) };
    return this.#streams.map((stream) => stream.sync(id)).every(Boolean);
  }

  stop(): void {
    for (const stream of this.#streams) stream.stop();
  }

  #begun(hello: HelloFrame, index: number): void {
    const wasComplete = this.#connected.size === this.#streams.length;
    this.#connected.add(index);
    if (this.#isLost) {
      this.#isLost = false;
      this.#listener.found(hello);
    } else if (!wasComplete && this.#connected.size === this.#streams.length) this.#listener.connected(hello);
  }

  #broke(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#listener.lost(reason);
  }

  #frame(frame: ServerFrame, index: number): void {
    const isAnswer = (frame.type === 'synced' || frame.type === 'error') && typeof frame.id === 'number';
    if (!isAnswer) {
      this.#listener.frame(frame, index);
      return;
    }
    const mark = this.#mark;
    if (mark === undefined || mark.id !== frame.id) return;
    if (!mark.missing.delete(index) || mark.missing.size > 0) return;
    this.#listener.marked(mark.id);
  }
}
