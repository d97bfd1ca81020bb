// Whether a socket can be made where the agent's is to be: shared folders and some network mounts have files alone.
import { dirname, resolve } from 'node:path';
import type { AgentState } from './agent-state.ts';
import { type Finding, problem } from './finding.ts';
import { isPrivate, type Machine } from './machine.ts';

function nearestDirectory(machine: Machine, path: string): string {
  const parent = dirname(path);
  return machine.lstat(path) !== undefined || parent === path ? path : nearestDirectory(machine, parent);
}

/** Tries it out where no agent has one; what else is wrong with the directory is told elsewhere. */
export async function checkSockets(machine: Machine, agent: AgentState): Promise<Finding[]> {
  const { runtime } = machine.instance;
  if (machine.platform === 'win32' || agent.kind !== 'none' || !isPrivate(machine, runtime)) return [];
  const directory = nearestDirectory(machine, resolve(runtime));
  if (!machine.mayWrite(directory)) return [];
  const code = await machine.socketError(directory);
  if (code === undefined) return [];
  return [
    problem({
      check: 'socket',
      found: `no socket can be made in ${directory} (${code})`,
      means:
        'No agent starts with this runtime directory, for it listens at a socket there. Folders that a container or a virtual machine shares with its host, and some network mounts, have no sockets; a disk may be full or read-only.',
      remedy: 'Set AGENT_RUNTIME_DIR to a directory on a local disk.',
    }),
  ];
}
