// One agent for many tests: to start one takes longer than most tests that only ask it something.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect } from '@jest/globals';
import type { Status } from '../../shared/index.ts';
import { type AgentOptions, startAgent, type TestAgent } from './agent.ts';
import { expectNoAuditFindings } from './audit.ts';
import { cleanUpWith, forAllTests } from './cleanup.ts';
import { until } from './wait.ts';

/**
 * Starts an agent for all tests of the file, or of the `describe` that this is called in. Each test finds it as the
 * first did: with no client, with its first roots and no others, and with nothing in them. Its journal and its
 * counters have gone on: a test to which they matter starts an agent of its own, as does one that ends it. After
 * the last test it has to end in order, without ever having met an error of its own.
 * @param start starts it; default `startAgent`
 */
export function sharedAgent(
  options: AgentOptions | (() => AgentOptions) = {},
  start: (options: AgentOptions) => Promise<TestAgent> = startAgent,
): () => TestAgent {
  const shared = forAllTests(async () => {
    const agent = await start(typeof options === 'function' ? options() : options);
    cleanUpWith(async () => {
      await expectNoAuditFindings(agent);
      expect(await agent.stop()).toEqual({ code: 0, signal: null });
      expect(agent.logLines.filter(({ level }) => level === 'error')).toEqual([]);
    });
    return agent;
  });
  beforeEach(() => makeAsNew(shared()));
  return shared;
}

async function makeAsNew(agent: TestAgent): Promise<void> {
  if (agent.child.exitCode !== null) throw new Error(`a test has ended the agent of all: ${agent.stderr}`);
  const { roots } = await until('the clients of the test before to be gone', async () => {
    const status = (await agent.request('/v1/status')).json<Status>();
    return status.clients === 0 && status;
  });
  await expectNoAuditFindings(agent);
  for (const { path } of roots) {
    if (agent.roots.includes(path)) continue;
    await agent.request(`/v1/roots?path=${encodeURIComponent(path)}`, { method: 'DELETE' });
  }
  let wasEmpty = true;
  for (const root of agent.roots) {
    expect(roots.map(({ path }) => path)).toContain(root);
    for (const name of readdirSync(root)) {
      wasEmpty = false;
      rmSync(join(root, name), { recursive: true, force: true });
    }
  }
  if (!wasEmpty) await agent.sync();
}
