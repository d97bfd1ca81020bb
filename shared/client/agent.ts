// The client of one agent: what a user of the library holds in hand.
import {
  type BroadcastAnswer,
  type FileRecord,
  protocolVersion,
  type Status,
  type SyncAnswer,
} from '../protocol.ts';
import type { ChangesAnswer } from '../protocol-changes.ts';
import { Backoff } from './backoff.ts';
import { ask, beginCall, isFinal, type OpenCall } from './calls.ts';
import { parseObject } from './connection.ts';
import { AgentError, AgentUnreachableError } from './errors.ts';
import { EventStream } from './event-stream.ts';
import type { EventsOptions, StreamOptions, TreeOptions } from './events.ts';
import { LiveTree } from './live-tree.ts';
import {
  type AgentListeners,
  answerMarginMs,
  type BroadcastOptions,
  type CallOptions,
  type ChangesOptions,
  type ConnectOptions,
  callTimeoutMs,
  type FilesOptions,
  type Roots,
} from './options.ts';
import { otherProtocol } from './other-protocol.ts';
import { pause, whenAborted } from './pause.ts';
import { millisecondsOf, pathWith } from './query.ts';
import { closedError, Subscription, type SubscriptionListener } from './subscription.ts';
import { callListener } from './tree.ts';
import { wholeLines } from './whole-lines.ts';
import { readText, type Wire, type WireAnswer, type WireRequest } from './wire.ts';

type Listener = (argument: never) => void;
type Question = Omit<WireRequest, 'signal'>;

/**
 * A client of one agent, made by {@link connect}. Its calls are tried again while the agent can't be reached or is
 * just starting, for `timeoutMs`; then they fail with an {@link AgentUnreachableError}. When the agent refuses they fail
 * with an {@link AgentError} at once.
 */
