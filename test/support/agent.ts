// A real agentd in a process of its own, and the ways to talk to it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunFile } from '../../shared/index.ts';
import { type Answer, ask, type Question } from './ask.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { until } from './wait.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** What whoever runs the tests has git ignore does not count in them. */
const withoutUsersExcludes = { GIT_CONFIG_GLOBAL: devNull, XDG_CONFIG_HOME: devNull };

/** The built binaries. */
export const binaries = {
  agentd: join(dist, 'agentd.js'),
  cli: join(dist, 'agent-cli.cjs'),
  devagent: join(dist, 'devagent.cjs'),
};

/** How an agent is started. */
export interface AgentOptions {
  /** The program's file and words before the roots; default agentd. */
  readonly program?: readonly string[];
  /** Default: one fresh directory. */
  readonly roots?: readonly string[];
  /** Besides `--port 0`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Directories of an earlier agent, to start another in its place. */
  readonly runtime?: string;
  readonly state?: string;
  /** A command with arguments that runs the agent, given as more arguments. Default: none. */
  readonly prefix?: readonly string[];
  /** Whether to wait until the first crawl is done; default true. */
  readonly ready?: boolean;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a request is made of, and by which way it comes. */
export interface RequestOptions extends Question {
  /** Default: the local plane. */
  readonly plane?: 'local' | 'loopback';
}

/** A running agentd. */
export class TestAgent {
  readonly child: ChildProcess;
  readonly roots: readonly string[];
  readonly runtime: string;
  readonly state: string;
  readonly name: string;
  readonly exited: Promise<Exit>;
  /** What it wrote on standard error so far. */
  stderr = '';

  constructor(child: ChildProcess, roots: readonly string[], runtime: string, state: string, name: string) {
    this.child = child;
    this.roots = roots;
    this.runtime = runtime;
    this.state = state;
    this.name = name;
    // 'close' and not 'exit': by then everything that it wrote has been read.
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** The first root. */
  get root(): string {
    return this.roots[0] as string;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get socket(): string {
    return join(this.runtime, `${this.name}.sock`);
  }

  get env(): Record<string, string> {
    return { AGENT_RUNTIME_DIR: this.runtime, AGENT_STATE_DIR: this.state };
  }

  get runFile(): RunFile {
    return JSON.parse(readFileSync(join(this.runtime, `${this.name}.json`), 'utf8')) as RunFile;
  }

  get token(): string {
    return readFileSync(join(this.state, 'token'), 'utf8').trim();
  }

  get port(): number {
    return Number(new URL(this.runFile.url).port);
  }

  /** The log file's lines. */
  get logLines(): Record<string, unknown>[] {
    return readFileSync(join(this.state, `${this.name}.log`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Makes a request; on the loopback plane with the token, unless the headers say otherwise. */
  request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const { headers = {}, plane = 'local', ...question } = options;
    const target = plane === 'local' ? { socketPath: this.socket } : { host: '127.0.0.1', port: this.port };
    const token =
      plane === 'local' || 'authorization' in headers ? {} : { authorization: `Bearer ${this.token}` };
    return ask(target, path, { ...question, headers: { ...token, ...headers } });
  }

  /** Publishes a message over HTTP. */
  async broadcast(
    data: unknown,
    topic = 'message',
  ): Promise<{ cursor: string; matched: number; delivered: number; lagging: number }> {
    const answer = await this.request('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic, data }),
    });
    return answer.json();
  }

  /** Waits at the barrier; returns the cursor. */
  async sync(): Promise<string> {
    return (await this.request('/v1/sync', { method: 'POST' })).json<{ cursor: string }>().cursor;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops it in order. */
  async stop(): Promise<Exit> {
    this.kill('SIGTERM');
    return this.exited;
  }
}

/** Starts an agent, and ends it after the test. */
export async function startAgent(options: AgentOptions = {}): Promise<TestAgent> {
  const roots = options.roots ?? [temporaryDirectory()];
  const runtime = options.runtime ?? join(temporaryDirectory(), 'run');
  const state = options.state ?? join(temporaryDirectory(), 'state');
  const flags = options.flags ?? [];
  const nameAt = flags.indexOf('--name');
  const name = nameAt === -1 ? 'default' : (flags[nameAt + 1] as string);
  const program = options.program ?? [binaries.agentd];
  const command = [process.execPath, ...program, ...roots, '--port', '0', ...flags];
  const [file = '', ...args] = [...(options.prefix ?? []), ...command];
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...withoutUsersExcludes,
      ...options.env,
      AGENT_RUNTIME_DIR: runtime,
      AGENT_STATE_DIR: state,
    },
  });
  const agent = new TestAgent(child, roots, runtime, state, name);
  cleanUpWith(async () => {
    // Also one that a test stopped with SIGSTOP.
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await agent.exited;
  });
  if (options.ready ?? true) {
    await until(
      () => `the agent to be ready: ${agent.stderr}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`agentd ended with ${child.exitCode}: ${agent.stderr}`);
        // To ask a socket that is not there yet would cost more than to look for it.
        if (!existsSync(agent.socket)) return false;
        return agent.request('/healthz').then(
          ({ status }) => status === 200,
          () => false,
        );
      },
    );
  }
  return agent;
}

/** What a run of agent-cli printed, and how it ended. */
export interface CliResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs agent-cli to its end. */
export async function runCli(
  args: readonly string[],
  options: {
    env?: Readonly<Record<string, string>>;
    input?: string | Uint8Array | Promise<string | Uint8Array>;
    cwd?: string;
    /** Under which of its names; default agent-cli. */
    program?: string;
  } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [options.program ?? binaries.cli, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
  cleanUpWith(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  void Promise.resolve(options.input ?? '').then((input) => child.stdin.end(input));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}
