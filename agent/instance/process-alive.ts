// Whether the process that left a file behind still runs, told apart from one that got its number later.
import { readFileSync } from 'node:fs';
import { errorCode } from './file-errors.ts';

/** What tells a process from all others of this machine, now and later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot; absent where there is no /proc. */
  readonly start?: string | undefined;
}

/** The identity of a process; without `start` where the system does not tell. */
export function identify(pid: number): ProcessIdentity {
  const start = readStat(pid)?.start;
  return start === undefined ? { pid } : { pid, start };
}

/** Whether the process runs. A zombie does not: it holds nothing any more, and may stay for hours. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    if (errorCode(error) !== 'EPERM') return false;
  }
  const now = readStat(pid);
  if (now === undefined) return true;
  if (now.state === 'Z' || now.state === 'X') return false;
  return start === undefined || start === now.start;
}

/** Fields 3 (state) and 22 (starttime) of /proc/PID/stat: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function readStat(pid: number): { state: string | undefined; start: string | undefined } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // No /proc on this system, or the process ended just now: then the next look says so.
    return undefined;
  }
  // Field 2 is the command in parentheses, and may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], start: fields[19] };
}
