// The audit is the net below the net: what it finds was lost by a backend. A test that needs it to pass hides a
// bug, so none may.
import { expect } from '@jest/globals';
import type { RootStatus } from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';

/** By agent and root, the findings that have failed a test already: the next test is not to blame for them. */
const reported = new WeakMap<TestAgent, Map<string, number>>();

/** Fails if the audit has found anything in any root. An agent that the test has ended is not asked. */
export async function expectNoAuditFindings(agent: TestAgent): Promise<void> {
  if (agent.child.exitCode !== null || agent.child.signalCode !== null) return;
  // A test may have left it stopped.
  agent.kill('SIGCONT');
  const before = reported.get(agent);
  const roots = (await agent.request('/v1/roots')).json<RootStatus[]>();
  reported.set(agent, new Map(roots.map(({ path, auditFindings }) => [path, auditFindings])));
  const found = roots.filter(({ path, auditFindings }) => auditFindings > (before?.get(path) ?? 0));
  expect(found.map(({ path, backend }) => ({ 'found by the audit': path, backend }))).toEqual([]);
}
