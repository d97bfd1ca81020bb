// agent-cli on, as tests start it, and the commands that they have it run.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientInfo } from '../../shared/index.ts';
import { binaries, type TestAgent } from './agent.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { type CliProcess, startCli } from './cli-process.ts';
import { childrenOf, commandLineOf } from './procfs.ts';
import { until } from './wait.ts';

/** How it is started. */
export interface OnOptions {
  /** Default: the agent's first root. */
  readonly cwd?: string;
  /** Default: agent-cli with its standard output in a pipe. */
  readonly start?: typeof startCli;
  /** A command with arguments that starts it. */
  readonly prefix?: readonly string[];
}

/** Starts `agent-cli on` and waits until the agent lists it. */
export async function startOn(
  agent: TestAgent,
  args: readonly string[],
  { cwd = agent.root, start = startCli, prefix = [] }: OnOptions = {},
): Promise<CliProcess> {
  const before = await connectedCount(agent);
  const on = start(['on', ...args], { env: agent.env, cwd, prefix });
  cleanUpWith(async () => {
    // Killed, it could not end what it runs.
    on.child.kill('SIGTERM');
    await on.exited;
  });
  await connected(agent, on, before + 1);
  return on;
}

async function connectedCount(agent: TestAgent): Promise<number> {
  const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
  return clients.filter(({ name }) => name === 'agent-cli on').length;
}

/** Waits until the agent has `count` of them among its clients, `on` the last. */
export async function connected(agent: TestAgent, on: CliProcess, count: number): Promise<void> {
  await until(
    () => `it to be connected: ${on.stdout} ${on.stderr}`,
    async () => (await connectedCount(agent)) >= count,
  );
}

/** Waits until no command of it runs: what one printed last may be read before it has ended. */
export async function idle(on: CliProcess): Promise<void> {
  await until(
    () => `its command to end: ${on.stdout} ${on.stderr}`,
    () => childrenOf(on.child.pid as number).every((child) => isWatchdog(child) || isAgent(child)),
  );
}

/** Whether a process is an agent, which it may have started. Once it runs its title is all of its command line. */
function isAgent(pid: number): boolean {
  const words = commandLineOf(pid);
  return words[0] === 'agentd' || words.includes(binaries.agentd);
}

/** Whether a process is the one that ends the command if agent-cli is killed. */
export function isWatchdog(pid: number): boolean {
  return commandLineOf(pid).includes('agent-cli-watchdog');
}

/** A command for the shell that tells when it runs, and ends when it is told to. */
export class SlowCommand {
  readonly #directory = temporaryDirectory();
  /** The process group's ids, its leader's first, are written before anything else. */
  readonly line: string;

  /** @param first for the shell to do before it waits */
  constructor(first = ':') {
    const d = this.#directory;
    // The background process is what makes a group of it.
    this.line =
      `${first}; sleep 1000 & echo "$$ $!" >> ${d}/runs; ` +
      `while [ ! -e ${d}/end ]; do sleep 0.02; done; kill $!; rm -f ${d}/end; echo ended`;
  }

  /** The processes of each run so far. */
  get runs(): number[][] {
    const file = join(this.#directory, 'runs');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => line.split(' ').map(Number));
  }

  /** Has the present run end by itself. */
  get endFile(): string {
    return join(this.#directory, 'end');
  }

  /** Waits for the run of this number, counted from 1, and gives its processes. */
  run(number: number, on: CliProcess): Promise<number[]> {
    return until(
      () => `run ${number}: ${on.stdout} ${on.stderr}`,
      () => this.runs[number - 1],
    );
  }
}
