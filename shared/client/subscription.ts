// One stream of events over a WebSocket that is made again whenever it breaks, without a hole in between.
import type { HelloFrame, ServerFrame } from '../protocol.ts';
import { Backoff } from './backoff.ts';
import { isFinal } from './calls.ts';
import { describeClose, goodConnectionMs, parseObject, tooSlow } from './connection.ts';
import { AgentError, errorOfAnswer } from './errors.ts';
import type { AgentEvent } from './events.ts';
import { pause } from './pause.ts';
import { StreamPosition } from './position.ts';
import { type StreamQuery, streamPath } from './query.ts';
import type { SocketEnding, Wire, WireSocket } from './wire.ts';

/** Who is told what comes. */
export interface SubscriptionListener {
  /**
   * The stream's position moves past the event when this returns.
   * @param text the event's frame as it came; empty for one that is of our own making
   */
  event(event: AgentEvent, text: string): void;
  /** The last that is told; without an error the end was asked for. */
  ended(error: AgentError | undefined): void;
}

/**
 * What is made of a connection's end: the error that ends the stream, or whether to connect again at once (true) or
 * after a pause. Called once for each.
 * @param hello how the connection began, if it did
 */
export type Verdict = (
  ending: SocketEnding,
  hello: HelloFrame | undefined,
) => AgentError | boolean | Promise<AgentError | boolean>;

/** The verdict of who waits for an agent as long as it takes: only what is final ends the stream. */
export const patient: Verdict = ({ code, reason, refusal, error }) => {
  const failure = error ?? (refusal && errorOfAnswer(refusal.status, refusal.body));
  if (isFinal(failure)) return failure;
  if (code === 1008) return new AgentError('disconnected', `the agent disconnected this client: ${reason}`);
  // Nothing is wrong where it was only too slow, be it by the agent's word or by ours.
  return code === tooSlow;
};

/** Who waits for a barrier. */
interface Waiting {
  readonly resolve: (cursor: string) => void;
  readonly reject: (error: AgentError) => void;
}

/** A stream that lasts until it is stopped, or the agent refuses for good. */
export class Subscription {
  readonly #wire: Wire;
  readonly #listener: SubscriptionListener;
  readonly #verdict: Verdict;
  readonly #position: StreamPosition;
  readonly #backoff = new Backoff();
  readonly #syncs = new Map<number, Waiting>();
  #lastId = 0;
  #socket: WireSocket | undefined;
  #hangUp: ((ending: SocketEnding) => void) | undefined;
  /** Aborted, it ends the present sleep. */
  #sleep = new AbortController();
  /** The present connection's, once it has come. */
  #hello: HelloFrame | undefined;
  #paused = false;
  #stopped = false;

  constructor(wire: Wire, query: StreamQuery, listener: SubscriptionListener, verdict = patient) {
    this.#wire = wire;
    this.#verdict = verdict;
    this.#listener = listener;
    this.#position = new StreamPosition(query);
    void this.#run();
  }

  /**
   * Takes little more for now: the agent's journal keeps what comes. A WebSocket that can't be paused is closed,
   * once it is through with its snapshot, and made again where it was.
   */
  pause(): void {
    this.#paused = true;
    this.#socket?.pause?.();
    this.#makeRoom();
  }

  /** Goes on. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume?.();
    this.#sleep.abort();
  }

  /**
   * The barrier, on this stream.
   * @param resolve called, with a cursor, when every file change made before the call has been told to the listener, and
   *   before anything that comes after it is
   * @param reject called in its place, with the reason
   */
  sync(resolve: Waiting['resolve'], reject: Waiting['reject']): void {
    if (this.#stopped) {
      reject(closedError());
      return;
    }
    this.#syncs.set(++this.#lastId, { resolve, reject });
    if (this.#hello) this.#askSync(this.#lastId);
  }

  /** Ends the stream; the listener is told nothing more but that. */
  stop(error?: AgentError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#hangUp?.({ code: 1000, reason: '' });
    this.#sleep.abort();
    for (const { reject } of this.#syncs.values()) reject(error ?? closedError());
    this.#syncs.clear();
    this.#listener.ended(error);
  }

  async #run(): Promise<void> {
    // Not before its maker has it.
    await undefined;
    while (!this.#stopped) {
      this.#sleep = new AbortController();
      if (this.#paused) {
        await pause(this.#sleep.signal);
        continue;
      }
      const startedMs = performance.now();
      const ending = await this.#connectOnce();
      if (this.#stopped) return;
      const next = await this.#verdict(ending, this.#hello);
      if (this.#stopped) return;
      if (next instanceof AgentError) {
        this.stop(next);
        return;
      }
      if (next || performance.now() - startedMs >= goodConnectionMs) this.#backoff.reset();
      if (this.#hello) {
        this.#hello = undefined;
        this.#listener.event({ type: 'lost', reason: describeClose(ending.code, ending.reason) }, '');
      }
      if (!next) await pause(this.#sleep.signal, this.#backoff.next());
    }
  }

  #connectOnce(): Promise<SocketEnding> {
    return new Promise((resolve) => {
      let over = false;
      const end = (ending: SocketEnding): void => {
        if (over) return;
        over = true;
        this.#socket = undefined;
        this.#hangUp = undefined;
        socket.close();
        resolve(ending);
      };
      const socket = this.#wire.open(streamPath(this.#position.query()), {
        opened: () => {
          if (this.#paused) socket.pause?.();
        },
        message: (text) => {
          if (!over) this.#take(text);
          this.#makeRoom();
        },
        closed: end,
      });
      this.#socket = socket;
      this.#hangUp = end;
    });
  }

  #take(text: string): void {
    const frame = parseObject(text) as ServerFrame | undefined;
    switch (frame?.type) {
      case 'hello': {
        const unseen = this.#position.begin(frame);
        this.#hello = frame;
        for (const id of this.#syncs.keys()) this.#askSync(id);
        this.#listener.event({ ...frame, type: 'connected' }, text);
        if (unseen && !this.#stopped) {
          this.#listener.event(unseen, '');
          this.#position.advance(unseen);
        }
        return;
      }
      case 'file':
      case 'gap':
      case 'message':
      case 'root':
      case 'snapshot':
        // It goes forward: whatever breaks the connection, another one helps.
        this.#backoff.reset();
        this.#listener.event(
          frame.type === 'snapshot' ? { ...frame, whole: this.#position.isWholeWith(frame) } : frame,
          text,
        );
        // Not before: what was not handed on comes again.
        this.#position.advance(frame);
        return;
      case 'synced':
      case 'error': {
        const waiting = this.#syncs.get(frame.id as number);
        this.#syncs.delete(frame.id as number);
        if (frame.type === 'synced') waiting?.resolve(frame.cursor);
        else waiting?.reject(new AgentError(frame.code, frame.detail));
        return;
      }
      case undefined:
        this.#hangUp?.({ code: 1006, reason: 'no frame' });
        return;
      default:
      // Frames of a later protocol.
    }
  }

  #askSync(id: number): void {
    this.#socket?.send(JSON.stringify({ type: 'sync', id }));
  }

  /** Half a snapshot would have to be asked for again, and with a slow reader again and again. */
  #makeRoom(): void {
    const socket = this.#socket;
    if (this.#paused && socket && !socket.pause && !this.#position.inSnapshot)
      this.#hangUp?.({ code: tooSlow, reason: '' });
  }
}

/** What ends everything that is under way when the agent's client is closed. */
export function closedError(): AgentError {
  return new AgentError('closed', 'the client is closed');
}
