// What cleans up temporary directories, as systemd-tmpfiles does, takes an agent's files from it while it lives.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { connect } from './support/client.ts';
import { until } from './support/wait.ts';

/** A good deal more than the 5 s in which it notices, for a machine under load. */
const noticeMs = 20_000;

const runFile = (agent: TestAgent): string => join(agent.runtime, 'default.json');

/** Waits until an agent answers at its socket. */
function answers(agent: TestAgent): Promise<unknown> {
  return until(
    () => `the agent to answer: ${agent.stderr}`,
    async () =>
      existsSync(runFile(agent)) &&
      (await agent.request('/v1/status').then(
        (answer) => answer.json<{ pid: number }>().pid === agent.pid,
        () => false,
      )),
    noticeMs,
  );
}

describe('an agent whose files are swept away', () => {
  it('is found again, and loses no client and no event', async () => {
    const sweeps: ((agent: TestAgent) => void)[] = [
      (agent) => rmSync(agent.socket),
      (agent) => rmSync(runFile(agent)),
      (agent) => rmSync(agent.runtime, { recursive: true }),
    ];
    const one = async (sweep: (agent: TestAgent) => void): Promise<void> => {
      const agent = await startAgent();
      const client = await connect(agent, 'topic=file');
      sweep(agent);
      writeFileSync(join(agent.root, 'meanwhile'), '');
      await answers(agent);
      expect(agent.runFile.pid).toBe(agent.pid);
      expect(statSync(agent.runtime).mode & 0o777).toBe(0o700);
      expect(statSync(agent.socket).mode & 0o777).toBe(0o600);
      const { code, stderr } = await runCli(['sync'], { env: agent.env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      writeFileSync(join(agent.root, 'afterwards'), '');
      for (const path of ['meanwhile', 'afterwards'])
        await client.waitFor(path, (frame) => JSON.stringify(frame).includes(`"${path}"`));
      expect(agent.stderr).toMatch(/(socket|run file) is gone/);
      expect(await agent.stop()).toMatchObject({ code: 0 });
      expect(readdirSync(agent.runtime)).toEqual([]);
    };
    await Promise.all(sweeps.map(one));
  });

  it('ends and says so when another has come, and takes nothing of it away', async () => {
    const first = await startAgent();
    rmSync(first.socket);
    const second = await startAgent({ runtime: first.runtime });
    expect(await first.exited).toMatchObject({ code: 1 });
    expect(first.stderr).toContain(`is already running (pid ${second.pid})`);
    expect(second.runFile.pid).toBe(second.pid);
    await second.sync();
    expect((await runCli(['sync'], { env: second.env })).code).toBe(0);
    expect(await second.stop()).toMatchObject({ code: 0 });
    expect(readdirSync(second.runtime)).toEqual([]);
  });

  it('takes nothing of another away either when it is told to end before it noticed', async () => {
    const first = await startAgent();
    rmSync(first.runtime, { recursive: true });
    const second = await startAgent({ runtime: first.runtime });
    expect(await first.stop()).toMatchObject({ code: expect.any(Number) });
    // On a slow machine it has noticed, and the two wrote the run file in turns: then the second one does once more.
    await answers(second);
    expect(second.runFile.pid).toBe(second.pid);
    await second.sync();
    expect((await runCli(['sync'], { env: second.env })).code).toBe(0);
  });

  it('ends and says so when it can not be found any more', async () => {
    const replaced = await startAgent();
    const opened = await startAgent();
    rmSync(replaced.runtime, { recursive: true });
    writeFileSync(replaced.runtime, 'mine');
    rmSync(opened.runtime, { recursive: true });
    mkdirSync(opened.runtime, { mode: 0o755 });

    expect(await replaced.exited).toMatchObject({ code: 1 });
    expect(replaced.stderr).toContain(`agentd: the runtime directory ${replaced.runtime} is not a directory`);
    expect(readFileSync(replaced.runtime, 'utf8')).toBe('mine');
    expect(await opened.exited).toMatchObject({ code: 1 });
    expect(opened.stderr).toContain('can be entered by others');
    expect(readdirSync(opened.runtime)).toEqual([]);
  });
});
