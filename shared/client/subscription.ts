// One stream of events over a WebSocket that is made again whenever it breaks, without a hole in between.
import { protocolVersion, type ServerFrame } from '../protocol.ts';
import { Backoff } from './backoff.ts';
import { describeClose, goodConnectionMs, isFinalStatus, parseObject } from './connection.ts';
import { AgentError, errorOfAnswer } from './errors.ts';
import type { AgentEvent } from './events.ts';
import { pause } from './pause.ts';
import { StreamPosition } from './position.ts';
import { type StreamQuery, streamPath } from './query.ts';
import type { SocketEnding, Wire, WireSocket } from './wire.ts';

/** An agent in good health accepts at once; one that has not by then hangs, or is none. */
const openTimeoutMs = 10_000;

/** The code with which the agent closes a client that takes nothing; our own, too, where there is no room. */
const tooSlow = 1013;

/** Who is told what comes. */
export interface SubscriptionListener {
  /** @param chars about what the event weighs: the length of its text */
  event(event: AgentEvent, chars: number): void;
  /** The last that is told; without an error the end was asked for. */
  ended(error: AgentError | undefined): void;
}

interface Waiting {
  readonly resolve: (cursor: string) => void;
  readonly reject: (error: AgentError) => void;
}

/** A stream that lasts until it is stopped, or the agent refuses for good. */
export class Subscription {
  readonly #wire: Wire;
  readonly #listener: SubscriptionListener;
  readonly #position: StreamPosition;
  readonly #backoff = new Backoff();
  readonly #syncs = new Map<number, Waiting>();
  #lastId = 0;
  #socket: WireSocket | undefined;
  #hangUp: (ending: SocketEnding) => void = () => {};
  /** Aborted, it ends the present sleep. */
  #sleep = new AbortController();
  /** Whether hello has come on the present connection. */
  #connected = false;
  #paused = false;
  #stopped = false;

  constructor(wire: Wire, query: StreamQuery, listener: SubscriptionListener) {
    this.#wire = wire;
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
   * The barrier, on this stream: resolves with a cursor when every file change made before the call has been
   * told to the listener.
   */
  sync(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        reject(closedError());
        return;
      }
      this.#lastId += 1;
      this.#syncs.set(this.#lastId, { resolve, reject });
      if (this.#connected) this.#askSync(this.#lastId);
    });
  }

  /** Ends the stream; the listener is told nothing more but that. */
  stop(error?: AgentError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#hangUp({ code: 1000, reason: '' });
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
      const error = finalError(ending);
      if (error !== undefined) {
        this.stop(error);
        return;
      }
      if (performance.now() - startedMs >= goodConnectionMs) this.#backoff.reset();
      if (this.#connected) {
        this.#connected = false;
        this.#listener.event({ type: 'lost', reason: describeClose(ending.code, ending.reason) }, 0);
      }
      // Nothing is wrong where it was only too slow, be it by the agent's word or by ours.
      if (ending.code !== tooSlow) await pause(this.#sleep.signal, this.#backoff.next());
    }
  }

  #connectOnce(): Promise<SocketEnding> {
    return new Promise((resolve) => {
      let over = false;
      const end = (ending: SocketEnding): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        this.#socket = undefined;
        this.#hangUp = () => {};
        socket.close();
        resolve(ending);
      };
      const timer = setTimeout(() => end({ code: 1006, reason: 'no answer' }), openTimeoutMs);
      const socket = this.#wire.open(streamPath(this.#position.query()), {
        opened: () => {
          clearTimeout(timer);
          if (this.#paused) socket.pause?.();
        },
        message: (text) => {
          if (!over) this.#take(text);
        },
        closed: end,
      });
      this.#socket = socket;
      this.#hangUp = end;
    });
  }

  #take(text: string): void {
    const frame = parseObject(text) as ServerFrame | undefined;
    if (frame === undefined) this.#hangUp({ code: 1006, reason: 'no frame' });
    else this.#takeFrame(frame, text.length);
    this.#makeRoom();
  }

  #takeFrame(frame: ServerFrame, chars: number): void {
    switch (frame.type) {
      case 'hello': {
        if (frame.protocol !== protocolVersion) {
          this.stop(otherProtocol(frame));
          return;
        }
        const unseen = this.#position.begin(frame);
        this.#connected = true;
        for (const id of this.#syncs.keys()) this.#askSync(id);
        this.#listener.event({ ...frame, type: 'connected' }, chars);
        if (unseen !== undefined && !this.#stopped) this.#listener.event(unseen, 0);
        return;
      }
      case 'file':
      case 'gap':
      case 'message':
      case 'root':
      case 'snapshot':
        // It goes forward: whatever breaks the connection, another one helps.
        this.#backoff.reset();
        this.#position.advance(frame);
        this.#listener.event(
          frame.type === 'snapshot' ? { ...frame, whole: !this.#position.inSnapshot } : frame,
          chars,
        );
        return;
      case 'synced':
        this.#waiting(frame.id)?.resolve(frame.cursor);
        return;
      case 'error':
        this.#waiting(frame.id)?.reject(new AgentError(frame.code, frame.detail));
        return;
      default:
      // Frames of a later protocol.
    }
  }

  #waiting(id: number | string | undefined): Waiting | undefined {
    const waiting = this.#syncs.get(id as number);
    this.#syncs.delete(id as number);
    return waiting;
  }

  #askSync(id: number): void {
    this.#socket?.send(JSON.stringify({ type: 'sync', id }));
  }

  /** Half a snapshot would have to be asked for again, and with a slow reader again and again. */
  #makeRoom(): void {
    const socket = this.#socket;
    if (!this.#paused || socket === undefined || socket.pause !== undefined || this.#position.inSnapshot)
      return;
    this.#hangUp({ code: tooSlow, reason: '' });
  }
}

function finalError({ code, reason, refusal, error }: SocketEnding): AgentError | undefined {
  if (error !== undefined) return error;
  if (refusal !== undefined) {
    return isFinalStatus(refusal.status) ? errorOfAnswer(refusal.status, refusal.body) : undefined;
  }
  if (code !== 1008) return undefined;
  return new AgentError('disconnected', `the agent disconnected this client: ${reason}`);
}

/** What ends everything that is under way when the agent's client is closed. */
export function closedError(): AgentError {
  return new AgentError('closed', 'the client is closed');
}

/** The agent is of another time than this library. */
export function otherProtocol({ protocol, version }: { protocol: number; version: string }): AgentError {
  return new AgentError(
    'other_protocol',
    `the agent (${version}) speaks protocol ${protocol}, not ${protocolVersion}: use one version of devagent for both`,
  );
}
