// Finds the agent that runs, stops it and sees it go: by asking, and where it does not answer, by signals.
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration, processExists, type Status } from '../../shared/index.ts';
import {
  answerTimeoutMs,
  type Connection,
  isStopped,
  killCommand,
  type ProvenAgent,
  provenAgent,
} from '../agent/index.ts';
import { CliError, exitCodes, NoAgentError, SilentAgentError, UnusableAgentError } from '../outcome/index.ts';

/** The agent promises to be gone within 3 s; the rest is for a machine under load. */
const stopTimeoutMs = 5_000;
/** The kernel ends a process at once, but for one that waits for a disk. */
const killTimeoutMs = 5_000;
/** Short beside the few tens of milliseconds that stopping takes. */
const pollMs = 10;

/** An agent that has the socket: one that answers, or is proven to have it. */
export type RunningAgent =
  | { readonly pid: number; readonly status: Status }
  | { readonly pid: number; readonly status: undefined; readonly proven: ProvenAgent };

/** How an agent ended: because it was asked to; by SIGTERM, since it did not answer; by SIGKILL, since that did not help. */
export type Ending = 'asked' | 'terminated' | 'killed';

/**
 * Finds the agent, also one that does not answer, if the system proves which process that is.
 * @returns undefined where none runs
 * @throws SilentAgentError when something does not answer and may be another program
 */
export async function findAgent(connection: Connection): Promise<RunningAgent | undefined> {
  try {
    const status = await connection.status(answerTimeoutMs);
    return { pid: status.pid, status };
  } catch (error) {
    if (error instanceof NoAgentError) return undefined;
    const proven = error instanceof SilentAgentError ? provenAgent(connection.instance) : undefined;
    if (proven === undefined) throw error;
    return { pid: proven.pid, status: undefined, proven };
  }
}

/**
 * Stops an agent, and waits until its socket is free. One that dies meanwhile, in whatever way, has stopped.
 * @throws CliError with exit code 4 when it stays
 */
export async function endAgent(connection: Connection, agent: RunningAgent): Promise<Ending> {
  if (agent.status !== undefined) {
    if (await endsWhenAsked(connection, agent.pid)) return 'asked';
  } else {
    if (await endsBy('SIGTERM', agent.proven, stopTimeoutMs)) return 'terminated';
    if (await endsBy('SIGKILL', agent.proven, killTimeoutMs)) return 'killed';
  }
  throw stillThere(connection, agent.pid);
}

async function endsWhenAsked(connection: Connection, pid: number): Promise<boolean> {
  const giveUpMs = performance.now() + stopTimeoutMs;
  const leftMs = () => Math.max(1, giveUpMs - performance.now());
  try {
    await connection.request({ method: 'POST', path: '/v1/shutdown', timeoutMs: leftMs() });
  } catch (error) {
    // It may have gone before it could answer; whether it did is seen next.
    if (!(error instanceof NoAgentError) && !(error instanceof UnusableAgentError)) throw error;
  }
  while (await answers(connection, pid, leftMs())) {
    if (performance.now() >= giveUpMs) return false;
    await delay(pollMs);
  }
  return true;
}

/**
 * Whether the agent of this process id still has the socket. Neither the file nor the process tells: a
 * killed agent leaves the one, and its id stays taken until somebody has asked what became of it.
 */
async function answers(connection: Connection, pid: number, timeoutMs: number): Promise<boolean> {
  try {
    return (await connection.status(timeoutMs)).pid === pid;
  } catch (error) {
    if (error instanceof NoAgentError) return false;
    // Its last connections may be cut off.
    if (error instanceof UnusableAgentError) return processExists(pid);
    throw error;
  }
}

async function endsBy(
  signal: 'SIGTERM' | 'SIGKILL',
  { pid, isGone }: ProvenAgent,
  limitMs: number,
): Promise<boolean> {
  const giveUpMs = performance.now() + limitMs;
  try {
    process.kill(pid, signal);
    // One that stands still meets no other signal before it goes on.
    if (isStopped(pid)) process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  while (!isGone()) {
    if (performance.now() >= giveUpMs) return false;
    await delay(pollMs);
  }
  return true;
}

function stillThere(connection: Connection, pid: number): CliError {
  const { name } = connection.instance;
  return new CliError(
    exitCodes.timeRanOut,
    `the agent "${name}" (pid ${pid}) was told to stop and is still there after ${formatDuration(stopTimeoutMs)}`,
    { hint: `end it with: ${killCommand(connection.instance)}` },
  );
}

/** How an agent was ended that did not answer, in a sentence for stderr; undefined where it was asked. */
export function describeEnding(ending: Ending): string | undefined {
  switch (ending) {
    case 'asked':
      return undefined;
    case 'terminated':
      return 'the agent did not answer, and ended after SIGTERM';
    case 'killed':
      return 'the agent did not answer, did not end after SIGTERM, and was killed';
  }
}
