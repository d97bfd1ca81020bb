// Becoming the one agent of a name: listening at its socket, taking over one that a dead agent left.
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import {
  DevagentError,
  defaultName,
  ensurePrivateDirectory,
  type InstancePaths,
  limits,
  probeSocket,
} from '../../shared/index.ts';
import { askOwner, type Owner } from './ask-owner.ts';
import { errorCode } from './file-errors.ts';
import { HeldSocket } from './held-socket.ts';
import { acquireLock } from './lock.ts';
import { isAlive } from './process-alive.ts';
import { readRunFile } from './run-file.ts';
import { directoryUnusable, makeSocket } from './unusable.ts';

export interface ClaimOptions {
  /** How long a listener may take to accept a connection before it counts as stuck. */
  readonly connectMs?: number;
  /** How long a running agent may take to say who it is. */
  readonly statusMs?: number;
  /** How long to wait for other agents that are starting just now. */
  readonly lockMs?: number;
}

/** An agent can end between being seen and being asked; more often than that it is something else. */
const attempts = 3;

/**
 * Makes `server` listen at the instance's socket (mode 0600), as the only agent that does. Looking who has the
 * socket, removing a dead one and listening happen under the instance's lock: of agents that start at
 * once exactly one wins.
 * @returns the socket, which removes itself and nothing else
 * @throws DevagentError `agent_running` naming the process that has the socket and what to do,
 *   `socket_in_use` when something else is at its path, `lock_held` when another agent hangs while starting,
 *   `directory_not_private` or `directory_not_made` for an unsafe runtime directory, `directory_unusable` for one in
 *   which no socket can be made
 */
export async function claimSocket(
  server: Server,
  paths: InstancePaths,
  { connectMs = 500, statusMs = 1_000, lockMs = 5_000 }: ClaimOptions = {},
): Promise<HeldSocket> {
  ensurePrivateDirectory(paths.runtime, 'runtime');
  let owner: Owner = { kind: 'gone' };
  for (let attempt = 0; attempt < attempts && owner.kind === 'gone'; attempt += 1) {
    try {
      const held = await tryToListen(server, paths, connectMs, lockMs);
      if (held !== undefined) return held;
    } catch (error) {
      throw directoryUnusable('runtime', paths.runtime, makeSocket, error);
    }
    // Not under the lock: a stuck owner would make everybody else wait for it, too.
    owner = await askOwner(paths.socket, statusMs);
  }
  throw alreadyRunning(paths, owner);
}

/** Listens unless somebody has the socket; returns undefined then. */
async function tryToListen(
  server: Server,
  paths: InstancePaths,
  connectMs: number,
  lockMs: number,
): Promise<HeldSocket | undefined> {
  // A named pipe ends with its process and has one owner: there is nothing to take over, and no race.
  if (process.platform === 'win32') {
    return (await listen(server, paths.socket)) ? new HeldSocket(server, paths.socket) : undefined;
  }
  const lock = await acquireLock(paths.lockFile, { waitMs: lockMs });
  try {
    const state = await probeSocket(paths.socket, connectMs);
    if (state === 'live') return undefined;
    if (state === 'foreign') throw inUse(paths.socket);
    if (state === 'dead') rmSync(paths.socket, { force: true });
    if (!(await listen(server, paths.socket))) return undefined;
    try {
      // Until here the runtime directory alone keeps others out.
      chmodSync(paths.socket, 0o600);
    } catch (error) {
      server.close();
      throw error;
    }
    return new HeldSocket(server, paths.socket);
  } finally {
    lock.release();
  }
}

/** Returns false when the address is taken. */
async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen({ path, backlog: limits.backlog });
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return false;
    throw error;
  }
}

function inUse(path: string): DevagentError {
  return new DevagentError(
    'socket_in_use',
    `${path} exists and is no socket of an agent: remove it, or set AGENT_RUNTIME_DIR to another directory`,
  );
}

function alreadyRunning(paths: InstancePaths, owner: Owner): DevagentError {
  const pid = owner.kind === 'agent' ? owner.pid : recordedPid(paths.runFile);
  const nameFlag = paths.name === defaultName ? '' : ` --name ${paths.name}`;
  const running = `an agent named "${paths.name}" is already running (pid ${pid ?? 'unknown'})`;
  const join = `agent-cli watch DIR${nameFlag}`;
  if (owner.kind === 'agent') {
    return new DevagentError(
      'agent_running',
      `${running}: add directories to it with "${join}", or start another beside it with "agentd --name NAME"`,
    );
  }
  const stop =
    pid === undefined
      ? `the process that has ${paths.socket} open`
      : `it with "kill ${pid}" ("kill -9 ${pid}" if that does not help)`;
  return new DevagentError(
    'agent_running',
    `${running} but does not answer: try "${join}", or stop ${stop} and start again`,
  );
}

/** The pid in the run file, unless that process is no more: nobody shall be told to kill a stranger. */
function recordedPid(runFile: string): number | undefined {
  const pid = readRunFile(runFile)?.pid;
  return pid !== undefined && isAlive({ pid }) ? pid : undefined;
}
