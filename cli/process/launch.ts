// Starts this package's own agentd in the background, once, however many want it.
import { type ChildProcess, type ExecFileException, execFile, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { formatDuration, type InstancePaths, type Status } from '../../shared/index.ts';
import { agentdProgram, type Connection } from '../agent/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';
import { startFailure } from './start-failure.ts';
import { type StartTurn, takeStartTurn } from './start-turn.ts';

/** An agent listens a few tenths of a second after its start; the rest is for a machine under load. */
const listenTimeoutMs = 20_000;
/** As long as one that is to start the agent may take before others no longer believe in it. */
const turnTimeoutMs = 10_000;
/** Twenty that wait at once are still no load. */
const pollMs = 40;
/** More than an agent says before it listens or ends; only its last words matter. */
const keptCharacters = 64 * 1024;

/** What an agent is started with. */
export interface LaunchOptions {
  /** Absolute directories, at least one. */
  readonly roots: readonly string[];
  /** Flags of agentd, its name excepted. */
  readonly flags: readonly string[];
}

/** An agent that listens. */
export interface Launched {
  readonly status: Status;
  /** Whether it was started by this call, and not by another process at the same time. */
  readonly started: boolean;
}

/**
 * Starts an agent in the background and waits until it listens. An agent of that name that runs
 * already, or that somebody else starts meanwhile, is as good.
 * @throws CliError with agentd's own words when it can't start, or exit code 4 when it does not listen in time
 */
export async function launchAgent(connection: Connection, options: LaunchOptions): Promise<Launched> {
  const { instance } = connection;
  let takeAnywayMs = performance.now() + turnTimeoutMs;
  for (;;) {
    const status = await listeningAgent(connection);
    if (status !== undefined) return { status, started: false };
    const anyway = performance.now() > takeAnywayMs;
    const turn = takeStartTurn(instance, anyway);
    if (turn !== undefined) return await useTurn(turn, connection, options);
    if (anyway) takeAnywayMs = performance.now() + turnTimeoutMs;
    await delay(pollMs);
  }
}

async function useTurn(turn: StartTurn, connection: Connection, options: LaunchOptions): Promise<Launched> {
  try {
    return await new Launch(connection, options).run();
  } finally {
    turn.release();
  }
}

/** The agent's status once it listens on both planes: before that it knows neither its roots nor its url. */
async function listeningAgent(connection: Connection): Promise<Status | undefined> {
  const status = await connection.statusIfRunning();
  return status?.url === '' ? undefined : status;
}

/**
 * Has agentd check what an agent is to be started with, without starting it.
 * @throws CliError with agentd's own words when it would refuse that
 */
export async function checkSettings({ instance }: Connection, options: LaunchOptions): Promise<void> {
  const [program = '', ...words] = argumentsOf(instance, options);
  const command = promisify(execFile)(process.execPath, [program, '--show-config', ...words], {
    timeout: listenTimeoutMs,
    windowsHide: true,
  });
  await command.catch((error: ExecFileException) => {
    const { code, signal } = error;
    throw startFailure(instance, error.stderr ?? '', {
      code: typeof code === 'number' ? code : null,
      signal: signal ?? null,
    });
  });
}

function argumentsOf(instance: InstancePaths, { roots, flags }: LaunchOptions): string[] {
  // The roots stand behind a --, so that one whose name begins with a dash is no flag.
  return [agentdProgram(), `--name=${instance.name}`, ...flags, '--', ...roots];
}

/** One process of agentd on its way to listening. */
class Launch {
  readonly #connection: Connection;
  readonly #options: LaunchOptions;
  #words = '';
  #ending: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #spawnError: Error | undefined;

  constructor(connection: Connection, options: LaunchOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async run(): Promise<Launched> {
    const child = this.#spawn();
    try {
      return await this.#whenItListens(child);
    } finally {
      // From here on nobody reads what it says, and its log file has it all.
      child.stderr?.destroy();
      child.unref();
    }
  }

  #spawn(): ChildProcess {
    // A session of its own: neither Ctrl-C nor the end of the terminal reaches it.
    const child = spawn(process.execPath, argumentsOf(this.#connection.instance, this.#options), {
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-keptCharacters);
    });
    child.on('error', (error) => {
      this.#spawnError = error;
    });
    // Not "exit": what it said last may come after it.
    child.on('close', (code, signal) => {
      this.#ending = { code, signal };
    });
    return child;
  }

  async #whenItListens(child: ChildProcess): Promise<Launched> {
    const { limit } = this.#connection;
    const givenMs = Math.min(listenTimeoutMs, limit?.ms ?? listenTimeoutMs);
    const giveUpMs = performance.now() + Math.min(givenMs, limit?.leftMs ?? givenMs);
    let lastError: unknown;
    for (;;) {
      try {
        const status = await listeningAgent(this.#connection);
        if (status !== undefined) return { status, started: status.pid === child.pid };
      } catch (error) {
        // It holds the socket and does not answer: it may be about to end, or to answer.
        lastError = error;
      }
      this.#failIfEnded();
      if (performance.now() > giveUpMs) {
        throw limit === undefined && lastError !== undefined ? lastError : this.#tooSlow(child, givenMs);
      }
      await delay(pollMs);
    }
  }

  #failIfEnded(): void {
    if (this.#spawnError !== undefined) {
      throw new CliError(exitCodes.failed, `the agent can't be started: ${this.#spawnError.message}`, {
        cause: this.#spawnError,
      });
    }
    if (this.#ending === undefined) return;
    // Somebody else was faster, and will answer in a moment.
    if (/ is already running /.test(this.#words)) return;
    throw startFailure(this.#connection.instance, this.#words, this.#ending);
  }

  #tooSlow(child: ChildProcess, givenMs: number): CliError {
    return new CliError(
      exitCodes.timeRanOut,
      `the agent was started (pid ${child.pid}) and does not listen after ${formatDuration(givenMs)}`,
      { hint: `its log is ${this.#connection.instance.logFile}` },
    );
  }
}
