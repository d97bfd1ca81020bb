// How an agent comes to life, that there is one of a name, and how it ends.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { connect as connectTo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultPort, limits } from '../shared/index.ts';
import { type AgentOptions, binaries, type Exit, startAgent, TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { connectRaw } from './support/raw-client.ts';
import { until } from './support/wait.ts';

const isRoot = process.getuid?.() === 0;
/** Several times what an agent may take. */
const endLimitMs = 15_000;
const onLinux = process.platform === 'linux';

/** How an agent ended, once all that it wrote has been read as well; undefined while it runs. */
function ended({ child }: TestAgent): Exit | undefined {
  const { exitCode: code, signalCode: signal } = child;
  return (code ?? signal) !== null && child.stderr?.readableEnded ? { code, signal } : undefined;
}

/** Waits for an agent's end; of one that never ends the error tells what it said last. */
function endOf(agent: TestAgent): Promise<Exit> {
  return until(
    () => `the agent to end: ${agent.stderr}`,
    () => ended(agent),
    endLimitMs,
  );
}

/** Starts an agent that is not expected to become ready, and waits for its end. */
async function refused(options: AgentOptions): Promise<{ code: number | null; stderr: string }> {
  const agent = await startAgent({ ...options, ready: false });
  const { code } = await endOf(agent);
  return { code, stderr: agent.stderr };
}

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

/** A tree of 20,000 files that takes a while to crawl. Links are made faster than files. */
function bigTree(): string {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'file'), '');
  for (let directory = 0; directory < 1_000; directory++) {
    mkdirSync(join(root, `d${directory}`));
    for (let link = 0; link < 20; link++) linkSync(join(root, 'file'), join(root, `d${directory}/f${link}`));
  }
  return root;
}

describe('ten agents started at the same moment', () => {
  /** Starts them, checks all that is promised, and gives the one that runs. */
  async function startTen(runtime: string, state: string): Promise<TestAgent> {
    const root = temporaryDirectory();
    const agents = await Promise.all(
      Array.from({ length: 10 }, () => startAgent({ roots: [root], runtime, state, ready: false })),
    );
    await until(
      () => `nine to exit: ${agents.map(({ stderr }) => stderr).join('')}`,
      () => agents.filter(ended).length >= 9,
    );
    const [winner, ...others] = agents.filter((agent) => !ended(agent)) as [TestAgent];
    expect(others).toEqual([]);
    await until('it to be ready', () => winner.stderr.includes(' ready '));
    expect((await winner.request('/v1/status')).json()).toMatchObject({ pid: winner.pid });
    expect(winner.runFile.pid).toBe(winner.pid);
    for (const loser of agents) {
      if (loser === winner) continue;
      expect(ended(loser)).toEqual({ code: 1, signal: null });
      expect(loser.stderr).toContain(`(pid ${winner.pid})`);
      expect(loser.stderr).toContain('agent-cli watch DIR');
    }
    // Neither a lock nor a half-written file stays behind.
    expect(readdirSync(runtime).filter((name) => /\.lock|\.tmp/.test(name))).toEqual([]);
    return winner;
  }

  it('one runs, nine exit 1 naming it; so, too, where it was killed', async () => {
    const directory = temporaryDirectory();
    const first = await startTen(join(directory, 'run'), join(directory, 'state'));
    first.kill('SIGKILL');
    await first.exited;
    expect(existsSync(first.socket)).toBe(true);
    expect(existsSync(join(first.runtime, 'default.json'))).toBe(true);
    const second = await startTen(first.runtime, first.state);
    expect((await second.stop()).code).toBe(0);
  });
});

describe('a second agent of the same name', () => {
  it('exits 1 and leaves the first, its clients and its files alone', async () => {
    const first = await startAgent();
    const client = await connect(first);
    const { code, stderr } = await refused({ ...first, roots: [temporaryDirectory()] });
    expect(code).toBe(1);
    expect(stderr).toContain(`(pid ${first.pid})`);
    expect(stderr).toContain('agent-cli watch DIR');
    expect(first.runFile.pid).toBe(first.pid);
    await first.broadcast('still there');
    await client.waitForMessages(1);
  });

  it('names the pid of one that does not answer, and how to end it', async () => {
    const first = await startAgent();
    first.kill('SIGSTOP');
    const { code, stderr } = await refused({ ...first });
    expect(code).toBe(1);
    expect(stderr).toContain(`kill ${first.pid}`);
  });
});

