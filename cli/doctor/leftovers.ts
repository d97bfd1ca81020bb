// What agents that were killed left in the runtime directory, and what hinders one that is to start.
import { join } from 'node:path';
import { type Finding, ok, problem, shellWord, warning } from './finding.ts';
import { isPrivate, type Machine } from './machine.ts';
import { processName } from './processes.ts';

/** Locks are held for milliseconds, and files are written in as many. */
const longMs = 10_000;

const lockName = /^.+\.lock(?:\.[0-9a-f]{16})?$/;

function ageMs(machine: Machine, path: string): number {
  return machine.nowMs() - (machine.lstat(path)?.mtimeMs ?? machine.nowMs());
}

/** The process that took a lock; see agent/instance/lock.ts. */
function lockOwner(text: string | undefined): number | undefined {
  try {
    const { pid } = JSON.parse(text ?? '') as { pid?: unknown };
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // Half written, or no lock of ours.
    return undefined;
  }
}

function blockedSocket(machine: Machine, path: string, why: string): Finding {
  const found = `${path} ${why}`;
  const means = 'An agent of that name can neither listen there nor be talked to.';
  const remedy = 'Find out what it is, and move it away; or set AGENT_RUNTIME_DIR to another directory.';
  const commands = [`ls -l ${shellWord(path)}`];
  const trouble = { check: 'leftovers', found, means, remedy, commands };
  return path === machine.instance.socket ? problem(trouble) : warning(trouble);
}

function heldLock(machine: Machine, path: string, pid: number): Finding {
  return problem({
    check: 'leftovers',
    found: `${path} has been held for ${Math.round(ageMs(machine, path) / 1000)} s by ${processName(machine, pid)}`,
    means:
      'It is held for milliseconds while an agent starts. Until it is let go, no agent of that name starts.',
    remedy:
      'The process hangs, or is no agent and got its number later. End it if it is an agentd, else remove the lock:',
    commands: [`ps -p ${pid}`, `kill ${pid}`, `rm ${shellWord(path)}`],
  });
}

/** The names of instances whose sockets somebody listens at, and what is wrong with the other sockets. */
async function lookAtSockets(machine: Machine, names: readonly string[]) {
  const live = new Set<string>();
  const stale: string[] = [];
  const findings: Finding[] = [];
  for (const name of names.filter((each) => each.endsWith('.sock'))) {
    const path = join(machine.instance.runtime, name);
    const state = await machine.probeSocket(path);
    if (state === 'live') live.add(name.slice(0, -'.sock'.length));
    if (state === 'dead') stale.push(path);
    if (state === 'foreign') findings.push(blockedSocket(machine, path, 'is no socket of an agent'));
    if (state === 'closed') findings.push(blockedSocket(machine, path, 'may not be opened by you'));
  }
  return { live, stale, findings };
}

/** Whether a file beside the sockets is of no use any more. */
function isStale(machine: Machine, name: string, live: ReadonlySet<string>): boolean {
  const path = join(machine.instance.runtime, name);
  const [, instance = '', kind] = /^(.+)\.(json|cookies)$/.exec(name) ?? [];
  // An agent that is starting writes them once it listens.
  if (kind !== undefined) return !live.has(instance);
  if (name.endsWith('.tmp')) return ageMs(machine, path) > longMs;
  if (!lockName.test(name)) return false;
  const owner = lockOwner(machine.readText(path));
  return owner === undefined ? ageMs(machine, path) > longMs : !machine.processExists(owner);
}

function heldLocks(machine: Machine, names: readonly string[]): Finding[] {
  return names.flatMap((name) => {
    const path = join(machine.instance.runtime, name);
    const owner = lockName.test(name) ? lockOwner(machine.readText(path)) : undefined;
    const hangs = owner !== undefined && machine.processExists(owner) && ageMs(machine, path) > longMs;
    return hangs ? [heldLock(machine, path, owner)] : [];
  });
}

/** Sockets, run files and locks in the runtime directory that nobody is behind, or the wrong one. */
export async function checkLeftovers(machine: Machine): Promise<Finding[]> {
  const check = 'leftovers';
  // A named pipe ends with its process.
  if (machine.platform === 'win32') return [];
  const { runtime } = machine.instance;
  // Where others may be behind what is there it is not asked; that they may be is told with the directories.
  if (!isPrivate(machine, runtime)) return [];
  const names = machine.list(runtime);
  const sockets = await lookAtSockets(machine, names);
  const stale = [
    ...sockets.stale,
    ...names.filter((name) => isStale(machine, name, sockets.live)).map((name) => join(runtime, name)),
  ];
  const findings = [...sockets.findings, ...heldLocks(machine, names)];
  if (stale.length > 0) {
    findings.push(
      warning({
        check,
        found: `stale: ${stale.join(', ')}`,
        means: 'An agent that was killed, or a machine that went down, left them: no process is behind them.',
        remedy: 'The next agentd of that name takes them over by itself. To be rid of them now:',
        commands: [`rm -r ${stale.map(shellWord).join(' ')}`],
      }),
    );
  }
  return findings.length > 0 ? findings : [ok(check, 'none')];
}
