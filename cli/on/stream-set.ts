// Several streams of one agent, a root each, that are followed as if they were one.
import type { AgentEvent, ConnectedEvent, ReviveAgent, StreamQuery } from '../../shared/client/index.ts';
import type { Connection } from '../agent/index.ts';
import { LiveStream } from '../stream/index.ts';

/** What a user of the set is told. */
export interface StreamSetListener {
  /** All streams stand. */
  connected(hello: ConnectedEvent): void;
  /** The stream of this number stands, for the first time or again; told before all else. */
  stands(hello: ConnectedEvent, stream: number): void;
  /** After a loss, one of them stands again. */
  found(hello: ConnectedEvent): void;
  /** One of them broke, and is being made again. */
  lost(reason: string): void;
  /** An event of the stream of this number. */
  event(event: AgentEvent, stream: number): void;
  /** All that happened before the mark was asked for has come on every stream. */
  marked(id: number): void;
}

/** Streams that begin and end together. */
export class StreamSet {
  readonly #streams: readonly LiveStream[];
  readonly #listener: StreamSetListener;
  /** Those that have stood once. */
  readonly #begun = new Set<number>();
  /** Those that stand. */
  readonly #connected = new Set<number>();
  #isLost = false;
  #mark: { readonly id: number; readonly missing: Set<number> } | undefined;

  constructor(
    connection: Connection,
    queries: readonly StreamQuery[],
    listener: StreamSetListener,
    revive: ReviveAgent | undefined,
  ) {
    this.#listener = listener;
    this.#streams = queries.map(
      (query, index) => new LiveStream(connection, query, (event) => this.#take(event, index), revive),
    );
  }

  /** Follows all of them until {@link stop}. @throws what one of them does, which ends the others */
  async run(): Promise<void> {
    try {
      await Promise.all(this.#streams.map(({ ended }) => ended));
    } finally {
      this.stop();
    }
  }

  /** @returns false when there is no connection to ask on */
  sync(id: number): boolean {
    this.#mark = undefined;
    if (this.#connected.size < this.#streams.length) return false;
    const mark = { id, missing: new Set(this.#streams.keys()) };
    this.#mark = mark;
    for (const [index, stream] of this.#streams.entries()) {
      // An agent that could not make sure has said all that it will.
      const reached = (): void => {
        if (this.#mark !== mark || !mark.missing.delete(index) || mark.missing.size > 0) return;
        this.#listener.marked(id);
      };
      stream.sync(reached, reached);
    }
    return true;
  }

  stop(): void {
    this.#mark = undefined;
    for (const stream of this.#streams) stream.stop();
  }

  #take(event: AgentEvent, index: number): void {
    if (event.type === 'connected') this.#stands(event, index);
    else if (event.type === 'lost') this.#broke(event.reason, index);
    else this.#listener.event(event, index);
  }

  #stands(hello: ConnectedEvent, index: number): void {
    this.#listener.stands(hello, index);
    const wasComplete = this.#begun.size === this.#streams.length;
    this.#begun.add(index);
    this.#connected.add(index);
    if (this.#isLost) {
      this.#isLost = false;
      this.#listener.found(hello);
    } else if (!wasComplete && this.#begun.size === this.#streams.length) this.#listener.connected(hello);
  }

  #broke(reason: string, index: number): void {
    this.#connected.delete(index);
    // It comes no more: it was asked for on that connection.
    this.#mark = undefined;
    if (this.#isLost) return;
    this.#isLost = true;
    this.#listener.lost(reason);
  }
}
