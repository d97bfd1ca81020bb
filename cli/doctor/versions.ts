// The versions of Node, of this package, and of the agent that runs.
import { protocolVersion } from '../../shared/index.ts';
import { cliCommand, startCommand } from '../agent/index.ts';
import { programName } from '../outcome/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** Whether `version` is at least `least`, both as in `20.19.0`. */
function isAtLeast(version: string, least: string): boolean {
  const [has, needs] = [version, least].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [index, part] of (needs ?? []).entries()) {
    const own = has?.[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

function checkNode({ nodeVersion, oldestNode }: Machine): Finding {
  const check = 'node';
  const found = `${nodeVersion}, and ${oldestNode} or newer is needed`;
  if (isAtLeast(nodeVersion, oldestNode)) return ok(check, found);
  return problem({
    check,
    found,
    means: 'devagent was neither built for nor tested on this Node: it may fail anywhere.',
    remedy: 'Install a newer Node, and look which one comes first on the path:',
    commands: ['command -v node'],
  });
}

/** Node, and whether the agent is of this package's version. */
export function checkVersions(machine: Machine, agent: AgentState): Finding[] {
  const check = 'version';
  const { version, instance } = machine;
  const node = checkNode(machine);
  if (agent.kind !== 'running') return [node, ok(check, version)];
  const { status } = agent;
  if (status.version === version) return [node, ok(check, `${version}, the agent's, too`)];
  const differ = status.protocol !== protocolVersion;
  const trouble = {
    check,
    found: `${programName} is ${version}, the agent is ${status.version}`,
    means: differ
      ? `They speak different protocols (${protocolVersion} and ${status.protocol}): what commands print may be wrong.`
      : 'devagent was updated while the agent ran, or there are two of it on this machine.',
    remedy: 'Restart the agent, and look which ones come first on the path:',
    commands: [`${cliCommand(instance, 'stop')} && ${startCommand(instance)}`, 'command -v agentd agent-cli'],
  };
  return [node, differ ? problem(trouble) : warning(trouble)];
}
