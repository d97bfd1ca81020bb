// What the agent keeps on disk: whether it can.
import { formatBytes, objectionToDirectory } from '../../shared/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, shellWord, warning } from './finding.ts';
import type { Machine } from './machine.ts';

const means = 'Cursors end with the agent: what happens while it is restarted is not reported to anyone.';

/** Whether the agent keeps its events, and where none runs, whether one could. */
export function checkStore(machine: Machine, agent: AgentState): Finding[] {
  const check = 'store';
  // One that is too old has none to tell of.
  const store = agent.kind === 'running' ? (agent.status.store ?? null) : undefined;
  if (store === null) return [ok(check, 'none: the agent keeps everything in memory')];
  if (store !== undefined && store.degraded !== null) {
    const remedy = 'See the reason. After it is fixed, restart the agent.';
    return [warning({ check, found: store.degraded, means, remedy })];
  }
  if (store !== undefined) return [ok(check, `${store.path}, ${formatBytes(store.bytes)}`)];
  const path = machine.instance.storeDirectory;
  const stats = machine.lstat(path);
  if (stats === undefined) return [ok(check, `${path}, not there yet`)];
  const objection = objectionToDirectory(path, stats, machine.userId);
  if (objection === undefined && machine.mayWrite(path)) return [ok(check, path)];
  const found = `${path} ${objection?.why ?? 'may not be written by you'}`;
  const commands = objection?.fix === undefined ? [`ls -ld ${shellWord(path)}`] : [objection.fix];
  return [warning({ check, found, means, remedy: 'Make it yours alone, or remove it:', commands })];
}
