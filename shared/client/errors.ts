// Every way in which the library fails. No message, and nothing behind it, carries the token.
import type { Problem } from '../protocol.ts';
import { parseObject } from './connection.ts';

/**
 * Something that will not get better by itself: it ends the stream, or the call, that it is about. No message has the
 * token in it.
 */
export class AgentError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name: string = 'AgentError';
  /**
   * The stable word to program against. Where the agent refused it is the agent's own word (`wait_timeout`,
   * `bad_topic`, …), else `bad_options`, `closed` (the client was), `disconnected` (by `agent-cli disconnect`),
   * `not_an_agent`, `other_protocol` (the agent is of another version) or `unreachable`.
   */
  readonly code: string;
  /**
   * The agent's whole answer, where it refused a request; a `wait_timeout` has the counts of {@link BroadcastAnswer}
   * in it.
   */
  readonly problem: (Problem & Readonly<Record<string, unknown>>) | undefined;

  /**
   * The library makes them; this is for tests of what handles them.
   * @param code what becomes its `code`
   * @param message what became of it and what to do, for people
   * @param problem what becomes its `problem`
   */
  constructor(code: string, message: string, problem?: Problem & Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.problem = problem;
  }
}

/**
 * The agent does not let this client in: the token is missing or wrong (401 `token_required`), or the page's origin is
 * not allowed (403 `origin_refused`).
 */
export class AgentAuthError extends AgentError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = 'AgentAuthError';
}

/** No agent could be reached in the time that there was: `unreachable`. The message says where, and what to do. */
export class AgentUnreachableError extends AgentError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = 'AgentUnreachableError';
}

/** The error of an answer with a status that is none of success. */
export function errorOfAnswer(status: number, body: string): AgentError {
  const title = `HTTP ${status}`;
  const otherwise = { type: 'about:blank', title, detail: title, code: `http_${status}` };
  const problem: Record<string, unknown> = { ...parseObject(body), status };
  // What comes from below the agent's router, or from no agent, may not have them: its status says what there is to say.
  for (const [name, text] of Object.entries(otherwise)) {
    if (typeof problem[name] !== 'string') problem[name] = text;
  }
  // It has them now.
  const whole = problem as Readonly<Record<string, unknown>> & Problem;
  return new (status === 401 || status === 403 ? AgentAuthError : AgentError)(
    whole.code,
    `the agent refuses: ${whole.detail} (${whole.code})`,
    whole,
  );
}
