// What an agent takes for itself, and how it says that it can not: directory, socket, token, port.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultPort, limits } from '../shared/index.ts';
import { binaries, startAgent, TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { refused } from './support/ends.ts';
import { until } from './support/wait.ts';

const isRoot = process.getuid?.() === 0;
const onLinux = process.platform === 'linux';

/** Starts an agent as somebody does who names no port. */
async function startWithoutPort(flags: readonly string[], place: TestAgent): Promise<TestAgent> {
  const child = spawn(process.execPath, [binaries.agentd, place.root, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...place.env },
  });
  const agent = new TestAgent(child, place.roots, place.runtime, place.state, flags[1] ?? 'default');
  cleanUpWith(async () => {
    child.kill('SIGKILL');
    await agent.exited;
  });
  await until(
    () => `the agent to be ready: ${agent.stderr}`,
    () => agent.stderr.includes(' ready '),
  );
  return agent;
}

describe('the runtime directory', () => {
  it('is made for its owner alone, and so are the files in it', async () => {
    const agent = await startAgent();
    expect(statSync(agent.runtime).mode & 0o777).toBe(0o700);
    expect(statSync(agent.socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(agent.runtime, 'default.json')).mode & 0o777).toBe(0o600);
  });

  it('that others can enter is refused, with what to do', async () => {
    const runtime = join(temporaryDirectory(), 'run');
    mkdirSync(runtime);
    chmodSync(runtime, 0o755);
    const { code, stderr } = await refused({ runtime });
    expect(code).toBe(1);
    expect(stderr).toContain(`${runtime} can be entered by others (mode 755)`);
    expect(stderr).toContain(`chmod 700 ${runtime}`);
    expect(readdirSync(runtime)).toEqual([]);
  });

  it.each(['', '/'])('that is a symbolic link is refused, written with "%s" at the end', async (end) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'real'), { mode: 0o700 });
    symlinkSync(join(directory, 'real'), join(directory, 'link'));
    // Joined by hand, for join() would take the slash away.
    const { code, stderr } = await refused({ runtime: `${directory}/link${end}` });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('is a symbolic link') });
    expect(readdirSync(join(directory, 'real'))).toEqual([]);
  });

  it.each(['', '/run'])('that can not be one is refused: a file, with "%s" after it', async (rest) => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await refused({ runtime: `${file}${rest}` });
    expect(stderr).toContain(`${file}${rest}`);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  // Only root can give a directory away.
  (isRoot ? it : it.skip)('of another user is refused (needs root)', async () => {
    const runtime = join(temporaryDirectory(), 'run');
    mkdirSync(runtime, { mode: 0o700 });
    chownSync(runtime, 65_534, 65_534);
    const { code, stderr } = await refused({ runtime });
    expect(code).toBe(1);
    expect(stderr).toContain(`${runtime} belongs to the user 65534, not to you (0)`);
  });
});

describe('the path of the socket', () => {
  const limit = process.platform === 'darwin' ? limits.socketPathBytes.darwin : limits.socketPathBytes.linux;

  /** A runtime directory in which `default.sock` has a path of `bytes` bytes. */
  function runtimeFor(bytes: number): string {
    const parent = temporaryDirectory();
    return join(parent, 'r'.repeat(bytes - Buffer.byteLength(parent) - '//default.sock'.length));
  }

  it('is taken up to the limit', async () => {
    const agent = await startAgent({ runtime: runtimeFor(limit) });
    expect(Buffer.byteLength(agent.socket)).toBe(limit);
    expect(existsSync(agent.socket)).toBe(true);
    const client = await connect(agent);
    expect(client.hello.roots).toEqual([agent.root]);
  });

  it('is refused beyond it, naming the path and the limit', async () => {
    const runtime = runtimeFor(limit + 1);
    const { code, stderr } = await refused({ runtime });
    expect(code).toBe(1);
    expect(stderr).toContain(join(runtime, 'default.sock'));
    expect(stderr).toContain(`the limit is ${limit}`);
    expect(readdirSync(dirname(runtime))).toEqual([]);
  });
});

