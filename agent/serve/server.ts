// One plane: an HTTP server that guards, routes and upgrades. The local plane trusts whoever can open its
// socket; the loopback plane has a guard.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { requestHost } from '../../shared/index.ts';
import type { Services } from './context.ts';
import { fetchSiteOf, problemPage } from './dashboard.ts';
import type { Admission, Guard } from './guard.ts';
import { liveReloadRoutes, nothingElse } from './live-reload.ts';
import { ProblemError, sendProblem, sendRawProblem } from './problem.ts';
import { Router, type Target } from './router.ts';
import { routes } from './routes.ts';
import { describeAddress } from './socket.ts';
import { OfferingRequest, takeWebSocketOffer } from './upgrade.ts';
import type { WebSockets } from './web-socket.ts';

/** A client that has not sent its headers, or its body, by then is given up. */
const headersMs = 10_000;
const requestMs = 60_000;
const checkMs = 5_000;

/**
 * Makes the server of a plane.
 * @param guard what every request has to pass; undefined on the local plane
 * @param liveReloadAlone whether nothing but LiveReload is to be had there
 */
export function createPlane(
  services: Services,
  webSockets: WebSockets,
  guard: Guard | undefined,
  liveReloadAlone = false,
): Server {
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: 5_000,
    noDelay: true,
    // The guard answers a request without a host, and the local plane needs none.
    requireHostHeader: false,
    IncomingMessage: OfferingRequest,
  });
  const { connections, liveReload } = services;
  const ofPages = liveReload === undefined ? [] : liveReloadRoutes(liveReload);
  const router = liveReloadAlone ? new Router(ofPages, nothingElse) : new Router([...routes, ...ofPages]);
  const plane = guard === undefined ? 'local' : 'loopback';
  server.on('connection', (socket) => connections.add(socket, plane));
  // Out of descriptors, say: those that wait to be accepted go on waiting.
  server.on('error', (error) => {
    if (server.listening) services.log.warn('connection not accepted', { plane, error });
  });
  /** What each connection is being answered. */
  const answers = new WeakMap<Duplex, ServerResponse>();
  /** The answer to the last request that came on each connection. */
  const last = new WeakMap<Duplex, ServerResponse>();

  // A client may send further requests before it has its answer. They wait for it: a connection has one request under
  // way, so that nobody gets more of the agent's time by asking many things at once, or what no one can be sent yet.
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const before = last.get(socket);
    last.set(socket, response);
    if (before === undefined || before.closed) begin(request, response);
    else before.once('close', () => socket.destroyed || begin(request, response));
  };

  function begin(request: IncomingMessage, response: ServerResponse): void {
    answers.set(request.socket, response);
    response.once('finish', () => connections.answered(request.socket));
    const target = targetOf(request);
    handle(request, response, target).catch((error: unknown) => {
      // Nobody is there any more to be told.
      if (request.socket.destroyed) services.log.debug('request broken off', { path: target.path });
      else refuse(request, response, target, toProblem(services, error));
    });
  }
  server.on('request', take);
  // A request with an `Expect` that is none of HTTP's: Node would answer 417 without a word.
  server.on('checkExpectation', take);
  server.on('connect', (request, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    try {
      admit(guard, request, targetOf(request), 'connection');
      throw new ProblemError(
        405,
        'method_not_allowed',
        'this agent is no proxy: there is nothing to CONNECT to',
        {
          headers: { allow: 'GET, POST, PUT, DELETE' },
        },
      );
    } catch (error) {
      sendRawProblem(socket, toProblem(services, error));
    }
  });
  server.on('upgrade', (request, socket: Duplex, head) => {
    // The connection is a net.Socket on both planes; only TLS would make it anything else.
    const raw = socket as Socket;
    raw.on('error', () => raw.destroy());
    upgrade(request, raw, head).catch((error: unknown) => {
      if (raw.destroyed) services.log.debug('upgrade broken off', { path: targetOf(request).path });
      else sendRawProblem(raw, toProblem(services, error));
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What comes after a request can't be answered in the midst of its answer.
    const answer = answers.get(socket);
    if (answer?.headersSent === true && !answer.writableFinished) socket.destroy();
    else sendRawProblem(socket, protocolProblem(error));
  });

  function targetOf(request: IncomingMessage): Located {
    const { path, query } = split(request.url);
    return { ...router.target(request.method ?? '', path), query };
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    connections.check(socket);
    const target = targetOf(request);
    const admission = admit(guard, request, target, 'connection');
    // A page has shown nothing: it proves itself when it is taken.
    if (target.needs !== 'page') connections.prove(socket);
    const { route, take } = target.upgrade();
    takeWebSocketOffer(request);
    const restoring = services.restoring();
    if (restoring !== undefined) await restoring;
    if (route.afterOpening === true) await services.opening();
    await take({ webSockets, request, socket, head, query: target.query, address: describeAddress(socket) });
    connections.prove(socket);
    endWithSession(socket, admission);
  }

  async function handle(request: IncomingMessage, response: ServerResponse, target: Located): Promise<void> {
    connections.check(request.socket);
    const { origin } = request.headers;
    if (guard !== undefined && origin !== undefined && guard.allowsOrigin(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('vary', 'origin');
      if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
        answerPreflight(guard, request, response);
        return;
      }
    }
    const admission = admit(guard, request, target, 'answer');
    if (admission.by !== 'nothing') connections.prove(request.socket);
    if (admission.by === 'session') {
      // Older browsers do not say that a page of another port asks; they keep what it gets from it.
      response.setHeader('cross-origin-resource-policy', 'same-origin');
      response.setHeader('x-content-type-options', 'nosniff');
    }
    endWithSession(response, admission);
    const { route, params } = target.found();
    refuseExpectation(request.headers.expect);
    const restoring = services.restoring();
    if (restoring !== undefined) await restoring;
    if (route.afterOpening === true) await services.opening();
    await route.handle({
      services,
      request,
      response,
      query: target.query,
      params,
      admission,
      address: describeAddress(request.socket),
    });
  }

  function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    { isPage }: Target,
    problem: ProblemError,
  ): void {
    sendProblem(
      response,
      problem,
      request,
      isPage ? problemPage(services.dashboard, problem, request) : undefined,
    );
  }

  return server;
}

