// The seam between the client and where it runs: all that a page and Node do differently.
import type { AgentError } from './errors.ts';

/** One HTTP request. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query string, if there is one. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** Its answer, once the head is there. */
export interface WireAnswer {
  readonly status: number;
  /** The body's text in pieces; whoever does not want the rest aborts the request. */
  readonly body: AsyncIterable<string>;
}

/** What comes over a WebSocket. */
export interface SocketListener {
  opened(): void;
  message(text: string): void;
  /** Called once, and last. */
  closed(ending: SocketEnding): void;
}

/** How a WebSocket ended, or did not begin. */
export interface SocketEnding {
  /** As in a close frame; 1006 without one. */
  readonly code: number;
  readonly reason: string;
  /** An HTTP answer in the place of the WebSocket. */
  readonly refusal?: { readonly status: number; readonly body: string };
  /** Why no connection was tried, and none will be. */
  readonly error?: AgentError;
  /** The failure behind it, where the platform names one: an error with the system's `code`, as `ECONNREFUSED`. */
  readonly cause?: unknown;
}

/** A WebSocket, on its way or open. */
export interface WireSocket {
  send(text: string): void;
  close(): void;
  /** Takes nothing more from the agent for now, where the platform can. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

/** A way to one agent. */
export interface Wire {
  /** The message when no agent answers: where this leads to, and what to do. */
  readonly absence: string;
  /** Rejects when there was no answer, for whatever reason; with an AgentError when none is to be asked for again. */
  request(request: WireRequest): Promise<WireAnswer>;
  /**
   * Opens a WebSocket, which is closed with the reason `no answer` where it is not open after a while.
   * @param path with the query string
   */
  open(path: string, listener: SocketListener): WireSocket;
}

/** An agent in good health accepts at once; one that has not by then, in milliseconds, hangs, or is none. */
export const openTimeoutMs = 10_000;

/** A whole body. */
export async function readText({ body }: WireAnswer): Promise<string> {
  let text = '';
  for await (const piece of body) text += piece;
  return text;
}
