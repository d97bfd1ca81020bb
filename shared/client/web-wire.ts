// fetch and WebSocket as a page has them; Node has the first, and from 22 on the second.
import { AgentError } from './errors.ts';
import {
  openTimeoutMs,
  readText,
  type SocketEnding,
  type SocketListener,
  type Wire,
  type WireAnswer,
  type WireRequest,
  type WireSocket,
} from './wire.ts';

/** Of the platform's WebSocket what is used here. */
interface PlatformSocket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code?: number; reason?: string }) => void) | null;
  onerror: ((event: { code?: number; reason?: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** The platform's WebSocket, where it has one. */
export function platformWebSocket(): (new (url: string) => PlatformSocket) | undefined {
  return (globalThis as { WebSocket?: new (url: string) => PlatformSocket }).WebSocket;
}

/** Where an agent is found over TCP. */
export interface WebPlace {
  readonly origin: string;
  readonly token: string | undefined;
}

/**
 * Reads a URL such as `agent-cli url` prints; a token in it counts where none is given.
 * @throws AgentError `bad_options`, without the URL: it may hold the token
 */
export function parsePlace(url: string, token: string | undefined): WebPlace {
  const { protocol, host, searchParams } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>);
  const scheme = /^(?:http|ws)(s?):$/.exec(protocol ?? '');
  if (!scheme) throw new AgentError('bad_options', 'url: expected one like http://127.0.0.1:5520');
  return { origin: `http${scheme[1]}://${host}`, token: token ?? searchParams?.get('token') ?? undefined };
}

/** A way to an agent's loopback plane. */
export function webWire({ origin, token }: WebPlace, hint: string): Wire {
  const request = async ({ method, path, body, signal }: WireRequest): Promise<WireAnswer> => {
    const headers: Record<string, string> = {};
    if (token) headers['authorization'] = `Bearer ${token}`;
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(origin + path, { method, headers, signal, body: body ?? null });
    return { status: response.status, body: piecesOf(response) };
  };

  /** Why a WebSocket did not come about, which a page is not told: the same asked once more, in a way that it is. */
  const refusalAt = async (path: string): Promise<Pick<SocketEnding, 'refusal'>> => {
    const asking = new AbortController();
    try {
      const answer = await request({ method: 'GET', path, signal: asking.signal });
      if (answer.status < 400) return {};
      return { refusal: { status: answer.status, body: await readText(answer) } };
    } catch {
      // Nobody there, or somebody who does not let this page read the answer: for the page it is the same.
      return {};
    } finally {
      asking.abort();
    }
  };

  const open = (path: string, listener: SocketListener): WireSocket => {
    // The one way in which a page can give a WebSocket its token.
    const query = token ? `&token=${encodeURIComponent(token)}` : '';
    const socket = new (platformWebSocket() as new (url: string) => PlatformSocket)(
      origin.replace(/^http/, 'ws') + path + query,
    );
    /** Whether there may be a refusal behind its end. */
    let asked = true;
    const timer = setTimeout(() => {
      asked = false;
      socket.onclose?.({ reason: 'no answer' });
    }, openTimeoutMs);
    socket.onopen = () => {
      clearTimeout(timer);
      asked = false;
      listener.opened();
    };
    socket.onmessage = ({ data }) => listener.message(String(data));
    // An error is the end as well, and in Node 20 the only word of a connection that did not come about.
    socket.onerror = socket.onclose = async ({ code = 1006, reason = '' }) => {
      clearTimeout(timer);
      socket.onerror = socket.onclose = null;
      listener.closed({ code, reason, ...(asked && (await refusalAt(path))) });
    };
    return { send: (text) => socket.send(text), close: () => socket.close() };
  };

  return { absence: `no agent answers at ${origin}: ${hint}`, request, open };
}

/**
 * Not by `for await`, which not every browser can do with a body.
 * An agent has something to say in each answer that it gives. Browsers take one that ends within its head for whole,
 * and for empty: it has broken off. Whoever stops early aborts the request.
 */
async function* piecesOf({ body, ok }: Response): AsyncGenerator<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let mayBeEmpty = !ok;
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) break;
    mayBeEmpty = true;
    yield decoder.decode(value, { stream: true });
  }
  if (!mayBeEmpty) throw new TypeError('the connection broke');
}
