// What processes have open, as far as /proc tells this user.
import type { Machine } from './machine.ts';

/** An open file that is no file on disk: `socket:[123]`, `anon_inode:inotify`. */
interface OpenObject {
  readonly pid: number;
  readonly descriptor: string;
  readonly target: string;
}

/** What all processes have open that is neither a path nor a pipe; those of other users only for root. */
export function* openObjects(machine: Machine): Generator<OpenObject> {
  for (const name of machine.list('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    for (const descriptor of machine.list(`/proc/${pid}/fd`)) {
      const target = machine.readLink(`/proc/${pid}/fd/${descriptor}`) ?? '';
      if (target.startsWith('socket:') || target.startsWith('anon_inode:')) yield { pid, descriptor, target };
    }
  }
}

/** A process as people look for it: `node (pid 12)`. */
export function processName(machine: Machine, pid: number): string {
  const command = machine.readText(`/proc/${pid}/comm`)?.trim() || 'a process';
  return `${command} (pid ${pid})`;
}
