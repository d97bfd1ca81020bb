// An agent that has less than its user has: fewer of the kernel's watches, no power over permissions, no birth times.
import { execFileSync } from 'node:child_process';
import { type AgentOptions, startAgent, type TestAgent } from './agent.ts';
import { withoutBirthTimes } from './without-birth-times.ts';

/** The kernel's limits on watches as the agent shall find them; see inotify(7) and user_namespaces(7). */
export interface InotifyLimits {
  readonly watches?: number;
  readonly instances?: number;
}

/** Runs the command after `--` once the limits given before it, NAME=NUMBER, hold in a user namespace. */
const limitScript = `
for limit; do
  shift
  [ "$limit" = -- ] && exec "$@"
  echo "\${limit#*=}" > "/proc/sys/user/\${limit%%=*}" || exit
done`;

function inNamespace(limits: InotifyLimits): string[] {
  const settings = [
    ...(limits.watches === undefined ? [] : [`max_inotify_watches=${limits.watches}`]),
    ...(limits.instances === undefined ? [] : [`max_inotify_instances=${limits.instances}`]),
  ];
  return ['unshare', '--user', '--map-root-user', 'sh', '-c', limitScript, 'sh', ...settings, '--'];
}

/** Whether a user may make namespaces here with limits of their own: some containers forbid it. */
export function canLimitInotify(): boolean {
  return succeeds([...inNamespace({ watches: 1, instances: 1 }), 'true']);
}

/** A root user's power over permissions, taken away; anyone else has none. */
export const withoutPower: readonly string[] =
  process.getuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : [];

/** Whether permissions can be made to bind the agent. */
export function canBindByPermissions(): boolean {
  return withoutPower.length === 0 || succeeds([...withoutPower, 'true']);
}

function succeeds([command = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    // Whatever the reason, it can't be done on this machine.
    return false;
  }
}

/** Starts an agent within limits. */
export function startLimitedAgent(limits: InotifyLimits): (options: AgentOptions) => Promise<TestAgent> {
  return (options) => startAgent({ ...options, prefix: inNamespace(limits) });
}

/** Starts an agent that may have only so many files open. */
export function startAgentWithFiles(openFiles: number): (options: AgentOptions) => Promise<TestAgent> {
  const prefix = ['sh', '-c', 'ulimit -n "$1" && shift && exec "$@"', 'sh', String(openFiles)];
  return (options) => startAgent({ ...options, prefix });
}

/** Starts an agent that permissions bind, also when a root user runs the test. */
export function startPowerlessAgent(options: AgentOptions): Promise<TestAgent> {
  return startAgent({ ...options, prefix: withoutPower });
}

/** Starts an agent to which the disk shows no birth times, and so nothing but an inode's number to know an entry by. */
export function startAgentWithoutBirthTimes(options: AgentOptions): Promise<TestAgent> {
  return startAgent({ ...options, env: { ...options.env, NODE_OPTIONS: withoutBirthTimes } });
}
