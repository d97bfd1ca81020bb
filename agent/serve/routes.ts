// The endpoints, in one table; what each does is in its own function below or in its own file.

import { DevagentError } from '../../shared/index.ts';
import type { Bodies } from './body.ts';
import { listChanges } from './changes.ts';
import { onConnectionEnd, whenClosed } from './connection-end.ts';
import { type Exchange, type Services, sendJson } from './context.ts';
import { makeLink, openDashboard, renewSession, sendDashboardFile } from './dashboard.ts';
import { listFiles } from './files.ts';
import { streamEvents } from './http-stream.ts';
import type { Metrics } from './metrics.ts';
import { forgetCursor, listCursors, setCursor } from './named-cursors.ts';
import { ProblemError } from './problem.ts';
import type { Route } from './router.ts';
import {
  messageBody,
  messagesQuery,
  noQuery,
  parseQuery,
  parseValue,
  rootBody,
  rootQuery,
  syncQuery,
} from './schemas.ts';
import { defaultSyncTimeoutMs, syncAll } from './sync.ts';

/** The list of so many is no large answer. */
const fewClients = 100;

/** Everything that can be asked for; LiveReload, which can be switched off, has rows of its own. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    afterOpening: true,
    handle: streamEvents,
    upgrade: ({ webSockets, request, socket, head, query, address }) =>
      webSockets.accept(request, socket, head, query, address),
  },
  { method: 'POST', path: '/v1/messages', handle: publishMessage },
  { method: 'POST', path: '/v1/sync', afterOpening: true, handle: sync },
  { method: 'GET', path: '/v1/status', handle: showStatus },
  { method: 'GET', path: '/v1/clients', handle: listClients },
  { method: 'DELETE', path: '/v1/clients/:id', handle: disconnectClient },
  { method: 'GET', path: '/v1/roots', afterOpening: true, handle: listRoots },
  { method: 'POST', path: '/v1/roots', afterOpening: true, handle: addRoot },
  { method: 'DELETE', path: '/v1/roots', afterOpening: true, handle: removeRoot },
  { method: 'GET', path: '/v1/files', afterOpening: true, handle: listFiles },
  { method: 'GET', path: '/v1/changes', afterOpening: true, handle: listChanges },
  { method: 'GET', path: '/v1/cursors', handle: listCursors },
  { method: 'PUT', path: '/v1/cursors/:name', afterOpening: true, handle: setCursor },
  { method: 'DELETE', path: '/v1/cursors/:name', handle: forgetCursor },
  { method: 'POST', path: '/v1/links', needs: 'token', handle: makeLink },
  { method: 'POST', path: '/v1/shutdown', handle: shutdown },
  { method: 'GET', path: '/metrics', handle: showMetrics },
  { method: 'GET', path: '/healthz', needs: 'nothing', handle: showHealth },
  { method: 'GET', path: '/', needs: 'link', isPage: true, handle: openDashboard },
  { method: 'POST', path: '/dashboard/session', isPage: true, handle: renewSession },
  { method: 'GET', path: '/dashboard/:file', isPage: true, handle: sendDashboardFile },
];

async function publishMessage({ services, request, response, query }: Exchange): Promise<void> {
  const { wait, ...fromQuery } = parseQuery(messagesQuery, query);
  const message = { ...fromQuery, ...(await readMessage(services.bodies, request)) };
  const answer = await services.publisher.publish({
    topic: message.topic,
    data: message.data,
    key: message.key,
    from: senderOf(request.headers['user-agent']),
    wait:
      wait === undefined
        ? undefined
        : { waitMs: wait, onGone: (leave) => onConnectionEnd(request.socket, leave) },
  });
  if (wait !== undefined && answer.lagging > 0) {
    throw new ProblemError(
      504,
      'wait_timeout',
      `${answer.lagging} clients were still behind after ${wait} ms`,
      {
        extra: { ...answer },
      },
    );
  }
  sendJson(response, 200, answer);
}

async function readMessage(
  bodies: Bodies,
  request: Exchange['request'],
): Promise<{ topic?: string | undefined; data: unknown; key?: string | undefined }> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  switch (type.trim().toLowerCase()) {
    case 'text/plain':
      return { data: await bodies.text(request) };
    case 'application/json':
      return parseValue(messageBody, await bodies.json(request), 'bad_body');
    default:
      throw new ProblemError(
        415,
        'unsupported_media_type',
        'send the message as "content-type: text/plain", its text the body, or as application/json, {"topic":…,"data":…}',
        { headers: { accept: 'text/plain, application/json' } },
      );
  }
}

/** Who a message over HTTP is from: the product that the request names, if it is ours. */
function senderOf(userAgent: string | undefined): string {
  return /^agent-cli\//.test(userAgent ?? '') ? 'cli' : 'http';
}

