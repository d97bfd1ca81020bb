// The kernel's limits on inotify, each user's share, against what this user's processes hold and what the
// agent's roots could not get. https://man7.org/linux/man-pages/man7/inotify.7.html

import { cliCommand, startCommand } from '../agent/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';
import { openObjects, processName } from './processes.ts';

/** Beyond this share of a limit, one more project meets it. */
const highShare = 0.8;
/** The old default of some distributions is half of it, and a project with its packages has as many directories. */
const fewWatches = 16_384;
/** The kernel's default since it had one; with less, a branch switch overflows it. */
const usualQueue = 16_384;
/** What helps: room for several large projects. A watch that is used costs the kernel about 1 KiB, others nothing. */
const amplyWatches = 1_048_576;
const amplyInstances = 1_024;

/** A limit that holds for one user: the machine's, or a lower one of the user namespace (user_namespaces(7)). */
interface Limit {
  readonly name: string;
  readonly value: number;
}

function readLimit(machine: Machine, name: string): Limit[] {
  const text = machine.readText(`/proc/sys/${name.replaceAll('.', '/')}`);
  const value = Number(text);
  return text === undefined || !Number.isInteger(value) ? [] : [{ name, value }];
}

function lowest(limits: readonly Limit[]): Limit | undefined {
  return limits.reduce<Limit | undefined>(
    (least, each) => (least === undefined || each.value < least.value ? each : least),
    undefined,
  );
}

/** What a user's processes hold of inotify. */
interface Use {
  instances: number;
  watches: number;
  readonly watchesOf: Map<number, number>;
}

function measureUse(machine: Machine): Use {
  const use: Use = { instances: 0, watches: 0, watchesOf: new Map() };
  for (const { pid, descriptor, target } of openObjects(machine)) {
    if (target !== 'anon_inode:inotify' || machine.lstat(`/proc/${pid}`)?.uid !== machine.userId) continue;
    const watches =
      machine.readText(`/proc/${pid}/fdinfo/${descriptor}`)?.match(/^inotify wd:/gm)?.length ?? 0;
    use.instances += 1;
    use.watches += watches;
    use.watchesOf.set(pid, (use.watchesOf.get(pid) ?? 0) + watches);
  }
  return use;
}

function largestHolders(machine: Machine, use: Use): string {
  const [first, second] = [...use.watchesOf].sort(([, a], [, b]) => b - a);
  return [first, second]
    .flatMap((holder) => (holder === undefined ? [] : [holder]))
    .map(([pid, watches]) => `${processName(machine, pid)} has ${watches}`)
    .join(', ');
}

/** Sets a limit now, and at each start of the machine. */
function raise(name: string, value: number): string[] {
  const line = `${name}=${value}`;
  return [`sudo sysctl ${line}`, `echo ${line} | sudo tee -a /etc/sysctl.d/60-devagent.conf`];
}

const raiseWords = 'Raise the limit now, and with the second line for every start of the machine:';

function restart({ instance }: Machine): string {
  return `${cliCommand(instance, 'stop')} && ${startCommand(instance)}`;
}

/** Directories of roots that are polled because the kernel refused the agent with this error. */
function refusedDirectories(agent: AgentState, code: 'ENOSPC' | 'EMFILE'): number {
  if (agent.kind !== 'running') return 0;
  return agent.status.roots
    .filter(({ degraded }) => degraded?.includes(`(${code})`))
    .reduce((sum, { dirs }) => sum + Math.max(dirs, 1), 0);
}

function checkWatches(machine: Machine, agent: AgentState, use: Use): Finding[] {
  const check = 'inotify-watches';
  const limit = lowest([
    ...readLimit(machine, 'fs.inotify.max_user_watches'),
    ...readLimit(machine, 'user.max_inotify_watches'),
  ]);
  if (limit === undefined) return [];
  const lacking = refusedDirectories(agent, 'ENOSPC');
  const wanted = use.watches + lacking;
  const used = `${use.watches} of ${limit.value} in use`;
  const commands = raise(limit.name, Math.max(amplyWatches, 2 ** Math.ceil(Math.log2(2 * wanted + 1))));
  const holders = use.watches === 0 ? '' : ` Of your processes, ${largestHolders(machine, use)}.`;
  if (lacking > 0) {
    return [
      problem({
        check,
        found: `${used}, and ${lacking === 1 ? '1 directory' : `${lacking} directories`} got none`,
        means: `A root takes one watch for each directory. The kernel gave no more of them, so the agent polls that root: it tells changes later, and takes more of the processor.${holders}`,
        remedy: `${raiseWords.slice(0, -1)}, and restart the agent:`,
        commands: [...commands, restart(machine)],
      }),
    ];
  }
  if (wanted > limit.value * highShare || limit.value < fewWatches) {
    return [
      warning({
        check,
        found: used,
        means: `A root takes one watch for each directory, and all programs of yours share this limit. When it is reached, the agent polls instead, and other tools fail with ENOSPC.${holders}`,
        remedy: raiseWords,
        commands,
      }),
    ];
  }
  return [ok(check, used)];
}

function checkInstances(machine: Machine, agent: AgentState, use: Use): Finding[] {
  const check = 'inotify-instances';
  const limit = lowest([
    ...readLimit(machine, 'fs.inotify.max_user_instances'),
    ...readLimit(machine, 'user.max_inotify_instances'),
  ]);
  if (limit === undefined) return [];
  const found = `${use.instances} of ${limit.value} in use`;
  const refused = refusedDirectories(agent, 'EMFILE') > 0;
  const commands = raise(limit.name, Math.max(amplyInstances, 2 * limit.value));
  const means =
    'Each program that watches files takes at least one, and the agent one for everything. Without one it polls: it tells changes later, and takes more of the processor.';
  if (refused) {
    return [
      problem({
        check,
        found: `${found}, and the agent got none`,
        means,
        remedy: `${raiseWords.slice(0, -1)}, and restart the agent:`,
        commands: [...commands, restart(machine)],
      }),
    ];
  }
  if (use.instances >= limit.value && agent.kind !== 'running') {
    return [problem({ check, found, means: `${means} None is left.`, remedy: raiseWords, commands })];
  }
  if (use.instances > limit.value * highShare) {
    return [warning({ check, found, means, remedy: raiseWords, commands })];
  }
  return [ok(check, found)];
}

function checkQueue(machine: Machine): Finding[] {
  const check = 'inotify-queue';
  const [limit] = readLimit(machine, 'fs.inotify.max_queued_events');
  if (limit === undefined) return [];
  const found = `${limit.value} events`;
  if (limit.value >= usualQueue) return [ok(check, found)];
  return [
    warning({
      check,
      found,
      means:
        'The kernel drops what comes while its queue is full. The agent notices and crawls again, so nothing is lost, but a large checkout is told late.',
      remedy: raiseWords,
      commands: raise(limit.name, usualQueue),
    }),
  ];
}

/** inotify's three limits; nothing where there is no inotify. */
export function checkInotify(machine: Machine, agent: AgentState): Finding[] {
  if (machine.platform !== 'linux') return [];
  const use = measureUse(machine);
  return [
    ...checkWatches(machine, agent, use),
    ...checkInstances(machine, agent, use),
    ...checkQueue(machine),
  ];
}
