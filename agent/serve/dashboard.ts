// The dashboard's addresses. The page itself, its links and what a refused browser is shown are its own room's; here
// is what they come to in HTTP.
import type { IncomingMessage } from 'node:http';
import { type Exchange, sendJson } from './context.ts';
import type { DashboardService } from './dashboard-service.ts';
import { ProblemError, type ProblemPage } from './problem.ts';
import { dashboardQuery, noQuery, parseQuery } from './schemas.ts';

const indexName = 'index.html';

/** `Sec-Fetch-Site`: from where a browser asks; undefined where it does not say. */
export function fetchSiteOf({ headers }: IncomingMessage): string | undefined {
  const site = headers['sec-fetch-site'];
  return Array.isArray(site) ? site.join() : site;
}

/** `POST /v1/links`. */
export function makeLink({ services, response, query }: Exchange): void {
  parseQuery(noQuery, query);
  const { url } = services.status();
  if (url === '') {
    throw new ProblemError(503, 'not_listening', 'the agent is starting, and has no address yet: ask again');
  }
  const { code, expiresInMs } = services.dashboard.links.make();
  const link = new URL(url);
  link.searchParams.set('link', code);
  sendJson(response, 200, { url: link.href, expiresInMs });
}

/** `GET /`. */
export async function openDashboard(exchange: Exchange): Promise<void> {
  const { services, request, response, query, admission, address } = exchange;
  const { link } = parseQuery(dashboardQuery, query);
  if (link === undefined && !query.has('token')) return sendPageFile(exchange, indexName, 'no-store');
  // What was in the address has done its work, or is not needed, and shall not stay there.
  if (admission.cookie !== undefined) {
    response.setHeader('set-cookie', admission.cookie);
    services.log.info('dashboard opened', { address, by: admission.by });
  }
  response.writeHead(303, {
    ...services.dashboard.headers(request.headers.host),
    location: '/',
    'cache-control': 'no-store',
    'content-length': 0,
  });
  response.end();
}

/** `GET /dashboard/FILE`. */
export async function sendDashboardFile(exchange: Exchange): Promise<void> {
  parseQuery(noQuery, exchange.query);
  const { file = '' } = exchange.params;
  // Asked for again each time, and from this machine: a newer agent's page must not get an older one's script.
  await sendPageFile(exchange, file === indexName ? '' : file, 'no-cache');
}

/**
 * `POST /dashboard/session`: gives the page its pass, and the browser the cookie again, which another server under this
 * host name may have replaced. Neither is good for longer than what was shown.
 */
export function renewSession({ response, query, admission }: Exchange): void {
  parseQuery(noQuery, query);
  // Who shows the token, or comes over the local plane, needs no pass.
  const renewed = admission.session?.renew();
  if (renewed !== undefined) response.setHeader('set-cookie', renewed.cookie);
  sendJson(response, 200, renewed === undefined ? {} : { pass: renewed.pass });
}

async function sendPageFile(
  { services, request, response }: Exchange,
  name: string,
  caching: string,
): Promise<void> {
  const { dashboard } = services;
  const file = await dashboard.file(name);
  if (file === undefined) {
    const [path = ''] = (request.url ?? '').split('?');
    throw new ProblemError(
      404,
      'not_found',
      `there is nothing at ${path.slice(0, 200)}: the dashboard is at /`,
    );
  }
  response.writeHead(200, {
    ...dashboard.headers(request.headers.host),
    'content-type': file.type,
    'content-length': file.bytes.length,
    'cache-control': caching,
  });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

/** The page that tells a person of a problem; undefined for a client that wants none. */
export function problemPage(
  dashboard: DashboardService,
  { code, message }: ProblemError,
  request: IncomingMessage,
): ProblemPage | undefined {
  if (!/\btext\/html\b/i.test(request.headers.accept ?? '')) return undefined;
  const site = fetchSiteOf(request);
  return dashboard.refusal({
    code,
    detail: message,
    fromElsewhere: site === 'cross-site' || site === 'same-site',
  });
}
