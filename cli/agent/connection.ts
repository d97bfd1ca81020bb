// One agent as a command meets it: the client's calls, within the command's time, and failures in the CLI's words.
import {
  ask,
  beginCall,
  instanceWire,
  readText,
  type Wire,
  type WireAnswer,
  wholeLines,
} from '../../shared/client/index.ts';
import { type InstancePaths, type RootStatus, type Status, version } from '../../shared/index.ts';
import { NoAgentError } from '../outcome/index.ts';
import { explainFailure, silentAgent } from './agent-failure.ts';
import type { TimeLimit } from './time-limit.ts';

/**
 * An agent in good health answers within milliseconds; one that is crawling or swapping still within
 * this. Longer, and a hung agent would look to a script as if the CLI hung.
 */
export const answerTimeoutMs = 5_000;

/** The crawl of a million files on a slow disk. */
const crawlTimeoutMs = 10 * 60_000;

/** A directory to be watched. */
export interface NewRoot {
  /** Absolute. */
  readonly path: string;
  readonly ignore?: readonly string[];
  readonly gitignore?: boolean;
}

/** One request to the agent. */
export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query string, if there is one. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** How long the whole answer may take; {@link Connection.answerMs} by default. */
  readonly timeoutMs?: number;
}

/** Asks one agent over its socket; every request is a connection of its own. */
export class Connection {
  readonly instance: InstancePaths;
  /** The time that all questions together may take; absent where each has its own. */
  readonly limit: TimeLimit | undefined;
  /** The way to the agent. */
  readonly wire: Wire;

  constructor(instance: InstancePaths, limit?: TimeLimit) {
    this.instance = instance;
    this.limit = limit;
    // What to do about an absence is said by explainFailure; within a limit, that ends the wait for an answer.
    const openTimeoutMs = answerTimeoutMs + (limit?.ms ?? 0);
    this.wire = instanceWire(instance, { hint: '', userAgent: `agent-cli/${version()}`, openTimeoutMs });
  }

  /** How long an answer may take: as long as the user said if they did, else {@link answerTimeoutMs}. */
  get answerMs(): number | undefined {
    return this.limit?.isRunning === true ? undefined : answerTimeoutMs;
  }

  /**
   * Sends a request and reads its JSON answer. The type is the caller's word for it: whoever may open the
   * socket is the same user, and an agent that speaks another protocol is told apart by its status.
   * @throws UnsafePlaceError when somebody else could be listening; NoAgentError when nobody does; UnusableAgentError
   *   when somebody does and does not answer as an agent; RefusedError for an answer with an error
   */
  request<Answer>(request: AgentRequest): Promise<Answer> {
    return this.#ask(request, async (answer) => JSON.parse(await readText(answer)) as Answer);
  }

  /**
   * Sends a request whose answer may be long, and gives its lines as they come, some at a time; the agent
   * is read no faster than they are taken. The time-out is for the beginning of the answer.
   * @throws as {@link request} does
   */
  async *lines(request: AgentRequest): AsyncGenerator<readonly string[]> {
    const { body } = await this.#ask(request, (answer) => answer);
    try {
      yield* wholeLines(body);
    } catch (error) {
      throw explainFailure(error, this.instance, request.timeoutMs ?? answerTimeoutMs);
    }
  }

  /**
   * `GET /v1/status`.
   * @param timeoutMs how long the answer may take; {@link answerMs} by default
   */
  status(timeoutMs?: number): Promise<Status> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return this.request<Status>({ method: 'GET', path: '/v1/status', ...limit });
  }

  /** The agent's status; undefined where none runs. */
  async statusIfRunning(): Promise<Status | undefined> {
    try {
      return await this.status();
    } catch (error) {
      if (error instanceof NoAgentError) return undefined;
      throw error;
    }
  }

  /**
   * Has the agent watch a directory, and resolves when it has crawled it; one that is watched already stays as it is.
   * @param timeoutMs how long that may take
   */
  addRoot(root: NewRoot, timeoutMs = crawlTimeoutMs): Promise<RootStatus> {
    return this.request<RootStatus>({ method: 'POST', path: '/v1/roots', body: root, timeoutMs });
  }

  /** Sends a request; `read` takes what is wanted of the answer before the time is over. */
  async #ask<Result>(
    { method, path, body, timeoutMs = this.answerMs }: AgentRequest,
    read: (answer: WireAnswer) => Result | Promise<Result>,
  ): Promise<Result> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const call = beginCall(timeoutMs ?? Number.POSITIVE_INFINITY);
    try {
      return await ask(this.wire, { method, path, body: text, signal: call.signal }, read);
    } catch (error) {
      const waitedMs = timeoutMs ?? answerTimeoutMs;
      if (call.signal.aborted) throw silentAgent(this.instance, waitedMs, error);
      throw explainFailure(error, this.instance, waitedMs);
    } finally {
      call.answered();
    }
  }
}