async function sync({ services, response, query }: Exchange): Promise<void> {
  const { timeout = defaultSyncTimeoutMs } = parseQuery(syncQuery, query);
  const startedMs = performance.now();
  const { cursor } = await syncAll(services, timeout, whenClosed(response));
  sendJson(response, 200, { cursor, ms: Math.round((performance.now() - startedMs) * 1000) / 1000 });
}

function showStatus({ services, response, query }: Exchange): void {
  parseQuery(noQuery, query);
  sendJson(response, 200, services.status());
}

async function listClients({ services, response, query }: Exchange): Promise<void> {
  parseQuery(noQuery, query);
  const { answers } = services;
  const { registry } = services.hub;
  if (registry.size <= fewClients) return sendJson(response, 200, registry.list());
  await answers.send(response, {
    contentType: 'application/json',
    make: async () => ({ pieces: [Buffer.from(`${JSON.stringify(registry.list())}\n`)] }),
  });
}

function disconnectClient({ services, response, query, params }: Exchange): void {
  parseQuery(noQuery, query);
  const client = services.hub.registry.get(params['id'] ?? '');
  if (client === undefined) {
    throw new ProblemError(
      404,
      'unknown_client',
      `no client ${params['id']} is connected: see GET /v1/clients`,
    );
  }
  client.outlet.close(1008, 'disconnected by request');
  sendJson(response, 200, { id: client.id });
}

function listRoots({ services, response, query }: Exchange): void {
  parseQuery(noQuery, query);
  sendJson(response, 200, services.watcher.status());
}

async function addRoot({ services, request, response, query }: Exchange): Promise<void> {
  parseQuery(noQuery, query);
  const { path, ignore, gitignore } = parseValue(rootBody, await services.bodies.json(request), 'bad_body');
  if (!path.startsWith('/') && process.platform !== 'win32') {
    throw new ProblemError(
      400,
      'bad_body',
      `field "path": ${path} is relative, and to what is not known here`,
    );
  }
  try {
    const real = await services.watcher.add(path, {
      ...(ignore === undefined ? {} : { ignore }),
      ...(gitignore === undefined ? {} : { gitignore }),
    });
    services.rootAdded(real);
    sendJson(
      response,
      200,
      services.watcher.status().find((root) => root.path === real),
    );
  } catch (error) {
    if (!(error instanceof DevagentError)) throw error;
    if (error.code === 'root_differs') throw new ProblemError(409, 'root_differs', error.message);
    throw new ProblemError(400, error.code, error.message);
  }
}

async function removeRoot({ services, response, query }: Exchange): Promise<void> {
  const { path } = parseQuery(rootQuery, query);
  const real = services.watcher.find(path);
  if (real === undefined || !(await services.watcher.remove(path))) {
    throw new ProblemError(404, 'unknown_root', `${path} is not watched: see GET /v1/roots`);
  }
  services.rootRemoved(real);
  sendJson(response, 200, { path: real });
}

function shutdown({ services, response, query }: Exchange): void {
  parseQuery(noQuery, query);
  response.on('close', () => services.shutdown());
  sendJson(response, 200, { stopping: true });
}

/** Made at the first scrape: an agent without Prometheus does not open its library. */
const metricsOf = new WeakMap<Services, Promise<Metrics>>();

async function showMetrics({ services, response, query }: Exchange): Promise<void> {
  parseQuery(noQuery, query);
  let made = metricsOf.get(services);
  if (made === undefined) {
    made = import('./metrics.ts').then(({ Metrics }) => new Metrics(services));
    metricsOf.set(services, made);
  }
  const metrics = await made;
  const text = await metrics.render();
  response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
  response.end(text);
}

function showHealth({ services, response }: Exchange): void {
  const ready = services.ready();
  sendJson(response, ready ? 200 : 503, { ready });
}
