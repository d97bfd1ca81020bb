// Every way in which the library fails. No message, and nothing behind it, carries the token.
import type { Problem } from '../protocol.ts';
import { parseObject } from './connection.ts';

/**
 * Something that will not get better by itself: it ends what it is about. `code` is the agent's own word where
 * it answered (docs/protocol.md), else one of `bad_options`, `closed`, `disconnected`, `not_an_agent`,
 * `other_protocol`, `unreachable`.
 */
export class AgentError extends Error {
  override readonly name: string = 'AgentError';
  /** The stable word to program against. */
  readonly code: string;
  /** The agent's whole answer, where it was one: with the counts, for instance, of a broadcast's `wait_timeout`. */
  readonly problem: (Problem & Readonly<Record<string, unknown>>) | undefined;

  constructor(code: string, message: string, problem?: Problem & Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.problem = problem;
  }
}

/** The agent does not let this client in: the token is missing or wrong (401), or the page's origin (403). */
export class AgentAuthError extends AgentError {
  override readonly name = 'AgentAuthError';
}

/** No agent could be reached in the time that there was. */
export class AgentUnreachableError extends AgentError {
  override readonly name = 'AgentUnreachableError';
}

/** The error of an answer with a status that is none of success. */
export function errorOfAnswer(status: number, body: string): AgentError {
  // For what comes from below the agent's router, or from no agent: then its status tells what there is to tell.
  const title = `HTTP ${status}`;
  const problem = {
    type: 'about:blank',
    title,
    detail: title,
    code: `http_${status}`,
    ...(parseObject(body) as Partial<Problem> | undefined),
    status,
  };
  const Kind = status === 401 || status === 403 ? AgentAuthError : AgentError;
  return new Kind(problem.code, `the agent refuses: ${problem.detail} (${problem.code})`, problem);
}
