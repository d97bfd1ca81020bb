// The agent's API as the page asks it besides the client library.
import type { Problem } from '../../../shared/protocol.ts';
import { passHeaders } from './pass.ts';

/** An agent in good health answers in milliseconds; the next question is asked a second later. */
const timeoutMs = 5_000;

/** The agent refused. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An answer, and the agent's clock. */
export interface Answered<Value> {
  readonly value: Value;
  /** Milliseconds since 1970, to the second; undefined where it does not say. */
  readonly agentTimeMs: number | undefined;
}

/**
 * Asks the agent.
 * @throws RefusedError when it says no; TypeError and DOMException when there was no answer
 */
export async function ask<Value>(method: 'GET' | 'DELETE', path: string): Promise<Answered<Value>> {
  const response = await fetch(path, {
    method,
    headers: passHeaders(),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
    throw new RefusedError(response.status, problem.detail ?? `HTTP ${response.status}`);
  }
  const agentTimeMs = Date.parse(response.headers.get('date') ?? '');
  return {
    value: (await response.json()) as Value,
    agentTimeMs: Number.isNaN(agentTimeMs) ? undefined : agentTimeMs,
  };
}

/** Whether an answer with this status means that the page may not ask any more. */
export function isShutOut(status: number | undefined): boolean {
  return status === 401 || status === 403;
}