describe('a killed agent', () => {
  it('is replaced by the next, which owns socket and run file', async () => {
    const dead = await startAgent();
    const epoch = (await dead.broadcast('lost')).cursor.split(':')[0];
    dead.kill('SIGKILL');
    await dead.exited;
    expect(existsSync(dead.socket)).toBe(true);
    expect(dead.runFile.pid).toBe(dead.pid);

    const next = await startAgent({ ...dead });
    expect(next.runFile.pid).toBe(next.pid);
    expect(next.runFile).toEqual({
      pid: next.pid,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      version: expect.any(String),
      socket: next.socket,
      url: `http://127.0.0.1:${next.port}/`,
      roots: [next.root],
      args: ['--port=0'],
      logFile: join(next.state, 'default.log'),
    });
    const client = await connect(next);
    expect(client.hello.cursor.split(':')[0]).not.toBe(epoch);
    await next.broadcast('hello');
    await client.waitForMessages(1);
  });

  it('leaves nothing behind that outlives the next', async () => {
    const dead = await startAgent();
    dead.kill('SIGKILL');
    await dead.exited;
    const next = await startAgent({ ...dead });
    await next.stop();
    expect(readdirSync(dead.runtime)).toEqual([]);
  });
});

describe('an agent that is told to stop', () => {
  const ways: [string, (agent: TestAgent) => unknown][] = [
    ['by SIGTERM', (agent) => agent.kill('SIGTERM')],
    ['by SIGINT', (agent) => agent.kill('SIGINT')],
    ['by POST /v1/shutdown', (agent) => agent.request('/v1/shutdown', { method: 'POST' })],
  ];

  it.each(ways)('%s closes its clients with 1001, removes its files and exits 0', async (_way, stop) => {
    const agent = await startAgent();
    const local = await connect(agent);
    const loopback = await connect(agent, '', 'loopback');
    const lines = connectTo(agent.socket);
    let streamed = '';
    let lineStreamEnded = false;
    lines.setEncoding('utf8').on('data', (text: string) => {
      streamed += text;
    });
    lines.on('end', () => {
      lineStreamEnded = true;
    });
    lines.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until('the NDJSON stream to begin', () => streamed.includes('"hello"'));

    await agent.broadcast('the last word');
    await stop(agent);
    expect(await endOf(agent)).toEqual({ code: 0, signal: null });
    for (const client of [local, loopback]) {
      expect((await client.waitForClose()).code).toBe(1001);
      expect(client.messages.map(({ data }) => data)).toEqual(['the last word']);
    }
    await until('the NDJSON stream to end', () => lineStreamEnded);
    expect(streamed).toContain('the last word');
    // The empty chunk: it ended in order, and was not cut.
    expect(streamed).toMatch(/\r\n0\r\n\r\n$/);
    expect(readdirSync(agent.runtime)).toEqual([]);
  });

  it('takes no new clients while it goes', async () => {
    const agent = await startAgent();
    const { port } = agent;
    await connectRaw(agent.socket);
    agent.kill('SIGTERM');
    await until('it to be stopping', () => agent.stderr.includes(' stopping '));
    await until('its socket to be gone', () => !existsSync(agent.socket));
    const failure = await new Promise((resolve) => {
      const socket = connectTo(port, '127.0.0.1', () => resolve(undefined));
      cleanUpWith(() => void socket.destroy());
      socket.on('error', resolve);
    });
    expect(failure).toMatchObject({ code: 'ECONNREFUSED' });
    expect((await endOf(agent)).code).toBe(0);
  });

  it.each([
    ['does not answer the close frame', false],
    ['does not even read', true],
  ])('ends although a client %s', async (_what, paused) => {
    const agent = await startAgent();
    const client = await connectRaw(agent.socket);
    const other = await connect(agent);
    if (paused) {
      client.pause();
      const full = 'x'.repeat(64 * 1024);
      for (let sent = 0; sent < 40; sent++) await agent.broadcast(full);
    }
    agent.kill('SIGTERM');
    expect(await endOf(agent)).toEqual({ code: 0, signal: null });
    expect((await other.waitForClose()).code).toBe(1001);
    if (!paused) expect(client.closeCodes).toEqual([1001]);
    expect(readdirSync(agent.runtime)).toEqual([]);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once when %s comes a second time', async (signal, code) => {
    const agent = await startAgent();
    // It keeps the agent waiting for an answer to the close frame.
    await connectRaw(agent.socket);
    agent.kill(signal);
    await until('it to be stopping', () => agent.stderr.includes(' stopping '));
    agent.kill(signal);
    expect(await endOf(agent)).toEqual({ code, signal: null });
    expect(agent.stderr).not.toContain(' stopped');
    expect(readdirSync(agent.runtime)).toEqual([]);
  });

  it('leaves the files of its successor alone', async () => {
    const first = await startAgent();
    // It keeps the first one alive for a while after its socket is gone.
    await connectRaw(first.socket);
    first.kill('SIGTERM');
    await until('its socket to be gone', () => !existsSync(first.socket));
    const second = await startAgent({ ...first });
    expect((await endOf(first)).code).toBe(0);
    expect(second.runFile.pid).toBe(second.pid);
    expect((await second.request('/v1/status')).json()).toMatchObject({ pid: second.pid });
  });

  it('in the middle of its first crawl exits 0, whatever it watches with', async () => {
    const root = bigTree();
    for (const backend of ['directories', 'chokidar', 'polling']) {
      // A crawl may be over before the signal comes; then once more.
      await until(`a stop in the middle of a crawl by ${backend}`, async () => {
        const agent = await startAgent({ roots: [root], flags: ['--backend', backend], ready: false });
        agent.child.stderr?.on('data', () => {
          if (agent.stderr.includes(' backend chosen ') && !agent.child.killed) agent.kill('SIGTERM');
        });
        expect(await endOf(agent)).toEqual({ code: 0, signal: null });
        expect(readdirSync(agent.runtime)).toEqual([]);
        return !agent.stderr.includes('root ready');
      });
    }
  });

  it('before it has the lock ends as soon as it gets it', async () => {
    const directory = temporaryDirectory();
    const runtime = join(directory, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    // As another agent has it that is starting: here this process, which lives.
    const lock = join(runtime, 'default.lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, id: '0123456789abcdef' }), { mode: 0o600 });
    let tried = false;
    const watcher = watch(runtime, () => {
      tried = true;
    });
    cleanUpWith(() => watcher.close());
    const agent = await startAgent({ runtime, state: join(directory, 'state'), ready: false });
    await until('it to try for the lock', () => tried);
    agent.kill('SIGTERM');
    await until('it to be stopping', () => agent.stderr.includes(' stopping '));
    rmSync(lock);
    expect(await endOf(agent)).toEqual({ code: 0, signal: null });
    expect(readdirSync(runtime)).toEqual([]);
  });
});

describe('an error that nobody foresaw', () => {
  it('ends the agent with 70, logged, its files removed', async () => {
    const agent = await startAgent({
      env: {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
          'process.on("SIGUSR2", () => { throw new Error("unforeseen"); });',
        )}`,
      },
    });
    const client = await connect(agent);
    agent.kill('SIGUSR2');
    expect(await endOf(agent)).toEqual({ code: 70, signal: null });
    await client.waitForClose();
    expect(agent.logLines.at(-1)).toMatchObject({
      level: 'error',
      event: 'crashed',
      error: { message: 'unforeseen', stack: expect.stringContaining('unforeseen') },
    });
    expect(readdirSync(agent.runtime)).toEqual([]);
  });
});

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

describe('--idle-exit', () => {
  it('ends no agent that was asked to watch a directory, until it is watched no longer', async () => {
    const idleMs = 1_000;
    const agent = await startAgent({ flags: ['--idle-exit', String(idleMs)], ready: false });
    await until('it to listen', () => agent.stderr.includes('listening'));
    const path = temporaryDirectory();
    await agent.request('/v1/roots', { method: 'POST', body: JSON.stringify({ path }) });
    // Here time itself is what is waited for.
    const end = performance.now() + 1.5 * idleMs;
    await until('more than the idle time to pass', () => performance.now() > end);
    expect(agent.child.exitCode).toBeNull();
    await agent.request(`/v1/roots?path=${encodeURIComponent(path)}`, { method: 'DELETE' });
    expect(await endOf(agent)).toEqual({ code: 0, signal: null });
  });

  it('ends an agent that nobody uses, but none with a client', async () => {
    const idleMs = 1_000;
    const agent = await startAgent({ flags: ['--idle-exit', String(idleMs)], ready: false });
    // The file is there a moment before anybody may connect to it.
    await until('it to listen', () => agent.stderr.includes('listening'));
    const client = await connect(agent);
    // Here time itself is what is waited for.
    const end = performance.now() + 1.5 * idleMs;
    await until('more than the idle time to pass', () => performance.now() > end);
    expect(agent.child.exitCode).toBeNull();
    client.ws.close();
    expect(await endOf(agent)).toEqual({ code: 0, signal: null });
    expect(agent.logLines).toContainEqual(
      expect.objectContaining({ event: 'stopping', reason: 'nobody used it' }),
    );
    expect(readdirSync(agent.runtime)).toEqual([]);
  });
});
