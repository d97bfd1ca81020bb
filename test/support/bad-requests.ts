// Requests that are to be refused, and what is checked about each.

import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import type { RequestOptions, TestAgent } from './agent.ts';
import { exchange, type Plane, type RawAnswer, rawRequest, upgradeHeaders } from './raw-http.ts';
import { callWitness } from './witness.ts';

export const mebibyte = 1024 * 1024;
const problemType = 'application/problem+json';
/** The two ways to an agent. */
export const planes: readonly Plane[] = ['local', 'loopback'];

type Body = string | Buffer;

/** A request, how it is to be refused, and what the detail has to name. */
export type Row = readonly [
  path: string,
  options: RequestOptions,
  expected: string,
  named?: string | undefined,
];

/** A body of JSON; what is text or bytes already goes as it is. */
export function json(body: unknown): RequestOptions {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  };
}

/** A body of text. */
export function text(body: Body): RequestOptions {
  return { method: 'POST', headers: { 'content-type': 'text/plain' }, body };
}

/** Makes a request; does not wait for the end of an answer that is a stream. */
function ask(agent: TestAgent, path: string, options: RequestOptions, plane: Plane): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body = '' } = options;
  const lines = [
    'Host: localhost',
    `Authorization: Bearer ${agent.token}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const head = rawRequest(`${method} ${path} HTTP/1.1`, lines);
  return exchange(agent, Buffer.concat([Buffer.from(head), Buffer.from(body)]), plane);
}

/** `STATUS CODE` of a problem. */
export function verdict(status: number, contentType: string | undefined, body: string): string {
  if (contentType !== problemType) return `${status} without a problem document`;
  const problem = JSON.parse(body) as { status: number; code: string; title: string; detail: string };
  expect([problem.status, typeof problem.title, typeof problem.detail]).toEqual([status, 'string', 'string']);
  return `${status} ${problem.code}`;
}

/** Makes every row's request on both planes, and compares them all at once. */
export async function expectTable(agent: TestAgent, rows: readonly Row[]): Promise<void> {
  const witness = await callWitness(agent);
  for (const plane of planes) {
    const found: string[] = [];
    const expected: string[] = [];
    for (const [path, options, wanted, named] of rows) {
      const { method = 'GET', body = '' } = options;
      const what = `${method} ${path.slice(0, 80)} ${body.toString('latin1').slice(0, 60)}`;
      const { status, headers, body: told } = await ask(agent, path, options, plane);
      const silent = named !== undefined && !told.includes(JSON.stringify(named).slice(1, -1));
      const seen = verdict(status, headers['content-type'], told);
      found.push(`${what} → ${seen}${silent ? `, not naming ${named}: ${told}` : ''}`);
      expected.push(`${what} → ${wanted}`);
    }
    expect(found).toEqual(expected);
  }
  await witness.expectService();
  witness.expectCleanRecord();
}

/** Bytes among which there are pieces of HTTP. */
export const crumbs = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .constantFrom(
      'GET ',
      'POST ',
      '/v1/events',
      '/v1/messages',
      '/v1/status',
      ' HTTP/1.1\r\n',
      '\r\n',
      '\r\n\r\n',
      'Host: localhost\r\n',
      'Content-Type: text/plain\r\n',
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      `${upgradeHeaders.join('\r\n')}\r\n`,
      'Expect: 100-continue\r\n',
      'Connection: close\r\n',
    )
    .map((text) => Buffer.from(text, 'latin1')),
);
