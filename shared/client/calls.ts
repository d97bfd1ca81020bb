// HTTP requests to one agent, and the time that they may take.
import { AgentError, errorOfAnswer } from './errors.ts';
import { readText, type Wire, type WireAnswer, type WireRequest } from './wire.ts';

/** A call that is under way until it is answered, given up, or its time is over. */
export interface Call {
  /** Aborted once it is over. */
  readonly signal: AbortSignal;
  /** The rest may take as long as it takes. */
  answered(): void;
  /** Ends it: whoever did not want the rest of an answer does not get it. */
  end(): void;
}

/** A call whose end can be explained. */
export interface OpenCall extends Call {
  /** The error of it when it was given up, or broke. */
  explain(failure: unknown): unknown;
}

/** @param timeoutMs how long the call may take; `Infinity` for ever */
export function beginCall(timeoutMs: number): Call {
  const asking = new AbortController();
  const end = (): void => asking.abort();
  // A timer for longer than that would go off at once: 24 days are as good as for ever.
  const timer = timeoutMs < 2 ** 31 ? setTimeout(end, timeoutMs) : undefined;
  return { signal: asking.signal, answered: () => clearTimeout(timer), end };
}

/**
 * Asks once.
 * @param read takes what is wanted of an answer that is no refusal
 * @throws AgentError for a refusal, with the agent's `problem`; whatever the wire or `read` throws
 */
export async function ask<Result>(
  wire: Wire,
  request: WireRequest,
  read: (answer: WireAnswer) => Result | Promise<Result>,
): Promise<Result> {
  const answer = await wire.request(request);
  if (answer.status < 400) return read(answer);
  throw errorOfAnswer(answer.status, await readText(answer));
}

/** Whether asking again would end the same way: a refusal for good, or a mistake that was found before anybody was asked. */
export function isFinal(error: unknown): error is AgentError {
  // An agent may answer with these once and not the next time, one that is starting or stopping for instance.
  return error instanceof AgentError && ![408, 500, 502, 503].includes(error.problem?.status as number);
}