describe('the token', () => {
  it('is made once, for its owner alone, and stays the same', async () => {
    const first = await startAgent();
    const { token } = first;
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(statSync(join(first.state, 'token')).mode & 0o777).toBe(0o600);
    await first.stop();
    const second = await startAgent({ ...first });
    expect(second.token).toBe(token);
    expect((await second.request('/v1/status', { plane: 'loopback' })).status).toBe(200);
    expect((await startAgent()).token).not.toBe(token);
  });

  it('stands in no log line, no run file and no process title', async () => {
    const agent = await startAgent({ flags: ['--log-level', 'debug'] });
    const { token } = agent;
    const wrong = 'W'.repeat(43);
    const withToken = (path: string, value: string) =>
      agent.request(`${path}?token=${value}`, { plane: 'loopback', headers: { authorization: '' } });
    expect((await withToken('/v1/status', token)).status).toBe(200);
    expect((await withToken('/v1/nothing', token)).status).toBe(404);
    expect((await withToken('/v1/status', wrong)).status).toBe(401);
    await connect(agent, `token=${token}`, 'loopback');
    await agent.broadcast('to be logged');
    const processFiles = onLinux ? ['cmdline', 'comm'].map((name) => `/proc/${agent.pid}/${name}`) : [];
    const files = [...processFiles, join(agent.runtime, 'default.json')];
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain(token);
    await agent.stop();
    const logged = agent.stderr + readFileSync(join(agent.state, 'default.log'), 'utf8');
    expect(logged).toContain('message goes to client');
    expect(logged).not.toContain(token);
    expect(logged).not.toContain(wrong);
  });
});

describe('agents of two names', () => {
  it('run side by side; the second falls back to a free port, and says so', async () => {
    const place = await startAgent({ flags: ['--name', 'place'] });
    const first = await startWithoutPort(['--name', 'first'], place);
    const second = await startWithoutPort(['--name', 'second'], place);
    // Whoever has the default port: the second can't.
    expect(second.port).not.toBe(defaultPort);
    expect(second.port).not.toBe(first.port);
    expect(second.logLines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        event: 'default port taken, using a free one',
        port: defaultPort,
      }),
    );
    for (const agent of [first, second]) {
      const answer = await agent.request('/v1/status', { plane: 'loopback' });
      expect(answer.json()).toMatchObject({ pid: agent.pid, url: `http://127.0.0.1:${agent.port}/` });
      expect((await agent.request('/v1/status')).json()).toMatchObject({ pid: agent.pid });
    }
    const client = await connect(second);
    await first.broadcast('to the first');
    await second.broadcast('to the second');
    await client.waitForMessages(1);
    expect(client.messages.map(({ data }) => data)).toEqual(['to the second']);
    expect((await first.stop()).code).toBe(0);
    expect((await second.request('/v1/status')).json()).toMatchObject({ pid: second.pid });
  });

  it('but a port that was asked for and is taken ends the agent, with what to do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    cleanUpWith(() => void holder.close());
    await until('the port to be taken', () => holder.listening);
    const { port } = holder.address() as { port: number };
    const place = { runtime: join(temporaryDirectory(), 'run') };
    const { code, stderr } = await refused({ ...place, flags: ['--port', String(port)] });
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port} is taken: choose another with --port`);
    expect(readdirSync(place.runtime)).toEqual([]);
  });
});

describe('an address that can not be had', () => {
  it('ends the agent, with why and what to do', async () => {
    const runtime = join(temporaryDirectory(), 'run');
    // Of the addresses that are for examples, and so no machine's.
    const flags = ['--host', '192.0.2.1', '--allow-remote'];
    const { code, stderr } = await refused({ runtime, flags });
    expect(code).toBe(1);
    expect(stderr).toContain("can't listen on 192.0.2.1:0: this machine has no such address");
    expect(stderr).toContain('--host');
    expect(readdirSync(runtime)).toEqual([]);
  });
});
