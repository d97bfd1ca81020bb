// agent-cli wait and sync: what scripts stop at until something has happened.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { binaries, runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { type CliProcess, startCli } from './support/cli-process.ts';
import { parseCliJson } from './support/cli-schemas.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { serveHttp } from './support/socket-server.ts';
import { until } from './support/wait.ts';

/** Starts wait and waits until the agent lists it. */
async function startWait(agent: TestAgent, ...args: string[]): Promise<CliProcess> {
  const waiting = async (): Promise<string[]> =>
    (await agent.request('/v1/clients'))
      .json<ClientInfo[]>()
      .filter(({ name }) => name === 'agent-cli wait')
      .map(({ id }) => id);
  const before = await waiting();
  const wait = startCli(['wait', ...args], { env: agent.env });
  await until(
    () => `wait to be connected: ${wait.stderr}`,
    // One that has just ended may still be listed.
    async () => (await waiting()).some((id) => !before.includes(id)),
  );
  return wait;
}

const shared = sharedAgent();

describe('agent-cli wait', () => {
  it('ends with the first event, and prints that alone', async () => {
    const agent = shared();
    const wait = await startWait(agent);
    await agent.broadcast('one', 'build.done');
    await agent.broadcast('two');
    expect(await wait.exited).toEqual({ code: 0, signal: null });
    expect(wait.stdout).toMatch(/^[\d:.]{12} {2}message {4}build\.done from http: one\n$/);
    expect(wait.stderr).toBe('');
  });

  it('passes over what its filter does not take', async () => {
    const agent = shared();
    const args = ['--match', '**/*.ts', '--ignore', '**/b.*', '--root', agent.root, '--format', 'text'];
    const wait = await startWait(agent, ...args);
    // Globs are about files: a message does not end it.
    await agent.broadcast('hi');
    for (const name of ['a.js', 'b.ts', 'c.ts']) {
      writeFileSync(join(agent.root, name), 'x');
      await agent.sync();
    }
    expect(await wait.exited).toEqual({ code: 0, signal: null });
    expect(wait.stdout).toBe('add c.ts\n');
  });

  it('waits for messages and files alike where topics say so', async () => {
    const agent = shared();
    const args = ['--topic', 'file', '--topic', 'build.*', '--match', '*.ts', '--json'];
    const wait = await startWait(agent, ...args);
    await agent.broadcast('no', 'other');
    writeFileSync(join(agent.root, 'a.js'), 'x');
    await agent.sync();
    await agent.broadcast({ ok: true }, 'build.done');
    expect(await wait.exited).toEqual({ code: 0, signal: null });
    expect(parseCliJson('wait', wait.stdout)).toMatchObject([{ topic: 'build.done', data: { ok: true } }]);
  });

  it('looks at what happened after --since first', async () => {
    const agent = shared();
    const since = await agent.sync();
    writeFileSync(join(agent.root, 'a.ts'), 'x');
    await agent.sync();
    const args = ['wait', '--since', since, '--match', '*.ts', '--format', 'text', '--timeout', '10000'];
    expect(await runCli(args, { env: agent.env })).toMatchObject({
      code: 0,
      stdout: 'add a.ts\n',
      stderr: '',
    });
  });

  it('exits 4 when the time is over', async () => {
    const agent = shared();
    const wait = startCli(['wait', '--timeout', '50', '--json', '--topic', 'a'], { env: agent.env });
    expect(await wait.exited).toEqual({ code: 4, signal: null });
    expect(wait).toMatchObject({ stdout: '', stderr: 'agent-cli: nothing came within 50 ms\n' });
  });

  it('lives through a restart of the agent, and says what may have been lost', async () => {
    const agent = await startAgent();
    const { runtime, state, roots } = agent;
    const wait = await startWait(agent, '--json', '--match', 'b.ts');
    agent.kill('SIGKILL');
    await wait.said('lost the agent "default"');
    const next = await startAgent({ runtime, state, roots });
    await wait.said('lost: nobody saw what changed for a while; the differences on disk follow');
    writeFileSync(join(next.root, 'b.ts'), 'x');
    expect(await wait.exited).toEqual({ code: 0, signal: null });
    expect(parseCliJson('wait', wait.stdout)).toMatchObject([{ type: 'file', changes: [{ path: 'b.ts' }] }]);
  });

  it('has the exit code of what ends it', async () => {
    const agent = shared();
    const wait = await startWait(agent);
    wait.child.kill('SIGINT');
    expect(await wait.exited).toEqual({ code: 130, signal: null });
    const disconnected = await startWait(agent, '--timeout', '30000');
    const client = (await agent.request('/v1/clients')).json<ClientInfo[]>().at(-1);
    await agent.request(`/v1/clients/${client?.id}`, { method: 'DELETE' });
    expect(await disconnected.exited).toEqual({ code: 1, signal: null });
    const refused = await runCli(['wait', '--since', 'nonsense'], { env: agent.env });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('"since"');
  });

  it('exits 3 without an agent that it may not start', async () => {
    const env = { AGENT_RUNTIME_DIR: temporaryDirectory() };
    const result = await runCli(['wait', '--no-start'], { env });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('no agent named "default" is running');
  });

  it('exits 2 for two formats at once', async () => {
    const result = await runCli(['wait', '--json', '--format', 'text']);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('give one of them');
  });

  it.each([
    [['--timeout', '0'], '--timeout takes a whole number from 1 to 86400000'],
    [['--timeout', 'soon'], '--timeout takes a whole number'],
    [['--format', 'xml'], '--format takes text or json'],
    [['x'], '"wait" takes no arguments'],
  ])('%j exits 2', async (args, words) => {
    const result = await runCliHere(['wait', ...args], {});
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });
});

