// The client of one agent: what a user of the library holds in hand.
import {
  type BroadcastAnswer,
  type FileRecord,
  protocolVersion,
  type RootStatus,
  type Status,
  type SyncAnswer,
} from '../protocol.ts';
import { Backoff } from './backoff.ts';
import { isFinalStatus, parseObject } from './connection.ts';
import { AgentError, AgentUnreachableError, errorOfAnswer } from './errors.ts';
import { EventStream } from './event-stream.ts';
import type { AgentEvent, AgentEventOf, EventsOptions, StreamOptions, TreeOptions } from './events.ts';
import { LiveTree } from './live-tree.ts';
import { pause, whenAborted } from './pause.ts';
import { pathWith } from './query.ts';
import { closedError, otherProtocol, Subscription, type SubscriptionListener } from './subscription.ts';
import { callListener } from './tree.ts';
import { readText, type Wire, type WireAnswer, type WireRequest } from './wire.ts';

/** How an agent is found, and how this client is called there. `url`, `socket` and `instance` exclude each other. */
export interface ConnectOptions {
  /**
   * Where the agent listens: `http://127.0.0.1:5520`, or what `agent-cli url` prints, token included. Default: in a
   * page, its own origin; in Node, the socket.
   */
  readonly url?: string | undefined;
  /**
   * Node only: the path of the agent's Unix socket or named pipe, which is believed to be an agent's whoever owns the
   * directory. Default: that of `instance`.
   */
  readonly socket?: string | undefined;
  /** Node only: the agent's `--name`. Default: `AGENT_NAME`, else `default`. */
  readonly instance?: string | undefined;
  /** The token for `url`, unless that has it. Over the socket none is needed. */
  readonly token?: string | undefined;
  /** How this client is called in `agent-cli clients`, up to 64 characters. Default: `devagent/client`. */
  readonly name?: string | undefined;
  /** How long an agent is tried for before {@link connect} fails, in milliseconds; `Infinity` for ever. Default: 5000. */
  readonly timeoutMs?: number | undefined;
  /** What {@link Agent.on} listens to. Default: everything that happens from its first call on. */
  readonly events?: EventsOptions | undefined;
}

/** When a call is given up. */
export interface CallOptions {
  /** Gives it up when it is aborted: the call fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the agent is tried for and may take to answer, all in all, in milliseconds; `Infinity` for ever. Default:
   * 30,000.
   */
  readonly timeoutMs?: number | undefined;
}

/** How a message is sent. */
export interface BroadcastOptions extends CallOptions {
  /** What it is about: up to eight tokens of `A-Z a-z 0-9 _ -`, joined by dots. Default: `message`. */
  readonly topic?: string | undefined;
  /**
   * What is sent with the same key within five minutes is published once, 1 to 256 characters. Default: a key of this
   * call alone, so that what is tried again is still published once.
   */
  readonly key?: string | undefined;
  /**
   * Resolve once every client has it, or fail with `wait_timeout` after so many milliseconds; then it is sent all the
   * same. Default: resolve once it is in the journal.
   */
  readonly wait?: number | undefined;
}

/** Which files are listed. */
export interface FilesOptions extends CallOptions {
  /** Those below this root, an absolute path. Needed where there are several. */
  readonly root?: string | undefined;
  /** Globs, relative to the root, one of which a path must match. Default: all. */
  readonly match?: string | readonly string[] | undefined;
}

/** How a root is watched; by default as the agent's others are. */
export interface RootOptions extends CallOptions {
  /** Globs, relative to the root, of what is neither watched nor told. */
  readonly ignore?: readonly string[] | undefined;
  /** Whether `.gitignore` files count. */
  readonly gitignore?: boolean | undefined;
}

/** What the agent watches, as {@link Agent.roots}; {@link Agent.status} lists it. */
export interface Roots {
  /**
   * Has a directory watched, and resolves once it is crawled. One that is watched already stays as it is.
   * @param path an absolute path
   * @throws {@link AgentError} `not_a_directory`
   */
  add(path: string, options?: RootOptions): Promise<RootStatus>;
  /**
   * Has a directory watched no longer.
   * @param path as it was given, or its real path
   * @throws {@link AgentError} `unknown_root`
   */
  remove(
    path: string,
    options?: CallOptions,
  ): Promise<{
    /** The real path of what was watched. */
    path: string;
  }>;
}

/** What {@link Agent.on} can tell of: a function of the event for each type, and one of the error that ends it all. */
export type AgentListeners = {
  [Type in AgentEvent['type']]: (event: AgentEventOf<Type>) => void;
} & {
  /** The stream has ended for good. Without such a listener the error is thrown where nobody can catch it. */
  error: (error: AgentError) => void;
};

