// Requests for the dashboard byte by byte: what a browser would say of itself is the point.
import { createHmac } from 'node:crypto';
import { expect } from '@jest/globals';
import type { TestAgent } from './agent.ts';
import { openRaw, type RawAnswer, rawRequest } from './raw-http.ts';

/** As a browser asks for a page. */
export const acceptsHtml = 'Accept: text/html,application/xhtml+xml,*/*;q=0.8';

/** Sends a request as `127.0.0.1:PORT`, and gives the answer. */
export async function ask(
  agent: TestAgent,
  line: string,
  headers: readonly string[] = [],
): Promise<RawAnswer> {
  const connection = await openRaw(agent);
  connection.write(rawRequest(`${line} HTTP/1.1`, [`Host: 127.0.0.1:${agent.port}`, ...headers]));
  try {
    return await connection.answer({ bodiless: line.startsWith('HEAD ') });
  } finally {
    connection.destroy();
  }
}

/** What came of a request: its status, and a problem's code. */
export function verdict({ status, headers, body }: RawAnswer): string {
  if (headers['content-type'] !== 'application/problem+json') return String(status);
  return `${status} ${(JSON.parse(body) as { code: string }).code}`;
}

/** Has a link made, and gives its address without the origin. */
export async function makeLink(agent: TestAgent): Promise<string> {
  const answer = await agent.request('/v1/links', { method: 'POST' });
  const { url, expiresInMs } = answer.json<{ url: string; expiresInMs: number }>();
  expect(expiresInMs).toBe(60_000);
  expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${agent.port}/\\?link=[\\w-]{43}$`));
  return `/${new URL(url).search}`;
}

/** The Cookie header of a session that an answer begins. */
export function cookieIn({ headers }: RawAnswer): string {
  return `Cookie: ${headers['set-cookie']?.split(';')[0]}`;
}

/** Lets a browser in by a link, and gives its Cookie header. */
export async function logIn(agent: TestAgent): Promise<string> {
  return cookieIn(await ask(agent, `GET ${await makeLink(agent)}`));
}

/** A Cookie header as docs/protocol.md says it is made. */
export function forge(agent: TestAgent, endsAt: number, name = 'default', token = agent.token): string {
  const key = createHmac('sha256', token).update('devagent dashboard session 1').digest();
  const mac = createHmac('sha256', key).update(`${endsAt} ${name}`).digest('base64url');
  return `Cookie: devagent_${agent.port}=${endsAt}.${mac}`;
}

/** A time in seconds since 1970. */
export function secondsFromNow(seconds: number): number {
  return Math.ceil(Date.now() / 1000) + seconds;
}
