// LiveReload's two addresses. They need no token, so that whoever serves pages can have them reloaded without a
// new client: the guard has a check of its own for them, and the room behind them tells nothing but reloads.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Guard } from './guard.ts';
import { ProblemError } from './problem.ts';

/** What serves pages; absent where it is switched off, and then these addresses are like any that is not there. */
export interface LiveReloadService {
  /** The reference client's own file. */
  script(): Promise<Buffer>;
  /** Whether there is room for another page. */
  readonly isFull: boolean;
  /** Takes over the upgrade of a page that the guard has let in. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, address: string): void;
}

const scriptPath = '/livereload.js';
const socketPath = '/livereload';

/** Whether the path is LiveReload's. */
export function isLiveReloadPath(path: string): boolean {
  return path === scriptPath || path === socketPath;
}

/**
 * Has the guard look at a request for LiveReload.
 * @param host the request's only one
 * @throws ProblemError 421 or 403
 */
export function admitPage(
  guard: Guard | undefined,
  request: IncomingMessage,
  host: string | undefined,
): void {
  const { origin, referer } = request.headers;
  guard?.checkPage({ host, origin, referrer: referer });
}

/**
 * Answers a request that is no upgrade.
 * @throws ProblemError 404 for another's address, 405, or 426 for the socket's
 */
export async function sendScript(
  service: LiveReloadService,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isLiveReloadPath(path)) {
    throw new ProblemError(404, 'not_found', `here are only ${scriptPath} and ${socketPath}`);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ProblemError(405, 'method_not_allowed', `${path} takes GET`, { headers: { allow: 'GET' } });
  }
  if (path === socketPath) {
    throw new ProblemError(426, 'upgrade_required', `${path} is a WebSocket: load ${scriptPath} in a page`, {
      headers: { upgrade: 'websocket' },
    });
  }
  const script = await service.script();
  response.writeHead(200, {
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': script.length,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : script);
}

/**
 * Answers an upgrade.
 * @throws ProblemError 400 or 503, before anything is accepted
 */
export function acceptPage(
  service: LiveReloadService,
  path: string,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  address: string,
): void {
  if (path !== socketPath) {
    throw new ProblemError(400, 'upgrade_refused', `${path} is no WebSocket: only ${socketPath} is`);
  }
  if (service.isFull) {
    throw new ProblemError(503, 'too_many_pages', 'too many pages are connected: close some');
  }
  service.accept(request, socket, head, address);
}