const defaultName = 'devagent/client';
const connectTimeoutMs = 5_000;
const callTimeoutMs = 30_000;
/** The agent says itself that its time ran out, a moment before we would. */
const answerMarginMs = 1_000;

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
    if (type !== 'error') this.#shared ??= this.#share();
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
        path: pathWith('/v1/messages', { wait: wait === undefined ? wait : millisecondsOf(wait) }),
        body: JSON.stringify({ topic, key, data }),
      },
      { timeoutMs, signal },
    );
  }

  /**
   * The barrier: resolves when every change made on disk before the call is in the journal.
   * @throws {@link AgentError} `sync_timeout`, `sync_failed`
   */
  sync(options: CallOptions = {}): Promise<SyncAnswer> {
    const { timeoutMs = callTimeoutMs, signal } = options;
    return this.#json(
      { method: 'POST', path: `/v1/sync?timeout=${millisecondsOf(timeoutMs)}` },
      { timeoutMs: timeoutMs + answerMarginMs, signal },
    );
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
    const { root, match, ...rest } = options;
    const call = this.#begin(rest);
    try {
      const answer = await this.#answer(
        { method: 'GET', path: pathWith('/v1/files', { root, match }) },
        call,
        (it) => it,
      );
      call.answered();
      let rest = '';
      let isHead = true;
      for await (const piece of answer.body) {
        const lines = (rest + piece).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!isHead) yield JSON.parse(line) as FileRecord;
          isHead = false;
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
    for (const end of [...this.#open]) end();
  }

  /** Closes it when its `await using` block is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Makes sure that an agent is there, and speaks our protocol.
   * @internal
   */
  async contact(): Promise<void> {
    const { timeoutMs = connectTimeoutMs } = this.#options;
    const status = await this.status({ timeoutMs });
    if (status.protocol !== protocolVersion) throw otherProtocol(status);
  }

  #share(): Subscription {
    return this.#subscribe(this.#options.events ?? {}, {
      event: (event) => this.#emit(event.type, event),
      ended: (error) => {
        this.#shared = undefined;
        if (error !== undefined) this.#emit('error', error);
      },
    });
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

  #subscribe(options: EventsOptions, listener: SubscriptionListener): Subscription {
    const query = { ...options, name: this.#options.name ?? defaultName };
    const stop = (): void => subscription.stop();
    const subscription: Subscription = new Subscription(this.#wire, query, {
      event: listener.event,
      ended: (error) => {
        this.#open.delete(stop);
        listener.ended(error);
      },
    });
    this.#open.add(stop);
    if (this.#closed) subscription.stop(closedError());
    return subscription;
  }

  /** Something that can be given up: by its signal, by {@link close}, or because its time is over. */
  #begin({ signal, timeoutMs = callTimeoutMs }: CallOptions): Call {
    const asking = new AbortController();
    const abort = (): void => asking.abort();
    this.#open.add(abort);
    const forgetSignal = whenAborted(signal, abort);
    if (this.#closed) abort();
    // A timer for longer than that would go off at once: 24 days are as good as for ever.
    const timer = timeoutMs < 2 ** 31 ? setTimeout(abort, timeoutMs) : undefined;
    return {
      signal: asking.signal,
      answered: () => clearTimeout(timer),
      end: () => {
        clearTimeout(timer);
        this.#open.delete(abort);
        forgetSignal();
        // Whoever did not want the rest of an answer does not get it.
        abort();
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

  async #json<Answer>(question: Question, options: CallOptions = {}): Promise<Answer> {
    const call = this.#begin(options);
    try {
      const text = await this.#answer(question, call, readText);
      const answer = parseObject(text);
      if (answer !== undefined) return answer as Answer;
      throw new AgentError('not_an_agent', 'no agent answers there: check the address');
    } finally {
      call.end();
    }
  }

  /** Asks until there is an answer that `read` can read. */
  async #answer<Result>(
    question: Question,
    call: Call,
    read: (answer: WireAnswer) => Result | Promise<Result>,
  ): Promise<Result> {
    const { signal } = call;
    const backoff = new Backoff();
    let failure: unknown;
    while (!signal.aborted) {
      try {
        const answer = await this.#wire.request({ ...question, signal });
        if (answer.status < 400) return await read(answer);
        failure = errorOfAnswer(answer.status, await readText(answer));
        if (isFinalStatus(answer.status)) break;
      } catch (error) {
        // Foreseen, and the same the next time.
        if (error instanceof AgentError) throw error;
        // The abort itself says nothing: what was in the way before does.
        if (!signal.aborted) failure = error;
      }
      await pause(signal, backoff.next());
    }
    throw signal.aborted ? call.explain(failure) : failure;
  }
}

/** A time as the agent takes it, a whole number of up to nine digits: eleven days. */
function millisecondsOf(ms: number): string {
  return `${Math.min(ms, 1e9 - 1) | 0}`;
}

interface Call {
  readonly signal: AbortSignal;
  /** The rest may take as long as it takes. */
  answered(): void;
  end(): void;
  /** The error of it when it was given up, or broke. */
  explain(failure: unknown): unknown;
}

/** A client whose agent has answered. */
export async function openAgent(wire: Wire, options: ConnectOptions): Promise<Agent> {
  const agent = new Agent(wire, options);
  await agent.contact();
  return agent;
}
