// How many files the agent may have open: each client is one, and chokidar's watches may be, too.
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** What most systems give; with less, some hundred clients are too many. */
const usualLimit = 1_024;
/** Beyond these shares of the limit it is soon met, or as good as met. */
const highShare = 0.7;
const fullShare = 0.95;

/** Node raises the limit that counts, the soft one, up to the hard one, for the agent and for this process. */
function readLimit(machine: Machine, pid: number | 'self'): number | undefined {
  const text = machine.readText(`/proc/${pid}/limits`) ?? '';
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  return soft === undefined ? undefined : soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** The limit on open files of the running agent, or of one that would be started here. */
export function checkOpenFiles(machine: Machine, agent: AgentState): Finding[] {
  const check = 'open-files';
  const pid = agent.kind === 'running' ? agent.status.pid : 'self';
  const limit = readLimit(machine, pid);
  if (limit === undefined) return [];
  const used = pid === 'self' ? 0 : machine.list(`/proc/${pid}/fd`).length;
  const most = limit === Number.POSITIVE_INFINITY ? 'no limit' : `at most ${limit}`;
  const found = pid === 'self' ? most : `${used} in use by the agent, ${most}`;
  const remedy =
    'Start the agent with a higher limit: in a shell by the first line below, in a systemd unit by LimitNOFILE=65536. When the hard limit is in the way, /etc/security/limits.conf has it.';
  const commands = ['ulimit -n 65536'];
  if (used > limit * fullShare) {
    const means = 'Each client takes one, and there are next to none left: new clients are refused.';
    return [problem({ check, found, means, remedy, commands })];
  }
  if (limit < usualLimit || used > limit * highShare) {
    const means = 'Each client takes one: when none is left, new clients are refused.';
    return [warning({ check, found, means, remedy, commands })];
  }
  return [ok(check, found)];
}
