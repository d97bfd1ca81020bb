// An agent of the doctor's own, for a directory that no running agent watches: it has its own runtime and
// state directory, so that nobody else finds it, and it is gone when the doctor is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { defaultName, type InstancePaths, instancePaths } from '../../shared/index.ts';
import { agentdProgram, Connection } from '../agent/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';

/** A crawl of a hundred thousand files takes a second or two; on a network's disk a minute. */
const crawlLimitMs = 120_000;
/** Often enough not to be felt. */
const pollMs = 20;
/** An agent promises to be gone within 3 s of being told. */
const endLimitMs = 5_000;
/** Should the doctor be killed, its agent leaves by itself. */
const idleExitMs = 60_000;

/** A private agent that is ready. */
export interface PrivateAgent {
  readonly instance: InstancePaths;
  readonly backend: string;
  close(): Promise<void>;
}

/** As a user would start it who set nothing: what is measured is the directory, not the configuration. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGENT_')));
}

/**
 * Starts an agent on a directory, and resolves when it has crawled it.
 * @throws CliError when it ends before that, or takes too long
 */
export async function startPrivateAgent(directory: string): Promise<PrivateAgent> {
  const home = mkdtempSync(join(tmpdir(), 'devagent-doctor-'));
  const env = { AGENT_RUNTIME_DIR: join(home, 'run'), AGENT_STATE_DIR: join(home, 'state') };
  const flags = ['--port', '0', '--idle-exit', String(idleExitMs), '--log-level', 'error'];
  const child = spawn(process.execPath, [agentdProgram(), ...flags, '--', directory], {
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const exited = once(child, 'close');
  // An agent that is just ending may still write.
  const removeHome = (): void =>
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  // Also on a signal, which ends this process at once.
  const abandon = (): void => {
    child.kill('SIGKILL');
    removeHome();
  };
  process.once('exit', abandon);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), endLimitMs);
    await exited;
    clearTimeout(killer);
    process.off('exit', abandon);
    removeHome();
  };

  const instance = instancePaths(defaultName, env);
  const connection = new Connection(instance);
  const giveUpAtMs = performance.now() + crawlLimitMs;
  for (;;) {
    const status = await connection.status().catch((error: unknown) => {
      // Not listening yet.
      if (error instanceof CliError) return undefined;
      throw error;
    });
    const root = status?.roots[0];
    if (root?.ready === true) return { instance, backend: root.backend, close };
    if (child.exitCode !== null || child.signalCode !== null) {
      await close();
      throw new CliError(exitCodes.failed, `an agent can't watch ${directory}: ${(await said).trim()}`);
    }
    if (performance.now() > giveUpAtMs) {
      await close();
      throw new CliError(exitCodes.timeRanOut, `an agent has not read all of ${directory} after two minutes`);
    }
    await delay(pollMs);
  }
}
