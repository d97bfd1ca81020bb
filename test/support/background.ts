// A place of its own for agents that agent-cli starts in the background, where none outlives its test.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFile, Status } from '../../shared/index.ts';
import { type CliResult, runCli } from './agent.ts';
import { ask } from './ask.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { type CliProcess, startCli } from './cli-process.ts';
import { until } from './wait.ts';

type Environment = Readonly<Record<string, string>>;

/** Directories for agents, and agent-cli as it is run there. */
export class BackgroundPlace {
  readonly root: string;
  readonly runtime: string;
  readonly state: string;
  readonly env: Environment;

  constructor() {
    const directory = temporaryDirectory();
    this.root = join(directory, 'root');
    mkdirSync(this.root);
    this.runtime = join(directory, 'run');
    this.state = join(directory, 'state');
    this.env = {
      AGENT_RUNTIME_DIR: this.runtime,
      AGENT_STATE_DIR: this.state,
      AGENT_PORT: '0',
      AGENT_IDLE_EXIT: '',
    };
  }

  /** The run file of the instance `name`. */
  runFile(name = 'default'): RunFile {
    return JSON.parse(readFileSync(join(this.runtime, `${name}.json`), 'utf8')) as RunFile;
  }

  /** Runs agent-cli to its end, in the root unless it is told otherwise. */
  run(args: readonly string[], options: { env?: Environment; cwd?: string } = {}): Promise<CliResult> {
    return runCli(args, { cwd: options.cwd ?? this.root, env: { ...this.env, ...options.env } });
  }

  /** Starts an agent-cli that runs on. */
  start(args: readonly string[], options: { env?: Environment } = {}): CliProcess {
    return startCli(args, { cwd: this.root, env: { ...this.env, ...options.env } });
  }

  /** The status of the agent that runs; undefined where none does. */
  async status(): Promise<Status | undefined> {
    // Not by agent-cli: asked again and again, it would be what the machine is busy with.
    const socketPath = join(this.runtime, 'default.sock');
    return ask({ socketPath }, '/v1/status').then(
      (answer) => answer.json<Status>(),
      () => undefined,
    );
  }

  /** Waits until so many clients are connected. */
  async connected(count: number): Promise<void> {
    await until(
      `${count} clients to be connected`,
      async () => (await this.status())?.clients === count,
      60_000,
    );
  }

  /** The processes of agentd here, by what the kernel says; without /proc, those of the run files. */
  agents(): number[] {
    return process.platform === 'linux'
      ? livingProcesses().filter((pid) => runsHere(pid, this.runtime))
      : this.recorded();
  }

  private recorded(): number[] {
    try {
      return readdirSync(this.runtime)
        .filter((name) => name.endsWith('.json'))
        .map((name) => this.runFile(name.slice(0, -'.json'.length)).pid);
    } catch {
      // No agent has been here.
      return [];
    }
  }
}

function livingProcesses(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Whether a process is an agentd, and no zombie, that was started with this runtime directory. */
function runsHere(pid: number, runtime: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return environment.includes(`AGENT_RUNTIME_DIR=${runtime}`) && command.includes('agentd');
  } catch {
    // It ended just now, or is somebody else's.
    return false;
  }
}

/** A fresh place; whatever agents are left in it are ended after the test. */
export function backgroundPlace(): BackgroundPlace {
  const place = new BackgroundPlace();
  cleanUpWith(async () => {
    await until('the agents in the background to be gone', () => {
      for (const pid of place.agents()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was faster.
        }
      }
      return process.platform !== 'linux' || place.agents().length === 0;
    });
  });
  return place;
}
