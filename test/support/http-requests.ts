// What tests of the endpoints ask with, and how they read what comes.
import { expect } from '@jest/globals';
import type { RequestOptions } from './agent.ts';
import type { Answer } from './ask.ts';

/** Any cursor. */
export const cursorLike: unknown = expect.stringMatching(/^[a-z0-9]+:\d+$/);

/** A request that posts JSON. */
export function post(body: unknown, headers: Record<string, string> = {}): RequestOptions {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** A request that posts text as it is. */
export function postText(body: string, type = 'text/plain'): RequestOptions {
  return { method: 'POST', headers: { 'content-type': type }, body };
}

/** A body of lines, each of them JSON. */
export function lines<T>({ text }: Answer): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** The number in a cursor. */
export function seqOf(cursor: string): number {
  return Number(cursor.split(':')[1]);
}
