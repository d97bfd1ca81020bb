// The agent as a process that is started, stopped, held up and asked. The one of test/support belongs to
// jest, which ends it after its test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent as Connections, request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { FileRecord, RootStatus, Status } from '../../shared/index.ts';
import { until } from '../../test/support/wait.ts';
import { withoutBirthTimes } from '../../test/support/without-birth-times.ts';
import { withoutExcludes } from './truth.ts';

/** A crawl of all that is there takes seconds on a busy machine; this is where a run gives up. */
const giveUpMs = 120_000;
const endMs = 500;
const stderrKept = 20_000;

/** Where the agent is and what it watches. */
export interface AgentOptions {
  /** The built `agentd.js`. */
  readonly agentd: string;
  readonly roots: readonly string[];
  readonly runtime: string;
  readonly state: string;
  readonly backend: string;
}

/** How the agent lives from one start to its end. */
export interface Life {
  /** Undefined: as by default. */
  readonly settleMs: number | undefined;
  readonly journalBytes: number | undefined;
  /** Whether it is shown when entries were made. */
  readonly birthTimes: boolean;
}

/** One agent at a time, again and again. */
export class Agent {
  private readonly options: AgentOptions;
  private child: ChildProcess | undefined;
  private stderr = '';
  /** A connection that is there when no other can be made any more. */
  private readonly kept = new Connections({ keepAlive: true, maxSockets: 1 });

  constructor(options: AgentOptions) {
    this.options = options;
  }

  /** Where its events come from, for ws. */
  get streamUrl(): string {
    return `ws+unix:${this.socket}:/v1/events`;
  }

  get socket(): string {
    return join(this.options.runtime, 'default.sock');
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('no agent runs');
    return this.child.pid;
  }

  /** The end of what it wrote on standard error. */
  get lastWords(): string {
    return this.stderr.slice(-2000);
  }

  /** Starts it; resolves when its first crawl is done. */
  async start({ settleMs, journalBytes, birthTimes }: Life): Promise<void> {
    const { agentd, roots, runtime, state, backend } = this.options;
    const flags = [
      ...['--port', '0', '--backend', backend, '--log-level', 'warn'],
      ...(settleMs === undefined ? [] : ['--settle', String(settleMs)]),
      ...(journalBytes === undefined ? [] : ['--journal-bytes', String(journalBytes)]),
    ];
    const node = birthTimes ? [] : [withoutBirthTimes];
    const child = spawn(process.execPath, [...node, agentd, ...roots, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...withoutExcludes, AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: state },
    });
    this.child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-stderrKept);
    });
    await until(
      () => `the agent to be ready: ${this.lastWords}`,
      async () => {
        this.assertAlive();
        const response = await this.request('GET', '/healthz').catch(() => undefined);
        response?.resume();
        return response?.statusCode === 200;
      },
      giveUpMs,
    );
  }

  /** Ends it; resolves when it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.kill(signal);
    const [code] = await ended;
    this.child = undefined;
    this.kept.destroy();
    if (signal === 'SIGTERM' && code !== 0) throw new Error(`agentd ended with ${code}: ${this.lastWords}`);
  }

  /** Has it stand still, or go on. */
  hold(still: boolean): void {
    this.child?.kill(still ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends it at once, whatever it does; for the exit. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  /** Waits at the barrier; returns the cursor. */
  async sync(): Promise<string> {
    return (await this.json<{ cursor: string }>('POST', `/v1/sync?timeout=${giveUpMs}`)).cursor;
  }

  /** Waits at the barrier while little works; returns the cursor, or undefined where none is answered. */
  async trySync(timeoutMs: number): Promise<string | undefined> {
    try {
      const response = await this.request('POST', `/v1/sync?timeout=${timeoutMs}`, this.kept, timeoutMs * 2);
      const answer = (await json(response)) as { cursor?: string };
      return response.statusCode === 200 ? answer.cursor : undefined;
    } catch {
      // It may refuse, or not be able to answer at all: all but an answer that is untrue.
      return undefined;
    }
  }

  /** Makes the connection by which it is asked when it can take no other. */
  async holdConnection(): Promise<void> {
    // One from before may be closed by now.
    this.kept.destroy();
    await json(await this.request('GET', '/v1/status', this.kept));
  }

  async status(): Promise<readonly RootStatus[]> {
    return (await this.json<Status>('GET', '/v1/status')).roots;
  }

  /** Watches a root more; resolves when it has been crawled. */
  async addRoot(path: string): Promise<RootStatus> {
    return this.json('POST', '/v1/roots', { path });
  }

  async removeRoot(path: string): Promise<void> {
    await this.json('DELETE', `/v1/roots?path=${encodeURIComponent(path)}`);
  }

  /** The index of a root, and the cursor that it belongs to. */
  async files(root: string): Promise<{ cursor: string; records: FileRecord[] }> {
    const response = await this.request('GET', `/v1/files?root=${encodeURIComponent(root)}`);
    const lines: unknown[] = [];
    for await (const line of createInterface({ input: response })) lines.push(JSON.parse(line));
    const [head, ...records] = lines as [{ cursor: string }, ...FileRecord[]];
    if (response.statusCode !== 200) throw new Error(`the index: ${JSON.stringify(head)}`);
    return { cursor: head.cursor, records };
  }

  /** @throws when it ended by itself */
  assertAlive(): void {
    const { exitCode, signalCode } = this.child ?? {};
    if (exitCode != null || signalCode != null) {
      throw new Error(`agentd ended with ${exitCode ?? signalCode}: ${this.lastWords}`);
    }
  }

  private request(
    method: string,
    path: string,
    connections: Connections | false = false,
    timeoutMs = giveUpMs,
    body?: unknown,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const { socket } = this;
      const request = httpRequest({ socketPath: socket, method, path, agent: connections, headers }, resolve);
      request.setTimeout(timeoutMs, () => request.destroy(new Error(`${method} ${path}: no answer`)));
      request.on('error', (cause) => reject(new Error(`${method} ${path}: ${cause.message}`, { cause })));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  private async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, false, giveUpMs * 2, body).catch(async (error) => {
      // The news of its end may come a moment later.
      await delay(endMs);
      this.assertAlive();
      throw error;
    });
    const answer = await json(response);
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer as T;
  }
}
