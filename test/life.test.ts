// How an agent comes to life, that there is one of a name, and how it ends.
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { ended, endOf, refused } from './support/ends.ts';
import { connectRaw } from './support/raw-client.ts';
import { until } from './support/wait.ts';

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

describe('five agents started at the same moment', () => {
  /** Starts them, checks all that is promised, and gives the one that runs. */
  async function startFive(runtime: string, state: string): Promise<TestAgent> {
    const root = temporaryDirectory();
    const agents = await Promise.all(
      Array.from({ length: 5 }, () => startAgent({ roots: [root], runtime, state, ready: false })),
    );
    await until(
      () => `four to exit: ${agents.map(({ stderr }) => stderr).join('')}`,
      () => agents.filter(ended).length >= 4,
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

  it('one runs, four exit 1 naming it; so, too, where it was killed', async () => {
    const directory = temporaryDirectory();
    const first = await startFive(join(directory, 'run'), join(directory, 'state'));
    first.kill('SIGKILL');
    await first.exited;
    expect(existsSync(first.socket)).toBe(true);
    expect(existsSync(join(first.runtime, 'default.json'))).toBe(true);
    const second = await startFive(first.runtime, first.state);
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
    expect(client.hello.cursor.split(':')[0]).toBe(epoch);
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
    for (const backend of ['directories', 'recursive', 'chokidar', 'polling']) {
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
