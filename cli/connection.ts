// The CLI's side of the local plane: HTTP over the agent's Unix socket or named pipe.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type InstancePaths, type RootStatus, type Status, version } from '../shared/index.ts';
import { explainFailure, silentAgent } from './agent-failure.ts';
import { NoAgentError } from './errors.ts';
import { requirePrivateRuntime } from './private-place.ts';
import { agentErrorFrom, readBody } from './problem.ts';
import type { TimeLimit } from './time-limit.ts';
import { wholeLines } from './whole-lines.ts';

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

/** How the CLI names itself; the agent takes a message's sender from it. */
export function userAgent(): string {
  return `agent-cli/${version()}`;
}

/** One request to the agent. */
export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
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

  constructor(instance: InstancePaths, limit?: TimeLimit) {
    this.instance = instance;
    this.limit = limit;
  }

  /** How long an answer may take: as long as the user said if they did, else {@link answerTimeoutMs}. */
  get answerMs(): number | undefined {
    return this.limit?.isRunning === true ? undefined : answerTimeoutMs;
  }

  /**
   * Sends a request and reads its JSON answer. The type is the caller's word for it: whoever may open the
   * socket is the same user, and an agent that speaks another protocol is told apart by its status.
   * @throws UnsafePlaceError when somebody else could be listening; NoAgentError when nobody does; UnusableAgentError
   *   when somebody does and does not answer as an agent; AgentError for an answer with an error
   */
  async request<Answer>(request: AgentRequest): Promise<Answer> {
    const { status, content } = await this.#exchange(request, readBody);
    if (status >= 400) throw agentErrorFrom(status, content);
    try {
      return JSON.parse(content) as Answer;
    } catch (error) {
      throw explainFailure(error, this.instance, request.timeoutMs ?? answerTimeoutMs);
    }
  }

  /**
   * Sends a request whose answer may be long, and gives its lines as they come, some at a time; the agent
   * is read no faster than they are taken. The time-out is for the beginning of the answer.
   * @throws as {@link request} does
   */
  async *lines(request: AgentRequest): AsyncGenerator<readonly string[]> {
    const { status, content: answer } = await this.#exchange(request, async (begun) => begun);
    if (status >= 400) throw agentErrorFrom(status, await readBody(answer));
    try {
      yield* wholeLines(answer.setEncoding('utf8'));
    } catch (error) {
      throw explainFailure(error, this.instance, request.timeoutMs ?? answerTimeoutMs);
    }
  }

  /** `GET /v1/status`. */
  status(): Promise<Status> {
    return this.request<Status>({ method: 'GET', path: '/v1/status' });
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
  async #exchange<Content>(
    request: AgentRequest,
    read: (answer: IncomingMessage) => Promise<Content>,
  ): Promise<{ status: number; content: Content }> {
    requirePrivateRuntime(this.instance);
    const timeoutMs = request.timeoutMs ?? this.answerMs;
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const outgoing = httpRequest({
      // Not socketPath: that goes through the pool of connections, which a process with one request only
      // pays for. Without it the connection is closed after the answer.
      createConnection: () => connect(this.instance.socket),
      method: request.method,
      path: request.path,
      headers: {
        host: 'localhost',
        'user-agent': userAgent(),
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
      },
    });
    const giveUp = () => outgoing.destroy(new TimeoutError('no answer in time'));
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        outgoing.on('response', resolve);
        outgoing.on('error', reject);
        outgoing.end(body);
      });
      return { status: answer.statusCode ?? 0, content: await read(answer) };
    } catch (error) {
      const waitedMs = timeoutMs ?? answerTimeoutMs;
      if (error instanceof TimeoutError) throw silentAgent(this.instance, waitedMs, error);
      throw explainFailure(error, this.instance, waitedMs);
    } finally {
      clearTimeout(timer);
    }
  }
}

class TimeoutError extends Error {}
