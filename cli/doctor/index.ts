// doctor/: what is wrong with this machine, and what to do about it. Each check looks at one thing, through
// machine.ts alone, and gives findings; watch-probe.ts tries out whether events come.
import { checkAgent } from './agent.ts';
import type { AgentState } from './agent-state.ts';
import { checkClock, compareFileClock } from './clock.ts';
import { checkDirectories } from './directories.ts';
import { checkFileSystems } from './file-systems.ts';
import { type Finding, problem } from './finding.ts';
import { checkInotify } from './inotify.ts';
import { checkLeftovers } from './leftovers.ts';
import type { Machine } from './machine.ts';
import { checkOpenFiles } from './open-files.ts';
import { checkPort } from './port.ts';
import { checkServices } from './service.ts';
import { checkSockets } from './sockets.ts';
import { checkStore } from './store.ts';
import { checkVersions } from './versions.ts';
import { probeWatch, type WatchMeasure } from './watch-probe.ts';

export { askAgent } from './agent-state.ts';
export { worstOf } from './finding.ts';
export { thisMachine } from './machine.ts';
export { describeFindings } from './report.ts';

type Check = (machine: Machine, agent: AgentState) => Finding[] | Promise<Finding[]>;

/** In the order in which one would look: the program, what it runs in, what it runs on. */
const checks: readonly Check[] = [
  checkVersions,
  checkAgent,
  checkDirectories,
  checkStore,
  checkSockets,
  checkLeftovers,
  checkPort,
  checkServices,
  checkInotify,
  checkOpenFiles,
  checkFileSystems,
  checkClock,
];

/** Runs every check, each to its end. */
export async function diagnose(machine: Machine, agent: AgentState): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    try {
      findings.push(...(await check(machine, agent)));
    } catch (error) {
      // One that meets what nobody foresaw must not hide what the others find.
      findings.push(
        problem({
          check: 'doctor',
          found: `${check.name} failed: ${error instanceof Error ? error.message : String(error)}`,
          means: 'What it would have found is not known.',
          remedy: 'Please report it.',
        }),
      );
    }
  }
  return findings;
}

/** Looks at the machine's one directory only, and tries out how long events take from it. */
export async function diagnoseDirectory(
  machine: Machine,
  agent: AgentState,
  timeoutMs: number,
): Promise<{ findings: Finding[]; measure: WatchMeasure | null }> {
  const { findings, measure } = await probeWatch(machine, agent, timeoutMs);
  const around = [...checkFileSystems(machine, agent), ...compareFileClock(machine, machine.directory)];
  return { findings: [...around, ...findings], measure };
}
