// Attempts to be let in on the loopback plane. Requests are written byte by byte, because an HTTP library would set
// right what is to be refused.
import { expect } from '@jest/globals';
import type { TestAgent } from './agent.ts';
import { openRaw, type Plane, type RawAnswer, rawRequest, upgradeHeaders } from './raw-http.ts';

/** How the guard refuses: the status and the problem's code. */
export const refusals = {
  host: '421 host_refused',
  origin: '403 origin_refused',
  token: '401 token_required',
} as const;
/** What is said of an attempt that was let in. */
export const letIn = 'let in';

/** What is tried: a request, or the upgrade to a WebSocket. */
export type Kind = 'request' | 'upgrade';

/** What is sent; whatever is left out is right. PORT stands for the agent's port, TOKEN for its token. */
export interface Attempt {
  readonly line?: string;
  /** Values of Host lines; default one, `localhost:PORT`. */
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly authorization?: string | undefined;
  readonly cookie?: string;
  readonly query?: string;
}

/** The Authorization header with the token. */
export const withToken = 'Bearer TOKEN';
/** No Authorization header. */
export const withoutToken = { authorization: undefined } as const;

/** Puts the agent's port and token in their places. */
export function fillIn(agent: TestAgent, text: string): string {
  return text.replaceAll('PORT', String(agent.port)).replaceAll('TOKEN', agent.token);
}

/** The headers of an attempt as they go over the wire. */
export function headersOf(attempt: Attempt): string[] {
  const { hosts = ['localhost:PORT'], origins = [], cookie } = attempt;
  const authorization = 'authorization' in attempt ? attempt.authorization : withToken;
  return [
    ...hosts.map((host) => `Host: ${host}`),
    ...origins.map((origin) => `Origin: ${origin}`),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
  ];
}

/** Makes an attempt; says whether it was let in, or how it was refused. */
export async function attempt(
  agent: TestAgent,
  kind: Kind,
  wishes: Attempt,
  plane: Plane = 'loopback',
): Promise<string> {
  const { line, query = '' } = wishes;
  const path = kind === 'upgrade' ? '/v1/events' : '/v1/status';
  const headers = [...headersOf(wishes), ...(kind === 'upgrade' ? upgradeHeaders : [])];
  const connection = await openRaw(agent, plane);
  connection.write(fillIn(agent, rawRequest(line ?? `GET ${path}${query} HTTP/1.1`, headers)));
  const answer = await connection.answer({ bodiless: line?.startsWith('HEAD ') ?? false });
  if (answer.status === (kind === 'upgrade' ? 101 : 200)) {
    connection.destroy();
    return letIn;
  }
  // A refused upgrade is over with its answer: nothing else can come of this connection.
  if (kind === 'upgrade') await connection.end();
  connection.destroy();
  return verdict(answer);
}

/** How an answer refuses: its status and the code of its problem, which is checked for being whole. */
export function verdict({ status, headers, body }: RawAnswer): string {
  if (headers['content-type'] !== 'application/problem+json') return `${status} without a problem document`;
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toEqual({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code: expect.any(String),
  });
  return `${status} ${problem['code']}`;
}

/** A row of a table: what is tried, how, and what has to come of it. */
export type Row = readonly [what: string, wishes: Attempt, expected: string];

/** Makes every row's attempt, and compares them all at once, so that a failure shows each row that is wrong. */
export async function expectTable(agent: TestAgent, kind: Kind, rows: readonly Row[]): Promise<void> {
  const found: Record<string, string> = {};
  for (const [what, wishes] of rows) found[what] = await attempt(agent, kind, wishes);
  expect(found).toEqual(Object.fromEntries(rows.map(([what, , expected]) => [what, expected])));
}
