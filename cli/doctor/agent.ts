// The agent itself: whether it answers, and what it says of its roots.
import { countOf, formatDuration, type RootStatus } from '../../shared/index.ts';
import { startCommand } from '../agent/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** A crawl of a hundred thousand files takes a second or two. */
const longCrawlMs = 60_000;
/** Recrawls come with the largest checkouts; more often than this something floods the queue. */
const mostRecrawlsPerHour = 6;
const hourMs = 3_600_000;

function lookAtRoot(root: RootStatus, uptimeMs: number): Finding[] {
  const check = 'roots';
  const { path } = root;
  const findings: Finding[] = [];
  if (root.degraded !== null) {
    findings.push(
      warning({
        check,
        found: `${path} is degraded`,
        means: `The agent says: ${root.degraded}.`,
        remedy: 'What helps stands there, or with the check of the limits or of file systems.',
      }),
    );
  }
  if (!root.ready && uptimeMs > longCrawlMs) {
    findings.push(
      warning({
        check,
        found: `${path} is not ready after ${formatDuration(uptimeMs)}`,
        means:
          'The first crawl is still under way: the tree is very large, or its disk slow. Until then no change in it is told.',
        remedy: 'Leave out what need not be watched, by .gitignore or --ignore.',
      }),
    );
  }
  const allowed = Math.max(3, (mostRecrawlsPerHour * uptimeMs) / hourMs);
  if (root.recrawls > allowed) {
    findings.push(
      warning({
        check,
        found: `${path} was crawled again ${countOf(root.recrawls, 'time')} in ${formatDuration(uptimeMs)}`,
        means:
          'The kernel lost events so often, because more came at once than its queue holds. Nothing is lost to clients, but changes are told late.',
        remedy:
          'Leave out directories that programs write in all the time, by .gitignore or --ignore; or raise the queue:',
        commands: ['sudo sysctl fs.inotify.max_queued_events=65536'],
      }),
    );
  }
  if (root.auditFindings > 0) {
    findings.push(
      warning({
        check,
        found: `${path} had ${countOf(root.auditFindings, 'change')} that only the audit found`,
        means:
          'No event told of them, and they came late by up to ten minutes: a bug in devagent, the kernel or the file system.',
        remedy:
          'Please report it, with the lines "audit found" of the agent\'s log. Until then --backend polling helps.',
      }),
    );
  }
  return findings;
}

/** Whether an agent runs and answers, and how its roots are. That none runs is no fault. */
export function checkAgent({ instance }: Machine, agent: AgentState): Finding[] {
  const check = 'agent';
  switch (agent.kind) {
    case 'none':
      return [ok(check, `none named "${instance.name}" runs; this starts one: ${startCommand(instance)}`)];
    case 'unusable':
      return [
        problem({
          check,
          found: agent.why,
          means: 'Every command that needs the agent fails, and no other agent of this name can start.',
          remedy: agent.hint ?? `Its log is ${instance.logFile}.`,
        }),
      ];
    case 'running': {
      const { pid, roots, uptimeMs, clients } = agent.status;
      const files = roots.reduce((sum, root) => sum + root.files, 0);
      const troubles = roots.flatMap((root) => lookAtRoot(root, uptimeMs));
      return [
        ok(
          check,
          `"${instance.name}", pid ${pid}, up ${formatDuration(uptimeMs)}, ${countOf(clients, 'client')}`,
        ),
        ...(troubles.length > 0
          ? troubles
          : [ok('roots', `${roots.length}, with ${countOf(files, 'file')}`)]),
      ];
    }
  }
}
