// `agent-cli store`: what is kept, and how to be rid of it.
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';

it('shows the store, and removes it once no agent has it', async () => {
  const agent = await startAgent();
  const { env } = agent;
  const path = join(agent.state, 'default.store');
  await agent.broadcast('secret');
  const shown = await runCli(['store'], { env });
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(path)]);
  const refused = await runCli(['store', '--clear'], { env });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('agent-cli stop')]);
  expect(readdirSync(path)).not.toEqual([]);
  await agent.stop();
  const cleared = await runCli(['store', '--clear', '--json'], { env });
  expect(JSON.parse(cleared.stdout)).toEqual({ path, removed: true });
  expect(existsSync(path)).toBe(false);
  expect((await runCli(['store', '--clear'], { env })).stdout).toBe(`there is no ${path}\n`);
});

it('removes nothing that another agent of this machine is using, and nothing through a link', async () => {
  const agent = await startAgent();
  const path = join(agent.state, 'default.store');
  const env = { ...agent.env, AGENT_RUNTIME_DIR: join(temporaryDirectory(), 'run') };
  const refused = await runCli(['store', '--clear'], { env });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`the process ${agent.pid} `)]);
  await agent.stop();
  const elsewhere = temporaryDirectory();
  writeFileSync(join(elsewhere, 'mine'), '');
  rmSync(path, { recursive: true });
  symlinkSync(elsewhere, path);
  await runCli(['store', '--clear'], { env: agent.env });
  expect(readdirSync(elsewhere)).toEqual(['mine']);
});