/** Where a request leads, and with which query. */
type Located = Target & { readonly query: URLSearchParams };

function split(url = '/'): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  return at === -1
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

/** @param wanted what the request wants of the agent: one answer, or the connection itself */
function admit(
  guard: Guard | undefined,
  request: IncomingMessage,
  { needs, query }: Located,
  wanted: 'answer' | 'connection',
): Admission {
  if (guard === undefined) return { by: 'nothing' };
  const { method, headers } = request;
  const { origin } = headers;
  if (needs === 'page') {
    guard.checkPage({ host: requestHost(request), origin, referrer: headers.referer });
    return { by: 'nothing' };
  }
  return guard.check({
    host: requestHost(request),
    origin,
    authorization: headers.authorization,
    queryToken: query.get('token'),
    linkCode: wanted === 'answer' && method === 'GET' && !isGuess(request) ? query.get('link') : null,
    cookies: headers.cookie,
    fetchSite: fetchSiteOf(request),
    isUpgrade: wanted === 'connection',
    acts: wanted === 'connection' || (method !== 'GET' && method !== 'HEAD'),
    needs,
  });
}

/** Browsers load pages that the user may be about to open. That would use up a link; refused, they ask again. */
function isGuess({ headers }: IncomingMessage): boolean {
  return [headers['sec-purpose'], headers['purpose'], headers['x-moz']].some((purpose) =>
    /\b(?:prefetch|prerender|preview)\b/i.test(String(purpose)),
  );
}

/** Ends with its session what was begun by it and still goes on, as streams do. */
function endWithSession(stream: Socket | ServerResponse, { session }: Admission): void {
  if (session === undefined) return;
  const timer = setTimeout(() => stream.destroy(), session.endsAtMs - Date.now());
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}

/** A browser asks before it sends a token; it sends none with the question. */
function answerPreflight(guard: Guard, request: IncomingMessage, response: ServerResponse): void {
  guard.checkSource({ host: requestHost(request), origin: request.headers.origin });
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers': 'authorization, content-type, last-event-id',
    'access-control-max-age': '600',
  });
  response.end();
}

/** Of all that could be expected HTTP knows one thing, and Node itself has answered that by now. */
function refuseExpectation(expect: string | undefined): void {
  if (expect === undefined || /\b100-continue\b/i.test(expect)) return;
  throw new ProblemError(
    417,
    'expectation_failed',
    `this agent knows no "Expect: ${expect.slice(0, 100)}": send the request without it`,
  );
}

function toProblem(services: Services, error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  services.log.error('request failed', { error });
  return new ProblemError(500, 'internal', 'the agent failed at this request: its log says more');
}

function protocolProblem(error: NodeJS.ErrnoException): ProblemError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError(431, 'headers_too_large', 'the headers are larger than 16 KiB');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError(408, 'request_timeout', 'the request did not come in time');
    default:
      return new ProblemError(
        400,
        'bad_request',
        `this is not HTTP as it should be: ${error.code ?? error.message}`,
      );
  }
}
