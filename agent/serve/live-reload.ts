// LiveReload's two addresses. They need no token, so that whoever serves pages can have them reloaded without a
// new client: the guard has a check of its own for them, and the room behind them tells nothing but reloads.
import type { Exchange } from './context.ts';
import type { LiveReloadService } from './live-reload-service.ts';
import { ProblemError } from './problem.ts';
import type { Absence, Route, Upgrade } from './router.ts';

const scriptPath = '/livereload.js';
const socketPath = '/livereload';

/** LiveReload's rows of the table. */
export function liveReloadRoutes(service: LiveReloadService): readonly Route[] {
  return [
    { method: 'GET', path: scriptPath, needs: 'page', handle: (exchange) => sendScript(service, exchange) },
    {
      method: 'GET',
      path: socketPath,
      needs: 'page',
      handle: refusePlain,
      upgrade: (upgrade) => accept(service, upgrade),
    },
  ];
}

/** What else there is on a port with LiveReload alone. */
export const nothingElse: Absence = {
  needs: 'page',
  detail: () => `here are only ${scriptPath} and ${socketPath}`,
};

function refusePlain(): never {
  throw new ProblemError(
    426,
    'upgrade_required',
    `${socketPath} is a WebSocket: load ${scriptPath} in a page`,
    {
      headers: { upgrade: 'websocket' },
    },
  );
}

async function sendScript(service: LiveReloadService, { request, response }: Exchange): Promise<void> {
  const script = await service.script();
  response.writeHead(200, {
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': script.length,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : script);
}

function accept(service: LiveReloadService, { request, socket, head, address }: Upgrade): void {
  if (service.isFull) {
    throw new ProblemError(503, 'too_many_pages', 'too many pages are connected: close some');
  }
  service.accept(request, socket, head, address);
}
