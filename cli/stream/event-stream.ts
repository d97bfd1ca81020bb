// The agent's events over a WebSocket that is made again whenever it breaks, without a hole in between.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import {
  type Backoff,
  describeClose,
  goodConnectionMs,
  isFinalStatus,
  parseFrame,
  StreamPosition,
  type StreamQuery,
  streamPath,
} from '../../shared/client/index.ts';
import type { ClientFrame, HelloFrame, InstancePaths, ServerFrame } from '../../shared/index.ts';
import { explainFailure, silentAgent } from '../agent-failure.ts';
import { answerTimeoutMs, userAgent } from '../connection.ts';
import { type AgentError, CliError, NoAgentError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { requirePrivateRuntime } from '../private-place.ts';
import { agentErrorFrom, readBody } from '../problem.ts';

/** After our close frame; an agent that hangs must not hold the process. */
const closeAnswerMs = 500;

/**
 * After a loss: a service manager brings a dead agent back within a second or two (docs/service.md), and it
 * knows better how it is to be started.
 */
const reviveGraceMs = 3_000;

/** Starts the next agent where one died, if it can; resolves when there is something to connect to, or not. */
export type ReviveAgent = (roots: readonly string[]) => Promise<void>;

/** What a user of the stream is told. */
export interface StreamListener {
  /** The first connection stands, or `cameBack` for a later one. */
  connected(hello: HelloFrame, cameBack: boolean): void;
  /** Every frame but hello, with its text as it came. */
  frame(frame: ServerFrame, text: string): void;
  /** The connection broke and is being made again. */
  lost(reason: string): void;
}

/** How a connection ended. */
type Ending =
  /** `error` is absent after an orderly close. */
  | { kind: 'closed'; code: number; reason: string; error: Error | undefined; hadHello: boolean }
  /** An HTTP answer in the place of the WebSocket. */
  | { kind: 'refused'; error: AgentError };

function describeEnding(ending: Ending): string {
  if (ending.kind === 'refused') return ending.error.message;
  return describeClose(ending.code, ending.error?.message ?? ending.reason);
}

/** A stream of events that lasts until it is stopped. */
export class EventStream {
  readonly #instance: InstancePaths;
  readonly #listener: StreamListener;
  readonly #backoff: Backoff;
  readonly #position: StreamPosition;
  readonly #revive: ReviveAgent | undefined;
  readonly #answerMs: number;
  readonly #stopped = new AbortController();
  #socket: WebSocket | undefined;
  #paused = false;
  #connectedBefore = false;
  #roots: readonly string[] = [];
  /** When the next agent is to be started, on the clock of performance.now(); undefined for never. */
  #reviveAtMs: number | undefined;

  /**
   * @param revive called once when an agent that said no farewell has been gone for a while, with the roots
   *   that it had; without it the stream waits for somebody else to start one
   * @param answerMs how long the agent may take to accept the connection
   */
  constructor(
    instance: InstancePaths,
    query: StreamQuery,
    listener: StreamListener,
    backoff: Backoff,
    revive?: ReviveAgent,
    answerMs = answerTimeoutMs,
  ) {
    this.#instance = instance;
    this.#listener = listener;
    this.#backoff = backoff;
    this.#position = new StreamPosition(query);
    this.#revive = revive;
    this.#answerMs = answerMs;
  }

  /**
   * Connects, and connects again, until {@link stop}.
   * @throws NoAgentError, UnusableAgentError or AgentError when the first connection fails; AgentError later
   *   when the agent refuses for good; CliError when it disconnects this client on purpose
   */
  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const startedMs = performance.now();
      const ending = await this.#connectOnce();
      if (this.#stopped.signal.aborted) return;
      this.#failIfFinal(ending);
      if (ending.kind === 'closed' && ending.hadHello) {
        this.#listener.lost(describeEnding(ending));
        if (performance.now() - startedMs >= goodConnectionMs) this.#backoff.reset();
        // One that stops in order was told to, and whoever did so may be about to start the next.
        this.#reviveAtMs = ending.code === 1001 ? undefined : performance.now() + reviveGraceMs;
      } else if (await this.#reviveIfDue(ending)) {
        continue;
      }
      // Rejects when stopped, which the loop's condition sees.
      await delay(this.#backoff.next(), undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  /** Reads no more for now: the agent keeps what comes, and the kernel's buffer fills. */
  pause(): void {
    this.#paused = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /**
   * Asks for a mark in the stream: a `synced` frame, or an `error`, of this id comes after every event of what
   * happened until now.
   * @returns false when there is no connection to ask on
   */
  sync(id: number): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type: 'sync', id } satisfies ClientFrame));
    return true;
  }

  /** Ends the stream; no frame is handed on after this. */
  stop(): void {
    this.#stopped.abort();
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.resume();
    socket.close(1000);
    setTimeout(() => socket.terminate(), closeAnswerMs).unref();
  }

  /** Has the next agent started when it is time to; returns whether that was tried. */
  async #reviveIfDue(ending: Ending): Promise<boolean> {
    if (this.#revive === undefined || this.#reviveAtMs === undefined) return false;
    if (performance.now() < this.#reviveAtMs || !this.#isAbsence(ending)) return false;
    this.#reviveAtMs = undefined;
    const { signal } = this.#stopped;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#revive(this.#roots), stopped]);
    this.#backoff.reset();
    return true;
  }

  /** Whether nobody listens at the socket: an agent that is silent or in trouble is still one. */
  #isAbsence(ending: Ending): boolean {
    if (ending.kind === 'refused' || ending.error === undefined) return false;
    return explainFailure(ending.error, this.#instance, answerTimeoutMs) instanceof NoAgentError;
  }

  #failIfFinal(ending: Ending): void {
    if (ending.kind === 'refused') {
      // An agent that is starting or stopping answers 503; what it calls a mistake stays one.
      if (!this.#connectedBefore || isFinalStatus(ending.error.status)) throw ending.error;
      return;
    }
    if (!this.#connectedBefore) {
      const error = ending.error ?? new Error(describeEnding(ending));
      throw explainFailure(error, this.#instance, answerTimeoutMs);
    }
    if (ending.code === 1008) {
      throw new CliError(
        exitCodes.failed,
        `the agent disconnected this client: ${ending.reason || 'somebody asked for it'}`,
      );
    }
  }

  /** @throws UnsafePlaceError */
  #connectOnce(): Promise<Ending> {
    requirePrivateRuntime(this.#instance);
    // Not ws+unix:PATH, which can't express a path with a colon, a blank or a percent sign.
    const socket = new WebSocket(`ws://localhost${streamPath(this.#position.query())}`, {
      createConnection: () => connect(this.#instance.socket),
      perMessageDeflate: false,
      headers: { 'user-agent': userAgent() },
    });
    this.#socket = socket;
    let hadHello = false;
    let error: Error | undefined;
    let refusal: AgentError | undefined;

    // ws has a timeout of its own, whose error can't be told from others.
    const timer = setTimeout(() => {
      error = silentAgent(this.#instance, this.#answerMs);
      socket.terminate();
    }, this.#answerMs);

    socket.on('open', () => {
      clearTimeout(timer);
      if (this.#paused) socket.pause();
    });
    socket.on('message', (data) => {
      if (this.#stopped.signal.aborted) return;
      const text = data.toString();
      const frame = parseFrame(text);
      if (frame === undefined) {
        error = new Error('a frame that is no JSON object with a type');
        socket.terminate();
      } else if (frame.type === 'hello') {
        hadHello = true;
        this.#begin(frame);
      } else {
        this.#listener.frame(frame, text);
        this.#position.advance(frame);
      }
    });
    socket.on('unexpected-response', (_request, answer) => {
      void readBody(answer)
        .catch((cause: unknown) => String(cause))
        .then((body) => {
          refusal = agentErrorFrom(answer.statusCode ?? 0, body);
          socket.terminate();
        });
    });
    socket.on('error', (cause) => {
      error ??= cause;
    });
    return new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        clearTimeout(timer);
        if (refusal !== undefined) resolve({ kind: 'refused', error: refusal });
        else resolve({ kind: 'closed', code, reason: reason.toString(), error, hadHello });
      });
    });
  }

  #begin(hello: HelloFrame): void {
    const cameBack = this.#connectedBefore;
    this.#connectedBefore = true;
    this.#roots = hello.roots;
    this.#reviveAtMs = undefined;
    const unseen = this.#position.begin(hello);
    this.#listener.connected(hello, cameBack);
    if (unseen !== undefined) this.#listener.frame(unseen, JSON.stringify(unseen));
  }
}
