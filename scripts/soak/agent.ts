// The agent as a process that is started, stopped, held up and asked. The one of test/support belongs to
// jest, which ends it after its test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FileRecord, RootStatus, Status } from '../../shared/index.ts';
import { until } from '../../test/support/wait.ts';

/** A crawl of all that is there takes seconds on a busy machine; this is where a run gives up. */
const giveUpMs = 120_000;
/**
 * A large tree moved in two roots at once is told in twice the journal's default; a client that falls out of
 * the journal begins anew, and what it was to be told goes unchecked.
 */
const journalBytes = 128 * 2 ** 20;
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

/** One agent at a time, again and again. */
export class Agent {
  private readonly options: AgentOptions;
  private child: ChildProcess | undefined;
  private stderr = '';

  constructor(options: AgentOptions) {
    this.options = options;
  }

  /** Where its events come from, for ws. */
  get streamUrl(): string {
    return `ws+unix:${this.socket}:/v1/events`;
  }

  /** The end of what it wrote on standard error. */
  get lastWords(): string {
    return this.stderr.slice(-2000);
  }

  /** Starts it; resolves when its first crawl is done. */
  async start(): Promise<void> {
    const { agentd, roots, runtime, state, backend } = this.options;
    const journal = ['--journal-bytes', String(journalBytes)];
    const flags = ['--port', '0', '--backend', backend, '--log-level', 'warn', ...journal];
    const child = spawn(process.execPath, [agentd, ...roots, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: state },
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
    const answer = await this.json<{ cursor?: string }>('POST', `/v1/sync?timeout=${giveUpMs}`);
    if (answer.cursor === undefined) throw new Error(`the barrier answered ${JSON.stringify(answer)}`);
    return answer.cursor;
  }

  async status(): Promise<readonly RootStatus[]> {
    return (await this.json<Status>('GET', '/v1/status')).roots;
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

  private get socket(): string {
    return join(this.options.runtime, 'default.sock');
  }

  private request(method: string, path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ socketPath: this.socket, method, path, agent: false }, resolve);
      request.on('error', reject);
      request.end();
    });
  }

  private async json<T>(method: string, path: string): Promise<T> {
    const parts: Buffer[] = [];
    for await (const part of await this.request(method, path)) parts.push(part as Buffer);
    return JSON.parse(Buffer.concat(parts).toString()) as T;
  }
}
