// agent-cli and agentd as they are installed: real processes, a real socket.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { BroadcastAnswer, ClientInfo, Status } from '../shared/index.ts';
import { runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

describe('agent-cli broadcast', () => {
  it('sends its words to every client and says how many got them', async () => {
    const agent = shared();
    const { env } = agent;
    const one = await connect(agent);
    const two = await connect(agent, '', 'loopback');
    await connect(agent, 'topic=other');
    const result = await runCli(['broadcast', 'build', '007', 'help', '-5'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const [, cursor] = /^delivered to 2 of 2 clients \(([a-z0-9]+:\d+)\)\n$/.exec(result.stdout) ?? [];
    for (const client of [one, two]) {
      const message = await client.waitFor('the message', ({ type }) => type === 'message');
      expect(message).toMatchObject({ cursor, topic: 'message', from: 'cli', data: 'build 007 help -5' });
    }
  });

  it('sends JSON on a topic', async () => {
    const agent = shared();
    const { env } = agent;
    const client = await connect(agent, 'topic=build.*');
    const args = ['broadcast', '--topic', 'build.done', '--data', '{"ok":[true,null]}', '--json'];
    const result = await runCli(args, { env });
    const answer = JSON.parse(result.stdout) as BroadcastAnswer;
    expect(answer).toMatchObject({ matched: 1, delivered: 1, lagging: 0 });
    const message = await client.waitFor('the message', ({ type }) => type === 'message');
    expect(message).toMatchObject({ topic: 'build.done', data: { ok: [true, null] }, cursor: answer.cursor });
  });

  it('sends standard input, without the line break that the shell put behind it', async () => {
    const agent = shared();
    const { env } = agent;
    const client = await connect(agent);
    expect(await runCli(['broadcast', '-'], { env, input: 'first\nsecond – ✓\n' })).toMatchObject({
      code: 0,
    });
    expect(await runCli(['broadcast', '-'], { env, input: '' })).toMatchObject({ code: 0 });
    await until('both messages', () => client.messages.length === 2);
    expect(client.messages.map(({ data }) => data)).toEqual(['first\nsecond – ✓', '']);
  });

  it('sends what looks like a flag after --', async () => {
    const agent = shared();
    const client = await connect(agent);
    expect(await runCli(['broadcast', '--', '--topic', '-x'], { env: agent.env })).toMatchObject({ code: 0 });
    const message = await client.waitFor('the message', ({ type }) => type === 'message');
    expect(message).toMatchObject({ data: '--topic -x' });
  });

  it('sends once for one key', async () => {
    const agent = shared();
    const { env } = agent;
    const client = await connect(agent);
    const first = await runCli(['broadcast', '--key', 'k', 'hi'], { env });
    const second = await runCli(['broadcast', '--key', 'k', 'hi'], { env });
    expect(second).toEqual(first);
    await runCli(['broadcast', 'last'], { env });
    await until('the last message', () => client.messages.at(-1)?.data === 'last');
    expect(client.messages).toHaveLength(2);
  });

  it('says who lags, and exits 4 when waiting for them takes too long', async () => {
    const agent = shared();
    const { env } = agent;
    await connect(agent);
    const slow = await connect(agent);
    slow.ws.pause();
    const large = 'x'.repeat(1_000_000);
    await until('the slow client to lag', async () => (await agent.broadcast(large)).lagging > 0);
    const told = await runCli(['broadcast', 'hi'], { env });
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toMatch(/^delivered to [12] of 2 clients \(\S+\) — 1 lagging\n$/);

    const waited = await runCli(['broadcast', '--wait', '50', 'hi'], { env });
    expect(waited.code).toBe(4);
    expect(waited.stdout).toMatch(/^delivered to [12] of 2 clients \(\S+\) — 1 lagging\n$/);
    expect(waited.stderr).toContain('after 50 ms 1 of 2 clients still lagged');
    expect(waited.stderr).toContain('agent-cli clients');

    slow.ws.resume();
    const caughtUp = await runCli(['broadcast', '--wait', '10000', '--json', 'hi'], { env });
    expect(caughtUp).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(caughtUp.stdout)).toMatchObject({ matched: 2, delivered: 2, lagging: 0 });
  });

  it("shows the agent's word on a topic that can't be, and exits 1", async () => {
    const { env } = shared();
    for (const topic of ['file', 'agent.x', 'a b', 'a..b', '']) {
      const result = await runCli(['broadcast', '--topic', topic, 'x'], { env });
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(/^agent-cli: .*topic.*_topic\)\n$/);
    }
  });
});

describe('agent-cli status', () => {
  it('prints the status, for people and as JSON', async () => {
    const agent = shared();
    const { env } = agent;
    const readable = await runCli(['status'], { env });
    expect(readable).toMatchObject({ code: 0, stderr: '' });
    expect(readable.stdout).toContain(`pid ${agent.pid}`);
    expect(readable.stdout).toMatch(new RegExp(`^${agent.root} +ready `, 'm'));

    const json = await runCli(['status', '--json'], { env });
    const status = JSON.parse(json.stdout) as Status;
    expect(status).toMatchObject({ pid: agent.pid, protocol: 1, clients: 0, url: agent.runFile.url });
  });
});

describe('agent-cli clients', () => {
  it('lists who is connected', async () => {
    const agent = shared();
    const { env } = agent;
    expect(await runCli(['clients'], { env })).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: 'agent-cli: no client is connected\n',
    });
    expect((await runCli(['clients', '--json'], { env })).stdout).toBe('[]\n');

    const client = await connect(agent, 'name=vite&topic=build.>');
    const [heading, line] = (await runCli(['clients'], { env })).stdout.split('\n');
    expect(heading).toMatch(/^id +name +via +address +since +delivered +lag +gaps +filter$/);
    expect(line).toMatch(new RegExp(`^${client.hello.client} +vite +ws .* build\\.>$`));
    const listed = JSON.parse((await runCli(['clients', '--json'], { env })).stdout) as ClientInfo[];
    expect(listed).toMatchObject([{ id: client.hello.client, name: 'vite', filter: { topic: ['build.>'] } }]);
  });
});

