// Whether the process that left a file behind still runs, told apart from one that got its number later.
import { readFileSync } from 'node:fs';
import { type ProcessStat, parseProcessStat, processExists } from '../../shared/index.ts';

/** What tells a process from all others of this machine, now and later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot; absent where there is no /proc. */
  readonly start?: string | undefined;
}

/** The identity of a process; without `start` where the system does not tell. */
export function identify(pid: number): ProcessIdentity {
  const start = readStat(pid)?.startTicks;
  return start === undefined ? { pid } : { pid, start };
}

/** Whether the process runs. A zombie does not: it holds nothing any more, and may stay for hours. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  if (!processExists(pid)) return false;
  const now = readStat(pid);
  if (now === undefined) return true;
  return !now.hasEnded && (start === undefined || start === now.startTicks);
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // No /proc on this system, or the process ended just now: then the next look says so.
    return undefined;
  }
}
