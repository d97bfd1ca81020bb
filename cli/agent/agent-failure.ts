// Why the agent can't be talked to, told with what to do about it. Connections of both kinds, HTTP and
// WebSocket, fail with Node's error codes; here these become the errors that people read.
import { readFileSync } from 'node:fs';
import { AgentError, isAbsence, systemCode } from '../../shared/client/index.ts';
import { defaultName, formatDuration, type InstancePaths, processExists } from '../../shared/index.ts';
import {
  CliError,
  exitCodes,
  NoAgentError,
  OverdueError,
  programName,
  RefusedError,
  SilentAgentError,
  UnsafePlaceError,
  UnusableAgentError,
} from '../outcome/index.ts';
import { runFileHints } from './run-file.ts';
import { provenAgent } from './socket-owner.ts';

/** How the command that starts this instance looks. */
export function startCommand(instance: InstancePaths): string {
  return instance.name === defaultName ? 'agentd DIR' : `agentd DIR --name ${instance.name}`;
}

/** How this instance's own CLI command looks, as in `agent-cli status`. */
export function cliCommand(instance: InstancePaths, command: string): string {
  return instance.name === defaultName
    ? `${programName} ${command}`
    : `${programName} ${command} --name ${instance.name}`;
}

/** How to end the process behind the socket: with its id where the run file has it. */
export function killCommand(instance: InstancePaths): string {
  const { pid } = runFileHints(instance);
  return pid !== undefined && processExists(pid) ? `kill ${pid}` : `kill $(fuser ${instance.socket})`;
}

function who(instance: InstancePaths): string {
  const { pid } = runFileHints(instance);
  const process = pid !== undefined && processExists(pid) ? ` (pid ${pid})` : '';
  return `the agent "${instance.name}"${process}`;
}

/** Whether a process stands still after SIGSTOP or Ctrl-Z; false where the system does not tell. */
export function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No /proc here, or no such process: no more can be said about it.
    return false;
  }
}

/** The agent has the socket open and says nothing: stopped by a signal, hung, or overloaded. */
export function silentAgent(instance: InstancePaths, timeoutMs: number, cause?: unknown): SilentAgentError {
  const silence = `${who(instance)} holds ${instance.socket} but did not answer within ${formatDuration(timeoutMs)}`;
  const { message, hint } = explainSilence(instance, silence);
  return new SilentAgentError(message, { cause, hint });
}

/** The time that the user gave a command is over, and the agent has not answered. */
export function overdueAgent(instance: InstancePaths, timeoutMs: number): OverdueError {
  const silence = `gave up after ${formatDuration(timeoutMs)}: no answer from ${who(instance)}`;
  const { message, hint } = explainSilence(instance, silence);
  return new OverdueError(message, hint);
}

function explainSilence(instance: InstancePaths, silence: string): { message: string; hint: string } {
  const { pid } = runFileHints(instance);
  const proven = provenAgent(instance) !== undefined;
  if (pid !== undefined && isStopped(pid)) {
    const end = proven ? cliCommand(instance, 'stop') : `kill ${pid}; kill -CONT ${pid}`;
    return {
      message: `${silence}: it was stopped by a signal`,
      hint: `let it go on with: kill -CONT ${pid} — or end it with: ${end}`,
    };
  }
  const end = proven ? cliCommand(instance, 'stop') : killCommand(instance);
  return {
    message: silence,
    hint: `if this persists, end it with: ${end} — and start it again with: ${startCommand(instance)}`,
  };
}

/** Nobody listens at the socket. */
export function missingAgent(instance: InstancePaths, cause?: unknown): NoAgentError {
  return new NoAgentError(
    `no agent named "${instance.name}" is running: start one with: ${startCommand(instance)}`,
    { cause },
  );
}

/** Turns the error of a call or a connection into one that says what to do. */
export function explainFailure(error: unknown, instance: InstancePaths, timeoutMs: number): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof AgentError) {
    if (error.problem !== undefined) return new RefusedError(error.problem);
    if (error.code === 'directory_not_private') return new UnsafePlaceError(error);
    if (error.code === 'disconnected') return new CliError(exitCodes.failed, error.message, { cause: error });
  }
  const inner = error instanceof AgentError ? (error.cause ?? error) : error;
  const cause = inner instanceof Error ? inner : new Error(String(inner));
  if (isAbsence(cause)) return missingAgent(instance, cause);
  const code = systemCode(cause);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new UnusableAgentError(`you may not open the socket ${instance.socket} (${code})`, {
        cause,
        hint: 'it belongs to another user: run as that user, or set AGENT_RUNTIME_DIR to a directory of your own',
      });
    case 'ETIMEDOUT':
    // The queue of a Unix socket is full: nobody accepts.
    case 'EAGAIN':
      return silentAgent(instance, timeoutMs, cause);
    case 'ECONNRESET':
    case 'EPIPE':
      return new UnusableAgentError(
        `${who(instance)} closed the connection before it answered: it is stopping, or it died`,
        { cause, hint: `look with: ${cliCommand(instance, 'status')} — its log is ${instance.logFile}` },
      );
    default:
      return new UnusableAgentError(
        `what listens at ${instance.socket} does not speak the agent's protocol: ${cause.message}`,
        {
          cause,
          hint: `find it with: fuser -v ${instance.socket} — and start an agent with: ${startCommand(instance)}`,
        },
      );
  }
}
