// What the system tells of other processes: whether there is one of a number, and what Linux says of it.

/** Whether a process of this id exists: also another user's, and one that has ended and is still listed. */
export function processExists(pid: number): boolean {
  try {
    // Signal 0 asks whether a signal could be sent, and sends none.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // What Node throws here has a code.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process as Linux shows it in /proc/PID/stat. */
export interface ProcessStat {
  /** Its process group. */
  readonly group: number;
  /** When it started, in clock ticks since boot. */
  readonly startTicks: string | undefined;
  /** Whether it has ended, and is only listed until somebody asks how: it holds nothing any more, and may stay for hours. */
  readonly hasEnded: boolean;
}

/**
 * Reads fields 3 (state), 5 (pgrp) and 22 (starttime): https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 * @param text of /proc/PID/stat
 */
export function parseProcessStat(text: string): ProcessStat {
  // Field 2 is the command in parentheses, and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    group: Number(fields[2]),
    startTicks: fields[19],
    hasEnded: fields[0] === 'Z' || fields[0] === 'X',
  };
}
