import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type InstancePaths, instancePaths } from '../../shared/index.ts';
import { claimSocket } from './claim-socket.ts';
import { endFixtures, Fixture } from './fixtures/processes.ts';
import { writeRunFile } from './run-file.ts';

describe('claimSocket', () => {
  let runtime: string;
  let paths: InstancePaths;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  beforeEach(() => {
    // mkdtemp makes it private, as a runtime directory has to be.
    runtime = mkdtempSync(join(tmpdir(), 'da-claim-'));
    paths = instancePaths('default', { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: runtime });
  });

  afterEach(async () => {
    await endFixtures();
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) {
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
    rmSync(runtime, { recursive: true });
  });

  function keep<T extends Server>(server: T): T {
    servers.push(server);
    return server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
  }

  const agent = (answer: RequestListener): Server => keep(createHttpServer(answer));

  /** Something that takes connections and never says a word. */
  const mute = (): Server => keep(createServer());

  function writeOwnRunFile(pid: number): void {
    writeRunFile(paths.runFile, {
      pid,
      startedAt: '2030-01-01T00:00:00.000Z',
      version: '1.2.3',
      socket: paths.socket,
      url: '',
      roots: [],
    });
  }

  async function startFixture(): Promise<Fixture> {
    const fixture = new Fixture('claim', [], { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: runtime });
    expect(await fixture.line()).toBe('ready');
    return fixture;
  }

  async function startAgent(): Promise<Fixture> {
    const fixture = await startFixture();
    fixture.go();
    expect(await fixture.line()).toBe('claimed');
    return fixture;
  }

  it('listens at a private socket, makes its directory, and leaves no lock', async () => {
    const inside = join(runtime, 'made');
    paths = instancePaths('default', { AGENT_RUNTIME_DIR: inside, AGENT_STATE_DIR: runtime });
    await claimSocket(mute(), paths);
    expect(readdirSync(inside)).toEqual(['default.sock']);
    expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
    const client = connect(paths.socket);
    await once(client, 'connect');
    client.destroy();
  });

  it('refuses a runtime directory that others can enter', async () => {
    chmodSync(runtime, 0o755);
    await expect(claimSocket(mute(), paths)).rejects.toMatchObject({ code: 'directory_not_private' });
    expect(readdirSync(runtime)).toEqual([]);
  });

  it('names the running agent and what to do instead', async () => {
    const running = await startAgent();
    await expect(claimSocket(mute(), paths)).rejects.toMatchObject({
      code: 'agent_running',
      message: `an agent named "default" is already running (pid ${running.pid}): add directories to it with "agent-cli watch DIR", or start another beside it with "agentd --name NAME"`,
    });
  });

  it('names the instance in the advice, unless it is the default one', async () => {
    paths = instancePaths('web', { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: runtime });
    await claimSocket(
      agent((_request, response) => response.end('{"pid":4711}')),
      paths,
    );
    await expect(claimSocket(mute(), paths)).rejects.toThrow(
      'an agent named "web" is already running (pid 4711): add directories to it with "agent-cli watch DIR --name web"',
    );
  });

  it('takes over the socket of an agent that crashed', async () => {
    const crashed = await startAgent();
    await crashed.crash();
    expect(readdirSync(runtime)).toEqual(['default.sock']);
    await claimSocket(
      agent((_request, response) => response.end('{"pid":4711}')),
      paths,
    );
    await expect(claimSocket(mute(), paths)).rejects.toThrow(/pid 4711/);
  });

  it('takes over with the lock of an agent that crashed while starting', async () => {
    const holder = new Fixture('hold-lock', [paths.lockFile]);
    expect(await holder.line()).toBe('held');
    await expect(claimSocket(mute(), paths, { lockMs: 50 })).rejects.toMatchObject({ code: 'lock_held' });
    await holder.crash();
    await claimSocket(mute(), paths);
    expect(readdirSync(runtime)).toEqual(['default.sock']);
  });

  it('lets exactly one of ten win that find a dead socket at once', async () => {
    const crashed = await startAgent();
    await crashed.crash();
    const fixtures = await Promise.all(Array.from({ length: 10 }, startFixture));
    for (const fixture of fixtures) fixture.go();
    const answers = new Map<Fixture, string>();
    for (const fixture of fixtures) answers.set(fixture, await fixture.line());
    const winners = fixtures.filter((fixture) => answers.get(fixture) === 'claimed');
    expect(winners).toHaveLength(1);
    for (const fixture of fixtures) {
      if (winners.includes(fixture)) continue;
      expect(answers.get(fixture)).toContain(
        `agent_running an agent named "default" is already running (pid ${winners[0]?.pid})`,
      );
    }
    expect(readdirSync(runtime)).toEqual(['default.sock']);
  });

  it('says how to stop an agent that hangs', async () => {
    const hung = await startAgent();
    writeOwnRunFile(hung.pid);
    hung.child.kill('SIGSTOP');
    await expect(claimSocket(mute(), paths, { statusMs: 100 })).rejects.toMatchObject({
      code: 'agent_running',
      message: `an agent named "default" is already running (pid ${hung.pid}) but does not answer: try "agent-cli watch DIR", or stop it with "kill ${hung.pid}" ("kill -9 ${hung.pid}" if that does not help) and start again`,
    });
  });

  it('does not name a process that has ended as the one that hangs', async () => {
    const ended = await startAgent();
    await ended.crash();
    writeOwnRunFile(ended.pid);
    await claimSocket(mute(), paths);
    await expect(claimSocket(mute(), paths, { statusMs: 100 })).rejects.toThrow(
      `(pid unknown) but does not answer: try "agent-cli watch DIR", or stop the process that has ${paths.socket} open`,
    );
  });

  it.each([
    ['no JSON', 'hello'],
    ['no pid', '{"pid":"1"}'],
  ])('counts an answer that no agent gives as none: %s', async (_what, answer) => {
    await claimSocket(
      agent((_request, response) => response.end(answer)),
      paths,
    );
    await expect(claimSocket(mute(), paths)).rejects.toThrow(/does not answer/);
  });

  it('takes over from an agent that ends while it is asked', async () => {
    const ending = agent((request) => {
      ending.close();
      request.socket.destroy();
    });
    await claimSocket(ending, paths);
    await claimSocket(
      agent((_request, response) => response.end('{"pid":4711}')),
      paths,
    );
    await expect(claimSocket(mute(), paths)).rejects.toThrow(/pid 4711/);
  });

  it('gives up on a listener that cuts every connection', async () => {
    await claimSocket(
      agent((request) => request.socket.destroy()),
      paths,
    );
    await expect(claimSocket(mute(), paths)).rejects.toMatchObject({ code: 'agent_running' });
  });

  it.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('refuses to replace %s', async (_what, make) => {
    make(paths.socket);
    await expect(claimSocket(mute(), paths)).rejects.toMatchObject({
      code: 'socket_in_use',
      message: expect.stringContaining(`${paths.socket} exists and is no socket of an agent: remove it`),
    });
    expect(readdirSync(runtime)).toEqual(['default.sock']);
  });
});
