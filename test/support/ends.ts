// Agents that end, or are to end.
import { type AgentOptions, type Exit, startAgent, type TestAgent } from './agent.ts';
import { until } from './wait.ts';

/** Several times what an agent may take. */
const endLimitMs = 15_000;

/** How an agent ended, once all that it wrote has been read as well; undefined while it runs. */
export function ended({ child }: TestAgent): Exit | undefined {
  const { exitCode: code, signalCode: signal } = child;
  return (code ?? signal) !== null && child.stderr?.readableEnded ? { code, signal } : undefined;
}

/** Waits for an agent's end; of one that never ends the error tells what it said last. */
export function endOf(agent: TestAgent): Promise<Exit> {
  return until(
    () => `the agent to end: ${agent.stderr}`,
    () => ended(agent),
    endLimitMs,
  );
}

/** Starts an agent that is not expected to become ready, and waits for its end. */
export async function refused(options: AgentOptions): Promise<{ code: number | null; stderr: string }> {
  const agent = await startAgent({ ...options, ready: false });
  const { code } = await endOf(agent);
  return { code, stderr: agent.stderr };
}
