// Whether a process is the one that listens at the agent's socket. The run file names a process, but an agent that
// was killed leaves its file behind, and the number may be another program's by now.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { InstancePaths } from '../../shared/index.ts';
import { runFileHints } from './run-file.ts';

/** In the sixth column of /proc/net/unix: a socket that accepts connections. */
const listening = '01';

/** The kernel's numbers of the sockets that listen at a path; none where the system does not list them. */
function socketsAt(path: string): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/unix', 'utf8');
  } catch {
    // No such list on this system: nothing can be proven.
    return [];
  }
  // Num, RefCount, Protocol, Flags, Type, St, Inode, Path; the path may hold spaces.
  const rows = table.split('\n').map((line) => /^\S+ \S+ \S+ \S+ \S+ (\S+) +(\d+) (.*)$/.exec(line));
  return rows.flatMap((row) => (row?.[1] === listening && row[3] === path ? [row[2] ?? ''] : []));
}

/** Whether a process has one of these sockets open. */
function holds(pid: number, socket: string): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((entry) => readlinkSync(`${directory}/${entry}`) === socket);
  } catch {
    // It has ended, or is another user's; or one of its descriptors was closed just now.
    return false;
  }
}

/** An agent that is proven to have the instance's socket. */
export interface ProvenAgent {
  readonly pid: number;
  /**
   * Whether its socket is free. Not whether the process is there: one that nobody has waited for keeps its number,
   * and the kernel closes a socket a moment after its process.
   */
  isGone(): boolean;
}

/** The process that the run file names, if it is proven to be the one that listens at the socket. */
export function provenAgent(instance: InstancePaths): ProvenAgent | undefined {
  const { pid } = runFileHints(instance);
  if (pid === undefined) return undefined;
  const inode = socketsAt(instance.socket).find((number) => holds(pid, `socket:[${number}]`));
  if (inode === undefined) return undefined;
  return { pid, isGone: () => !socketsAt(instance.socket).includes(inode) };
}
