// One name for all of it: devagent is agent-cli, and runs the agent as well.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { binaries, runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';

const program = binaries.devagent;

describe('devagent', () => {
  it('runs the agent in the foreground, and is the CLI to it', async () => {
    const agent = await startAgent({ program: [program, 'agent'] });
    const { env } = agent;
    expect(await runCli(['broadcast', 'hi'], { env, program })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^delivered to 0 of 0 clients/),
      stderr: '',
    });
    const { roots } = (await agent.request('/v1/status')).json<{ roots: { path: string }[] }>();
    expect(roots.map(({ path }) => path)).toEqual(agent.roots);
    // One signal is for the agent alone: it ends in order, and by its own exit code.
    expect(await agent.stop()).toEqual({ code: 0, signal: null });
    expect(agent.stderr).toContain('stopped');
  });

  it('gives the agent its flags, and its exit code', async () => {
    const refused = await runCli(['agent', '--settle', 'soon'], { program });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('agentd: ');
    const help = await runCli(['help', 'agent'], { program });
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('agentd [DIR…]') });
  });

  it('calls itself what it was called, also through a link', async () => {
    const link = join(temporaryDirectory(), 'devagent');
    symlinkSync(program, link);
    for (const [file, name, other] of [
      [program, 'devagent', 'agent-cli'],
      [link, 'devagent', 'agent-cli'],
      [binaries.cli, 'agent-cli', 'devagent '],
    ] as const) {
      const { stderr } = await runCli(['statu'], { program: file });
      expect(stderr).toBe(`${name}: there is no command "statu"\n  did you mean: ${name} status?\n`);
      const { stdout } = await runCli(['wait', '--help'], { program: file });
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`at=$(${name} sync); make & ${name} `);
      expect(stdout).not.toContain(other);
    }
  });
});