export class Agent {
  /** To add and remove what is watched. */
  readonly roots: Roots = {
    add: (path, { ignore, gitignore, ...options } = {}) =>
      this.#json(
        { method: 'POST', path: '/v1/roots', body: JSON.stringify({ path, ignore, gitignore }) },
        options,
      ),
    remove: (path, options) =>
      this.#json({ method: 'DELETE', path: pathWith('/v1/roots', { path }) }, options),
  };
  readonly #wire: Wire;
  readonly #options: ConnectOptions;
  /** What {@link close} ends. */
  readonly #open = new Set<() => void>();
  readonly #listeners = new Map<string, Set<Listener>>();
  /** What {@link on} listens to. */
  #shared: Subscription | undefined;
  #closed = false;

  /** @internal */
  constructor(wire: Wire, options: ConnectOptions) {
    this.#wire = wire;
    this.#options = options;
  }

  /**
   * The events that the options ask for, to be read with `for await`: first `connected`, then what happens. A
   * connection that breaks is made again and goes on after the last event, with `lost` and `connected` to say so; where
   * events were missed, a `gap` comes first.
   *
   * @example
   * ```js
   * import { connect } from 'devagent/client';
   *
   * const agent = await connect({ name: 'style bundler' });
   * const stopping = new AbortController();
   * process.once('SIGINT', () => stopping.abort());
   *
   * const { signal } = stopping;
   * for await (const event of agent.events({ topic: 'file', match: 'styles/**', snapshot: true, signal })) {
   *   if (event.type === 'snapshot') {
   *     console.log(`${event.files.length} entries below ${event.root}`);
   *   } else if (event.type === 'file') {
   *     for (const change of event.changes) console.log(change.event, change.path);
   *   } else if (event.type === 'gap') {
   *     console.log(`something was missed: ${event.reason}`);
   *   }
   * }
   * await agent.close();
   * ```
   */
  events(options: StreamOptions = {}): EventStream {
    const { signal, ...query } = options;
    return new EventStream((listener) => this.#subscribe(query, listener), signal);
  }

  /**
   * Calls `listener` at each event of a type. All listeners share one stream: it begins with the first of them, ends
   * with the last, and carries what {@link connect} was given as `events`.
   * @param type an event's `type`, or `error`
   * @param listener what is called with the event, or with the error that ended the stream for good
   * @returns what ends that
   */
  on<Type extends keyof AgentListeners>(type: Type, listener: AgentListeners[Type]): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    if (type !== 'error') {
      this.#shared ??= this.#subscribe(this.#options.events, {
        event: (event) => this.#emit(event.type, event),
        ended: (error) => {
          this.#shared = undefined;
          if (error) this.#emit('error', error);
        },
      });
    }
    return () => {
      listeners.delete(listener);
      for (const [other, { size }] of this.#listeners) if (other !== 'error' && size > 0) return;
      this.#shared?.stop();
    };
  }

  /**
   * The files that exist, as a tree that keeps itself.
   *
   * @example
   * ```js
   * import { connect } from 'devagent/client';
   *
   * const agent = await connect({ name: 'indexer' });
   * const tree = agent.tree({ match: 'src/**' });
   * tree.on('change', (changes) => {
   *   for (const { event, record } of changes) console.log(event, record.path);
   * });
   * await tree.sync();
   * console.log(`${tree.size} entries, src/main.ts has ${tree.files().get('src/main.ts')?.size} bytes`);
   * await agent.close();
   * ```
   */
  tree(options: TreeOptions = {}): LiveTree {
    const { signal, ...filter } = options;
    return new LiveTree(
      (listener) => this.#subscribe({ ...filter, topic: 'file', snapshot: true }, listener),
      signal,
    );
  }

  /**
   * Sends a message to everyone who listens to its topic.
   * @param data anything that JSON can say, up to 1 MiB of it with the rest of the request
   * @throws {@link AgentError} `wait_timeout`, with the counts in `problem`; `bad_topic`, `reserved_topic`,
   *   `body_too_large`
   */
  broadcast(data: unknown, options: BroadcastOptions = {}): Promise<BroadcastAnswer> {
    const {
      topic,
      // Random enough that nobody else's is the same within five minutes.
      key = `${Math.random()}${Math.random()}`,
      wait,
      timeoutMs = callTimeoutMs + (wait ?? 0),
      signal,
    } = options;
    return this.#json(
      {
        method: 'POST',
        path: pathWith('/v1/messages', { wait: wait && millisecondsOf(wait) }),
        body: JSON.stringify({ topic, key, data }),
      },
      { timeoutMs, signal },
    );
  }

  /**
   * The barrier: resolves when every change made on disk before the call is in the journal.
   * @throws {@link AgentError} `sync_timeout`, `sync_failed`
   */
  sync(options?: CallOptions): Promise<SyncAnswer> {
    return this.#synced('POST', '/v1/sync', options);
  }

  /**
   * What changed since a cursor: the net difference between what was there and what is there now, with every change
   * made on disk before the call. Exact however long ago that was; `complete` says if it is not.
   * @throws {@link AgentError} `bad_parameter`, `unknown_root`, `sync_timeout`, `sync_failed`
   */
  changes(options?: ChangesOptions): Promise<ChangesAnswer> {
    return this.#synced('GET', '/v1/changes', options);
  }

  /** The agent, what it watches, and what it holds. */
  status(options?: CallOptions): Promise<Status> {
    return this.#json({ method: 'GET', path: '/v1/status' }, options);
  }

  /**
   * The files, directories and symlinks below one root as the agent knows them, to be read with `for await`, parents
   * before what is in them.
   * @throws {@link AgentError} `bad_parameter` where there are several roots and none is named, `unknown_root`
   */
  async *files(options: FilesOptions = {}): AsyncGenerator<FileRecord, void, undefined> {
    const { root, match, ignored } = options;
    const call = this.#begin(options);
    try {
      const { body } = await this.#answer(
        { method: 'GET', path: pathWith('/v1/files', { root, match, ignored }) },
        call,
        (answer) => answer,
      );
      call.answered();
      for await (const lines of wholeLines(body)) {
        for (const line of lines) {
          const record = JSON.parse(line) as FileRecord | { readonly path?: undefined };
          // The first line is about the root, and has none.
          if (record.path !== undefined) yield record;
        }
      }
    } catch (error) {
      throw error instanceof AgentError ? error : call.explain(error);
    } finally {
      call.end();
    }
  }

  /** Ends everything that is under way: streams and trees end, calls fail with `closed`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#open) end();
  }

  /** Closes it when its `await using` block is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #emit(type: string, argument: unknown): void {
    const listeners = [...(this.#listeners.get(type) ?? [])] as ((argument: unknown) => void)[];
    if (type === 'error' && listeners.length === 0) {
      listeners.push((error) => {
        throw error;
      });
    }
    for (const listener of listeners) callListener(listener, argument);
  }

  #subscribe(options: EventsOptions | undefined, listener: SubscriptionListener): Subscription {
    const query = { ...options, name: this.#options.name ?? 'devagent/client' };
    const stop = (): void => subscription.stop();
    const subscription: Subscription = new Subscription(this.#wire, query, {
      event: (event, text) => {
        if (event.type !== 'connected' || event.protocol === protocolVersion) listener.event(event, text);
        else subscription.stop(otherProtocol(event));
      },
      ended: (error) => {
        this.#open.delete(stop);
        listener.ended(error);
      },
    });
    this.#open.add(stop);
    if (this.#closed) subscription.stop(closedError());
    return subscription;
  }

  /** A call that can be given up: by its signal, by {@link close}, or because its time is over. */
  #begin({ signal, timeoutMs = callTimeoutMs }: CallOptions): OpenCall {
    const call = beginCall(timeoutMs);
    this.#open.add(call.end);
    const forgetSignal = whenAborted(signal, call.end);
    if (this.#closed) call.end();
    return {
      ...call,
      end: () => {
        call.answered();
        this.#open.delete(call.end);
        forgetSignal();
        call.end();
      },
      explain: (failure) => {
        if (signal?.aborted) return signal.reason;
        if (this.#closed) return closedError();
        // fetch says only that it failed, and its cause why.
        const { message, cause } = Object(failure) as { message?: string; cause?: { code?: string } };
        const why = cause?.code ?? message ?? `${timeoutMs} ms`;
        return new AgentUnreachableError('unreachable', `${this.#wire.absence} (${why})`);
      },
    };
  }

  /** A call that passes the barrier: the agent itself is to say that the time is over. */
  #synced<Answer>(
    method: WireRequest['method'],
    path: string,
    { timeoutMs = callTimeoutMs, signal, ...query }: ChangesOptions = {},
  ): Promise<Answer> {
    return this.#json(
      { method, path: pathWith(path, { ...query, timeout: millisecondsOf(timeoutMs) }) },
      { timeoutMs: timeoutMs + answerMarginMs, signal },
    );
  }

  async #json<Answer>(question: Question, options: CallOptions = {}): Promise<Answer> {
    const call = this.#begin(options);
    try {
      const answer = parseObject(await this.#answer(question, call, readText));
      if (answer) return answer as Answer;
      throw new AgentError('not_an_agent', this.#wire.absence);
    } finally {
      call.end();
    }
  }

  /** Asks until there is an answer that `read` can read. */
  async #answer<Result>(
    question: Question,
    { signal, explain }: OpenCall,
    read: (answer: WireAnswer) => Result | Promise<Result>,
  ): Promise<Result> {
    const backoff = new Backoff();
    let failure: unknown;
    while (!signal.aborted) {
      try {
        return await ask(this.#wire, { ...question, signal }, read);
      } catch (error) {
        if (isFinal(error)) throw error;
        // The abort itself says nothing: what was in the way before does.
        if (!signal.aborted) failure = error;
      }
      await pause(signal, backoff.next());
    }
    throw explain(failure);
  }
}