describe('agent-cli stop', () => {
  it('stops the agent and returns when its socket is free again', async () => {
    const agent = await startAgent();
    const client = await connect(agent);
    const result = await runCli(['stop'], { env: agent.env });
    expect(result).toMatchObject({ code: 0, stdout: `stopped the agent "default" (pid ${agent.pid})\n` });
    expect(existsSync(agent.socket)).toBe(false);
    expect(await agent.exited).toEqual({ code: 0, signal: null });
    await until('the client to be closed', () => client.closed?.code === 1001);
    const again = await startAgent({ runtime: agent.runtime, state: agent.state });
    const json = await runCli(['stop', '--json'], { env: again.env });
    expect(JSON.parse(json.stdout)).toEqual({ name: 'default', pid: again.pid, stopped: true });
  });
});

describe('agent-cli url', () => {
  it('prints an address that the agent lets in', async () => {
    const { env, socket } = shared();
    const { stdout } = await runCli(['url'], { env });
    const url = new URL(stdout.trim());
    expect(`${url}`).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
    const status = await fetch(new URL(`/v1/status${url.search}`, url));
    expect(status.status).toBe(200);
    const json = JSON.parse((await runCli(['url', '--json'], { env })).stdout) as Record<string, string>;
    const token = url.searchParams.get('token');
    expect(json).toEqual({ url: url.href, origin: url.origin, token, socket });
  });

  it('says what to do without the token file', async () => {
    const agent = await startAgent();
    rmSync(join(agent.state, 'token'));
    const result = await runCli(['url'], { env: agent.env });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(/the token can't be read: .*\n.*AGENT_STATE_DIR/);
  });
});

describe('agent-cli url --open', () => {
  /** A program in place of the one that opens a browser. */
  function opener(script: string): Record<string, string> {
    const bin = temporaryDirectory();
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    return { PATH: `${bin}:${process.env['PATH']}` };
  }

  it('shows the dashboard in the browser, by a link that it prints as well', async () => {
    const agent = shared();
    const opened = join(temporaryDirectory(), 'opened');
    const env = { ...agent.env, ...opener(`echo "$@" >> '${opened}'`) };
    const text = await runCli(['url', '--open'], { env });
    expect(text).toMatchObject({ code: 0, stderr: '' });
    const json = await runCli(['url', '--open', '--json'], { env });
    const printed = JSON.parse(json.stdout) as Record<string, unknown>;
    expect(printed).toEqual({ url: expect.any(String), expiresInMs: 60_000 });
    expect(readFileSync(opened, 'utf8')).toBe(`${text.stdout}${String(printed['url'])}\n`);
    for (const url of [text.stdout.trim(), String(printed['url'])]) {
      const answer = await fetch(url, { redirect: 'manual' });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([303, expect.any(String)]);
    }
  });

  it('says so where no browser can be opened, and prints the link all the same', async () => {
    const agent = shared();
    const result = await runCli(['url', '--open'], { env: { ...agent.env, ...opener('exit 3') } });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?link=[\w-]{43}\n$/);
    expect(result.stderr).toMatch(/the browser could not be opened: \S+ ended with 3\n/);
  });
});

describe('the name of the agent', () => {
  it('is taken from --name, else from AGENT_NAME', async () => {
    const agent = await startAgent({ flags: ['--name', 'ci'] });
    const { env } = agent;
    expect(await runCli(['status', '--name', 'ci'], { env })).toMatchObject({ code: 0 });
    expect(await runCli(['--name=ci', 'status'], { env })).toMatchObject({ code: 0 });
    expect(await runCli(['status'], { env: { ...env, AGENT_NAME: 'ci' } })).toMatchObject({ code: 0 });
    const other = await runCli(['status', '--name', 'x'], { env: { ...env, AGENT_NAME: 'ci' } });
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('no agent named "x" is running: start one with: agentd DIR --name x');
    expect(await runCli(['status'], { env: { ...env, AGENT_NAME: '' } })).toMatchObject({ code: 3 });
  });
});
