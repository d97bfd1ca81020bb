// What the Linux kernel knows of a process: the same for every kind of peer.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const megabyte = 1_000_000;
/** USER_HZ, in which /proc counts processor time: 100 on every platform that Node runs on. */
const ticksPerSecond = 100;
const countsNanoseconds = existsSync('/proc/self/schedstat');

/** Resident memory, in megabytes. */
export function residentMB(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kibibytes) * 1024) / megabyte;
}

/** How many descriptors it has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many inotify watches it holds. */
export function inotifyWatches(pid: number): number {
  let watches = 0;
  for (const descriptor of readdirSync(`/proc/${pid}/fdinfo`)) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8');
    } catch {
      // Closed since it was listed: it holds none.
      continue;
    }
    watches += text.match(/^inotify wd:/gm)?.length ?? 0;
  }
  return watches;
}

/** Whether every thread of it stands still after SIGSTOP, which takes the kernel a moment. */
export function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) =>
    /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
  );
}

/** Whether it runs, and is not merely still listed because nobody asked how it ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // Not listed any more.
    return false;
  }
}

/** The processes of a group. */
export function processesOf(group: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && Number(statFields(pid)[2]) === group;
      } catch {
        // It ended since it was listed.
        return false;
      }
    });
}

/** The processes that it started and has not yet asked how they ended. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** The words of its command line; none once it has ended. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // Not listed any more.
    return [];
  }
}

/** Processor time used so far in user and kernel, by all threads, in milliseconds. */
export function cpuMs(pid: number): number {
  if (countsNanoseconds) return threadsMs(pid);
  const fields = statFields(pid);
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** The same to the nanosecond, where the kernel counts so finely: that of the threads that live. */
function threadsMs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // It has ended since it was listed.
    }
  }
  return ns / 1e6;
}

/** The fields of its `stat` from the third, the state, on. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, second field, may hold blanks and parentheses: fields are counted from behind it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
