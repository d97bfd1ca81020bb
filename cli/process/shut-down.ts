// Stops an agent and sees it go.
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration, type Status } from '../../shared/index.ts';
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
 * @throws CliError with exit code 4 when it stays, whether it answers or not
 */
export async function shutDownAgent(connection: Connection, pid: number): Promise<void> {
  const giveUpMs = performance.now() + stopTimeoutMs;
  const leftMs = () => Math.max(1, giveUpMs - performance.now());
  try {
    await connection.request({ method: 'POST', path: '/v1/shutdown', timeoutMs: leftMs() });
  } catch (error) {
    // It may have gone before it could answer; whether it did is seen next.
    if (!(error instanceof NoAgentError) && !(error instanceof UnusableAgentError)) throw error;
  }
  while (await answers(connection, pid, leftMs())) {
    if (performance.now() >= giveUpMs) throw stillThere(connection, pid);
    await delay(pollMs);
  }
}

/**
 * Whether the agent of this process id still has the socket. Neither the file nor the process tells: a
 * killed agent leaves the one, and its id stays taken until somebody has asked what became of it.
 */
async function answers(connection: Connection, pid: number, timeoutMs: number): Promise<boolean> {
  try {
    const request = { method: 'GET', path: '/v1/status', timeoutMs } as const;
    return (await connection.request<Status>(request)).pid === pid;
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
