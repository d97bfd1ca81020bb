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
import type { AgentEvent, AgentEventOf, EventsOptions, FileFilter } from './events.ts';
import { LiveTree } from './live-tree.ts';
import { pause, whenAborted } from './pause.ts';
import { pathWith } from './query.ts';
import { closedError, otherProtocol, Subscription, type SubscriptionListener } from './subscription.ts';
import { callListener } from './tree.ts';
import { readText, type Wire, type WireAnswer, type WireRequest } from './wire.ts';

/** How an agent is found, and how this client is called there. */
export interface ConnectOptions {
  /** Where the agent listens: `http://127.0.0.1:5520`, or what `agent-cli url` prints, token included. */
  readonly url?: string | undefined;
  /** Node only: the agent's Unix socket or named pipe. Default: that of `instance`. */
  readonly socket?: string | undefined;
  /** Node only: the agent's `--name`. Default: `AGENT_NAME`, else `default`. */
  readonly instance?: string | undefined;
  /** For `url`. Over the socket none is needed. */
  readonly token?: string | undefined;
  /** How this client is called in `agent-cli clients`, up to 64 characters. */
  readonly name?: string | undefined;
  /** How long the agent is tried for at first. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /** What {@link Agent.on} listens to. Default: everything that happens from then on. */
  readonly events?: EventsOptions | undefined;
}

/** How a call may be given up. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long the agent is tried for, and how long it may take to answer. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** How a message is sent. */
export interface BroadcastOptions extends CallOptions {
  /** Default `message`. */
  readonly topic?: string | undefined;
  /** The same key within five minutes is published once. Default: one of its own, so that it may be sent again. */
  readonly key?: string | undefined;
  /** Wait up to so many milliseconds until every client has it; then an error `wait_timeout` with the counts. */
  readonly wait?: number | undefined;
}

/** Which files are listed. */
export interface FilesOptions extends CallOptions {
  /** Needed where there are several. */
  readonly root?: string | undefined;
  readonly match?: string | readonly string[] | undefined;
}

/** How a root is watched; by default as the agent's others are. */
export interface RootOptions extends CallOptions {
  readonly ignore?: readonly string[] | undefined;
  readonly gitignore?: boolean | undefined;
}

/** The roots of the agent; `status` lists them. */
export interface Roots {
  /** Adds the directory at an absolute path; resolves once it is crawled. */
  add(path: string, options?: RootOptions): Promise<RootStatus>;
  /** Watches it no longer. The answer has its real path. */
  remove(path: string, options?: CallOptions): Promise<{ path: string }>;
}

/** What {@link Agent.on} can tell of, and what it hands over. */
export type AgentListeners = {
  [Type in AgentEvent['type']]: (event: AgentEventOf<Type>) => void;
} & {
  /** The stream has ended for good. Without a listener it is thrown, as an error that nobody caught. */
  error: (error: AgentError) => void;
};

const defaultName = 'devagent/client';
const connectTimeoutMs = 5_000;
const callTimeoutMs = 30_000;
/** The agent says itself that its time ran out, a moment before we would. */
const answerMarginMs = 1_000;

type Listener = (argument: never) => void;
type Question = Omit<WireRequest, 'signal'>;

/** A client of one agent. */
export class Agent {
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
   * The events that the options ask for, to be read with `for await`: first `connected`, then what they are, and
   * `lost` and `connected` again around each time without a connection.
   */
  events({
    signal,
    ...options
  }: EventsOptions & { readonly signal?: AbortSignal | undefined } = {}): EventStream {
    return new EventStream((listener) => this.#subscribe(options, listener), signal);
  }

  /**
   * Calls `listener` at each event of a type, of one stream that all of these share: it begins with the first listener,
   * ends when there is none left, and carries what `connect` was given as `events`.
   * @returns what ends it
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

  /** A tree of the files that exist, which keeps itself. */
  tree({ signal, ...filter }: FileFilter & { readonly signal?: AbortSignal | undefined } = {}): LiveTree {
    return new LiveTree(
      (listener) => this.#subscribe({ ...filter, topic: 'file', snapshot: true }, listener),
      signal,
    );
  }

  /** Sends a message to everyone who listens to its topic; `data` is what JSON can say. */
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
        path: pathWith('/v1/messages', { wait: wait?.toString() }),
        body: JSON.stringify({ topic, key, data }),
      },
      { timeoutMs, signal },
    );
  }

  /** The barrier: resolves when every change made on disk before the call is in the journal. */
  sync({ timeoutMs = callTimeoutMs, signal }: CallOptions = {}): Promise<SyncAnswer> {
    return this.#json(
      { method: 'POST', path: `/v1/sync?timeout=${timeoutMs}` },
      { timeoutMs: timeoutMs + answerMarginMs, signal },
    );
  }

  /** The agent and what it watches. */
  status(options?: CallOptions): Promise<Status> {
    return this.#json({ method: 'GET', path: '/v1/status' }, options);
  }

  /** The files that the agent knows of below one root, parents before what is in them. */
  async *files({ root, match, ...options }: FilesOptions = {}): AsyncGenerator<FileRecord, void, undefined> {
    const call = this.#begin(options);
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

  /** Ends everything that is under way: streams end, calls fail with `closed`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of [...this.#open]) end();
  }

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
    const timer = setTimeout(abort, timeoutMs);
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
      throw new AgentError('not_an_agent', 'what answers there is no agent: check the address');
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
        // The abort itself says nothing: what was in the way before does.
        if (!signal.aborted) failure = error;
      }
      await pause(signal, backoff.next());
    }
    throw signal.aborted ? call.explain(failure) : failure;
  }
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
