// agent-cli where the files that it is asked about are ignored.
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { runCli, type TestAgent } from './support/agent.ts';
import { startCli } from './support/cli-process.ts';
import { fill, write } from './support/ignoring-root.ts';
import { startOn } from './support/on.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

async function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return (await agent.request('/v1/clients')).json<ClientInfo[]>();
}

describe('agent-cli in a repository that ignores dist', () => {
  it("waits for dist with --match 'dist/**'", async () => {
    const agent = shared();
    await fill(agent);
    const wait = startCli(['wait', '--match', 'dist/**', '--format', 'text'], {
      env: agent.env,
      cwd: agent.root,
    });
    await until(
      () => `it to be connected: ${wait.stderr}`,
      async () => (await clientsOf(agent)).length === 1,
    );
    write(agent, 'src/b.ts');
    write(agent, 'dist/js/b.js');
    expect(await wait.exited).toEqual({ code: 0, signal: null });
    expect(wait.stdout).toBe('add dist/js/b.js\n');
  });

  it('runs a command on dist', async () => {
    const agent = shared();
    await fill(agent);
    const on = await startOn(agent, ['dist', '--', 'echo "changed: $AGENT_CHANGED"']);
    write(agent, 'src/b.ts');
    await agent.sync();
    write(agent, 'dist/js/b.js');
    await on.line('the run', (line) => line === 'changed: dist/js/b.js');
  });

  it('lists and follows everything with --ignored', async () => {
    const agent = shared();
    await fill(agent);
    const run = (...args: string[]) => runCli(args, { env: agent.env, cwd: agent.root });
    expect((await run('files')).stdout).not.toContain('dist');
    expect((await run('files', '--ignored')).stdout.split('\n')).toEqual(
      expect.arrayContaining(['dist/js/a.js', 'build/b.o']),
    );
    const tail = startCli(['tail', '--ignored', '--format', 'text', '--limit', '1'], {
      env: agent.env,
      cwd: agent.root,
    });
    await until(
      () => `it to be connected: ${tail.stderr}`,
      async () => (await clientsOf(agent)).length === 1,
    );
    write(agent, 'build/d.o');
    expect(await tail.exited).toEqual({ code: 0, signal: null });
    expect(tail.stdout).toBe('add build/d.o\n');
  });
});
