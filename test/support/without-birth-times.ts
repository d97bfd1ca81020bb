// An agent to which the disk shows no birth times, and so nothing but an inode's number to know an entry by.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type AgentOptions, startAgent, type TestAgent } from './agent.ts';
import { bundled } from './bundled.ts';

const hook = fileURLToPath(new URL('fixtures/without-birth-times.ts', import.meta.url));

/** Starts one. */
export function startAgentWithoutBirthTimes(options: AgentOptions = {}): Promise<TestAgent> {
  const NODE_OPTIONS = `--import=${pathToFileURL(bundled(hook))}`;
  return startAgent({ ...options, env: { ...options.env, NODE_OPTIONS } });
}
