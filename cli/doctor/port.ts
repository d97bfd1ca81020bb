// The TCP port of the loopback plane: the agent's, or free for one.
import { defaultHost, defaultPort } from '../../shared/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';
import { openObjects, processName } from './processes.ts';

/** TCP_LISTEN. */
const listening = '0A';

/** Who listens at a port, as far as /proc/net/tcp and this user's rights tell. */
function listenerOf(machine: Machine, port: number): string {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => (machine.readText(file) ?? '').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => {
      const [, portHex = ''] = (fields[1] ?? '').split(':');
      return fields[3] === listening && Number.parseInt(portHex, 16) === port;
    })
    .map((fields) => ({ userId: fields[7], target: `socket:[${fields[9]}]` }));
  for (const { pid, target } of openObjects(machine)) {
    if (sockets.some((socket) => socket.target === target)) return processName(machine, pid);
  }
  const [first] = sockets;
  return first === undefined ? 'another program' : `a program of the user ${first.userId}`;
}

async function lookAtAgents(machine: Machine, url: string): Promise<Finding> {
  const check = 'port';
  const { host } = new URL(url);
  const code = await machine.fetchError(new URL('/healthz', url).href);
  if (code === undefined) return ok(check, `${host} is the agent's`);
  return problem({
    check,
    found: `${host} does not answer (${code})`,
    means:
      'The agent says that it listens there. Its socket works, so commands do; browsers, and programs that use the URL, do not reach it.',
    remedy:
      'Look for a firewall that closes loopback, and whether the agent runs in another container or network namespace.',
  });
}

async function lookAtFreePort(machine: Machine): Promise<Finding> {
  const check = 'port';
  const chosen = machine.env['AGENT_PORT'];
  const host = machine.env['AGENT_HOST'] || defaultHost;
  const port = chosen ? Number(chosen) : defaultPort;
  if (port === 0) return ok(check, 'any free one');
  // What it has to be, agentd says and `agent-cli config` shows.
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return ok(check, `AGENT_PORT is ${chosen}`);
  const code = await machine.listenError(host, port);
  if (code === undefined) return ok(check, `${host}:${port} is free`);
  const found =
    code === 'EADDRINUSE'
      ? `${host}:${port} is taken by ${listenerOf(machine, port)}`
      : `${host}:${port} can't be listened on (${code})`;
  if (chosen || code !== 'EADDRINUSE') {
    return problem({
      check,
      found,
      means: 'An agent that is told to use this port does not start.',
      remedy: 'End what has it, or choose another by --port or AGENT_PORT; 0 is any free one.',
    });
  }
  return warning({
    check,
    found,
    means:
      'An agent takes a free port instead, another one at each start: pages and scripts that have the URL lose it.',
    remedy: 'End what has it, or choose another by --port or AGENT_PORT.',
  });
}

/** Whether the agent is reached over TCP, or one that starts could be. */
export async function checkPort(machine: Machine, agent: AgentState): Promise<Finding[]> {
  if (agent.kind === 'unusable') return [];
  return [
    agent.kind === 'running' ? await lookAtAgents(machine, agent.status.url) : await lookAtFreePort(machine),
  ];
}
