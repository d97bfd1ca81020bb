// The clock: events carry times, and the agent compares those of files with it.
import { formatDuration, parseProcessStat } from '../../shared/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** File systems round times, some to two seconds. */
const roundingMs = 2_500;
/** Between a process's start and the time that it notes as its start, on a machine under load. */
const slowStartMs = 10_000;
/** USER_HZ, in which /proc counts: 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/** How far the clock of a directory's file system is from the machine's, if that is worth a word. */
export function compareFileClock(machine: Machine, directory: string): Finding[] {
  const aheadMs = machine.fileClockAheadMs(directory);
  if (aheadMs === undefined) return [];
  if (Math.abs(aheadMs) <= roundingMs) return [ok('clock', `agrees with that of ${directory}`)];
  const direction = aheadMs > 0 ? 'ahead of' : 'behind';
  return [
    warning({
      check: 'clock',
      found: `new files in ${directory} are ${formatDuration(Math.abs(aheadMs))} ${direction} the clock`,
      means:
        'The file system keeps the time of another machine. Build tools that compare times rebuild too much or too little, and a write that leaves size and time as they were can be missed.',
      remedy: 'Set the clocks of both machines by NTP.',
      commands: ['timedatectl status'],
    }),
  ];
}

/** How long a process has run by the clock that nobody sets, suspension included. */
function ageMs(machine: Machine, pid: number): number | undefined {
  const stat = machine.readText(`/proc/${pid}/stat`);
  const uptime = machine.readText('/proc/uptime');
  if (stat === undefined || uptime === undefined) return undefined;
  const startTicks = Number(parseProcessStat(stat).startTicks);
  const age = (Number.parseFloat(uptime) - startTicks / ticksPerSecond) * 1000;
  return Number.isFinite(age) ? age : undefined;
}

function lookForJump(machine: Machine, agent: AgentState): Finding[] {
  if (agent.kind !== 'running') return [];
  const { pid, uptimeMs } = agent.status;
  const age = ageMs(machine, pid);
  if (age === undefined || Math.abs(age - uptimeMs) <= slowStartMs) return [];
  const direction = uptimeMs > age ? 'forward' : 'back';
  return [
    warning({
      check: 'clock',
      found: `was set ${direction} by ${formatDuration(Math.abs(age - uptimeMs))} since the agent started`,
      means:
        'Times of events before that are off by as much. Nothing is lost: order is told by cursors, not by times.',
      remedy:
        'Where it happens again and again, as in a virtual machine that is paused, let NTP keep the time.',
      commands: ['timedatectl status'],
    }),
  ];
}

/** The clock against a file system's, and against itself since the agent started. */
export function checkClock(machine: Machine, agent: AgentState): Finding[] {
  const { state, runtime } = machine.instance;
  const directory = [state, runtime].find((each) => machine.mayWrite(each)) ?? machine.temporary;
  const jumps = lookForJump(machine, agent);
  const compared = compareFileClock(machine, directory);
  const isFine = compared.every((finding) => finding.state === 'ok');
  return jumps.length > 0 && isFine ? jumps : [...jumps, ...compared];
}
