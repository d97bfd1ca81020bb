// Stops an agent and sees it go.
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../../shared/index.ts';
import { killCommand } from '../agent-failure.ts';
import type { Connection } from '../connection.ts';
import { CliError, NoAgentError, UnusableAgentError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { isProcessAlive } from '../run-file.ts';

/** The agent promises to be gone within 3 s; the rest is for a machine under load. */
const stopTimeoutMs = 5_000;
/** Short beside the few tens of milliseconds that stopping takes. */
const pollMs = 10;

/**
 * Tells the agent of this process id to stop, and waits until its socket is free. One that dies meanwhile,
 * in whatever way, has stopped.
 * @throws CliError with exit code 4 when it stays; UnusableAgentError when it does not answer
 */
export async function shutDownAgent(connection: Connection, pid: number): Promise<void> {
  try {
    await connection.request({ method: 'POST', path: '/v1/shutdown' });
  } catch (error) {
    if (!isFarewell(error, pid)) throw error;
  }
  const giveUpMs = performance.now() + stopTimeoutMs;
  while (await answers(connection, pid)) {
    if (performance.now() >= giveUpMs) throw stillThere(connection, pid);
    await delay(pollMs);
  }
}

/** Whether a request failed because its process went. */
function isFarewell(error: unknown, pid: number): boolean {
  return error instanceof NoAgentError || (error instanceof UnusableAgentError && !isProcessAlive(pid));
}

/**
 * Whether the agent of this process id still has the socket. Neither the file nor the process tells: a
 * killed agent leaves the one, and its id stays taken until somebody has asked what became of it.
 */
async function answers(connection: Connection, pid: number): Promise<boolean> {
  try {
    return (await connection.status()).pid === pid;
  } catch (error) {
    if (error instanceof NoAgentError) return false;
    // Its last connections may be cut off.
    if (error instanceof UnusableAgentError) return isProcessAlive(pid);
    throw error;
  }
}

function stillThere(connection: Connection, pid: number): CliError {
  const { name } = connection.instance;
  return new CliError(
    exitCodes.timeRanOut,
    `the agent "${name}" (pid ${pid}) was told to stop and is still there after ${formatDuration(stopTimeoutMs)}`,
    { hint: `end it with: ${killCommand(connection.instance)}` },
  );
}