describe('agent-cli sync', () => {
  it('returns once the changes before it are told, with a cursor to go on from', async () => {
    const agent = await startAgent({ flags: ['--settle', '50'] });
    const before = await agent.sync();
    writeFileSync(join(agent.root, 'a.ts'), 'x');
    const sync = await runCli(['sync', '--timeout', '20000'], { env: agent.env });
    expect(sync).toMatchObject({ code: 0, stderr: '' });
    const args = ['wait', '--since', before, '--timeout', '10000', '--json'];
    const [event] = parseCliJson('wait', (await runCli(args, { env: agent.env })).stdout);
    expect(sync.stdout).toBe(`${event?.cursor}\n`);
  });

  it('holds a script up, or ends it', async () => {
    const agent = await startAgent();
    const script = `"${process.execPath}" "${binaries.cli}" sync > /dev/null && echo made`;
    const run = (env: Readonly<Record<string, string>>) =>
      spawnSync('sh', ['-c', script], { env: { ...process.env, ...env }, encoding: 'utf8' });
    expect(run(agent.env)).toMatchObject({ status: 0, stdout: 'made\n' });
    await agent.stop();
    expect(run(agent.env)).toMatchObject({ status: 3, stdout: '' });
  });

  it('exits 4 when the agent gives up, and lets it take as long as --timeout says', async () => {
    const asked: (string | undefined)[] = [];
    const problem = {
      type: 'about:blank',
      title: 'x',
      status: 504,
      code: 'sync_timeout',
      detail: 'not in step',
    };
    const { env } = await serveHttp((request, response) => {
      asked.push(request.url);
      response.writeHead(request.url?.startsWith('/v1/sync') ? 504 : 200, {
        'content-type': 'application/problem+json',
      });
      response.end(JSON.stringify(problem));
    });
    const result = await runCli(['sync', '--timeout', '70', '--json'], { env });
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toContain('agent-cli: not in step (sync_timeout)\n');
    expect(asked).toContain('/v1/sync?timeout=70');
  });

  it.each([
    [['--timeout', '-1'], '--timeout takes a whole number'],
    [['now'], '"sync" takes no arguments'],
  ])('%j exits 2', async (args, words) => {
    const result = await runCliHere(['sync', ...args], {});
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });
});
