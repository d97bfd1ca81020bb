// agent-cli start, stop and restart: the agent as a process in the background.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { protocolVersion, version } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { type BackgroundPlace, backgroundPlace } from './support/background.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { type Place, serveHttp } from './support/socket-server.ts';
import { until } from './support/wait.ts';

const startAnswer = z.strictObject({
  name: z.string(),
  pid: z.int().positive(),
  url: z.url(),
  socket: z.string(),
  roots: z.array(z.string()),
  started: z.boolean(),
});
const restartAnswer = z.strictObject({ ...startAnswer.shape, stopped: z.int().positive().nullable() });

/** Runs `start --json` and gives its answer. */
async function start(place: BackgroundPlace, ...args: string[]): Promise<z.output<typeof startAnswer>> {
  const result = await place.run(['start', '--json', ...args]);
  expect(result).toMatchObject({ code: 0 });
  return startAnswer.parse(JSON.parse(result.stdout));
}

/** Runs `restart --json` and gives its answer, and what it said. */
async function restart(place: BackgroundPlace, ...args: string[]) {
  const result = await place.run(['restart', '--json', ...args]);
  expect(result).toMatchObject({ code: 0 });
  return { ...restartAnswer.parse(JSON.parse(result.stdout)), stderr: result.stderr };
}

async function kill(place: BackgroundPlace, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until('the agent to be gone', () => !place.agents().includes(pid));
}

/** An agent that answers as it is told. */
function fakeAgent(status: Record<string, unknown>, healthz = 200): Promise<Place> {
  return serveHttp((request, response) => {
    if (request.url === '/healthz') response.statusCode = healthz;
    const answer = { version: version(), protocol: protocolVersion, pid: process.pid, roots: [], ...status };
    response.end(JSON.stringify({ url: 'http://127.0.0.1:1/', ...answer }));
  });
}

describe('agent-cli start', () => {
  it('starts an agent in the background, ready and in a session of its own, and prints where', async () => {
    const place = backgroundPlace();
    const result = await place.run(['start', place.root]);
    const { pid, url, socket } = place.runFile();
    expect(result).toEqual({
      code: 0,
      signal: null,
      stdout: `started the agent "default" (pid ${pid}) at ${url}, watching ${place.root}\n`,
      stderr: '',
    });
    expect(socket).toBe(join(place.runtime, 'default.sock'));
    expect(await place.status()).toMatchObject({ pid, roots: [{ path: place.root, ready: true }] });
    if (process.platform === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
      expect(fields?.[3]).toBe(String(pid));
    }
    expect((await place.run(['stop'])).code).toBe(0);
  });

  it('watches the current directory without DIR, and takes a name and flags for agentd', async () => {
    const place = backgroundPlace();
    const flags = ['--ignore', '*.log', '--settle=1'];
    const answer = await start(place, '--name', 'ci', ...flags);
    expect(answer).toMatchObject({ name: 'ci', roots: [place.root], started: true });
    expect(place.runFile('ci')).toMatchObject({ pid: answer.pid, args: ['--settle=1', '--ignore=*.log'] });
  });

  it('says of one that runs that it does, and has it watch what it does not yet', async () => {
    const place = backgroundPlace();
    const other = join(temporaryDirectory(), '-other');
    const below = join(place.root, 'below');
    for (const directory of [other, below]) mkdirSync(directory);
    const { pid, url } = await start(place, place.root);

    const again = await place.run(['start', place.root, below]);
    const already = `the agent "default" (pid ${pid}) is already running at ${url}`;
    expect(again).toMatchObject({ code: 0, stdout: `${already}, watching ${place.root}\n`, stderr: '' });
    expect(await place.run(['start'], { cwd: other })).toEqual(again);

    const link = join(place.root, 'link');
    symlinkSync(other, link);
    const added = await place.run(['start', place.root, link]);
    expect(added).toMatchObject({ code: 0, stdout: `${already}, now watching ${place.root}, ${other}\n` });
    const { roots, started } = await start(place, other);
    expect({ roots, started }).toEqual({ roots: [place.root, other], started: false });
  });

  it('says that flags do not reach an agent that runs, and that one of a command ends by itself', async () => {
    const place = backgroundPlace();
    await start(place, '--', '--idle-exit', '600000');
    const { code, stderr } = await place.run(['start', '--', '--settle', '9']);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'runs already, without --settle 9: restart it with: agent-cli restart -- --settle 9',
    );
    expect(stderr).toContain(
      'ends after 10 min without use; for one that stays: agent-cli stop && agent-cli start',
    );
  });

  it('five times at once starts one agent, and all find it', async () => {
    const place = backgroundPlace();
    const answers = await Promise.all(Array.from({ length: 5 }, () => start(place)));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    expect(answers.filter(({ started }) => started)).toHaveLength(1);
    expect(place.agents()).toEqual([answers[0]?.pid]);
  });

  it('starts one where the last was killed, also by another that was killed while it started it', async () => {
    const place = backgroundPlace();
    const first = await start(place);
    await kill(place, first.pid);
    const gone = spawnSync(process.execPath, ['-e', '0']).pid;
    writeFileSync(join(place.runtime, 'default.starting'), String(gone));
    const next = await start(place);
    expect(next).toMatchObject({ started: true, roots: first.roots });
    expect(next.pid).not.toBe(first.pid);
  });

  it("fails with agentd's own words and exit code", async () => {
    const place = backgroundPlace();
    const usage = await place.run(['start', '--', '--settle', 'soon']);
    expect(usage).toMatchObject({ code: 2, stdout: '' });
    expect(usage.stderr).toMatch(
      /^agent-cli: the agent "default" did not start \(exit code 2\): --settle: expected a whole number .*\n {2}See agentd --help\.\n$/,
    );
    const port = await takenPort();
    const taken = await place.run(['start', '--', '--port', String(port)]);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toContain(`did not start (exit code 1): port ${port} is taken: choose another`);
    expect(taken.stderr).toContain(join(place.state, 'default.log'));
    expect(place.agents()).toEqual([]);
  });

  it.each([
    [['start', 'nowhere'], "nowhere can't be watched: ENOENT"],
    [['start', 'file'], "file can't be watched: it is no directory"],
    [['start', '--', '--name', 'x'], '--name stands before the --'],
    [['restart', '--', '--name=x'], '--name stands before the --'],
  ])('%j is refused', async (args, words) => {
    const place = backgroundPlace();
    writeFileSync(join(place.root, 'file'), '');
    const result = await place.run(args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });

  it.each([
    [['start', '--wait', 'x'], '--wait takes a whole number'],
    [['restart', '.'], '"restart" takes no arguments'],
    [['restart', '--wait', '-1'], '--wait'],
    [['stop', 'x'], '"stop" takes no arguments'],
  ])('%j is a usage error', async (args, words) => {
    const result = await runCliHere(args, backgroundPlace().env);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });

  it('refuses a runtime directory that others can enter', async () => {
    const place = backgroundPlace();
    mkdirSync(place.runtime);
    chmodSync(place.runtime, 0o755);
    const result = await place.run(['start']);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`chmod 700 ${place.runtime}`);
  });

  it('exits 4 when the agent is not ready in time, and 0 with --wait 0', async () => {
    const place = backgroundPlace();
    const { env } = await fakeAgent({ roots: [{ path: '/big' }] }, 503);
    const result = await place.run(['start', '--json', '--wait', '2200'], { env });
    expect(result.code).toBe(4);
    expect(startAnswer.parse(JSON.parse(result.stdout))).toMatchObject({ roots: ['/big'], started: false });
    expect(result.stderr).toMatch(
      /crawls .* for the first time.*\n.*still crawls after 2\.2 s\n.*agent-cli status/,
    );
    expect(await place.run(['start', '--wait', '0'], { env })).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells of an agent of another version, as status does and others do not', async () => {
    const place = backgroundPlace();
    const { env } = await fakeAgent({ version: '9.9.9' });
    const note = `agent-cli: the agent is version 9.9.9 and this agent-cli is version ${version()}: they get on, but what is new comes with: agent-cli restart\n`;
    expect(await place.run(['start'], { env })).toMatchObject({ code: 0, stderr: note });
    expect(await place.run(['status', '--json'], { env })).toMatchObject({ code: 0, stderr: note });
    expect(await place.run(['clients', '--json'], { env })).toMatchObject({ code: 0, stderr: '' });
  });
});

/** A port that is in use. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUpWith(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as { port: number }).port;
}

describe('agent-cli stop', () => {
  it('has stopped an agent that dies before it answers', async () => {
    const place = backgroundPlace();
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const { env } = await serveHttp((request, response) => {
      if (request.method !== 'POST') {
        response.end(JSON.stringify({ version: version(), protocol: protocolVersion, pid: dead }));
        return;
      }
      // As the kernel does for a process that is killed.
      const { server } = request.socket as typeof request.socket & { server: Server };
      server.close();
      request.socket.destroy();
    });
    const result = await place.run(['stop', '--json'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({ name: 'default', pid: dead, stopped: true });
  });
});

describe('agent-cli restart', () => {
  it('starts another agent with the same roots and flags, and with those that are added', async () => {
    const place = backgroundPlace();
    const [added, gone] = [temporaryDirectory(), temporaryDirectory()];
    const first = await start(place, place.root, '--', '--settle', '7', '--ignore=a', '--ignore=b c');
    await start(place, added, gone);
    rmSync(gone, { recursive: true });
    const { args } = place.runFile();
    const second = await restart(place);
    expect(second).toMatchObject({ stopped: first.pid, started: true, roots: [place.root, added] });
    expect(second.stderr).toBe(`agent-cli: no longer there, and so not watched: ${gone}\n`);
    expect(place.runFile().args).toEqual(args);
    expect(place.agents()).toEqual([second.pid]);

    const readable = await place.run(['restart', '--', '--settle', '8']);
    const { pid, url } = place.runFile();
    expect(readable).toMatchObject({
      code: 0,
      stdout: `started the agent "default" (pid ${pid}) at ${url}, watching ${place.root}, ${added}; it was pid ${second.pid}\n`,
      stderr: '',
    });
    expect([...(place.runFile().args ?? [])].sort()).toEqual(['--ignore=a', '--ignore=b c', '--settle=8']);
  });

  it('restarts an agent that was started in the foreground', async () => {
    const place = backgroundPlace();
    const agent = await startAgent({ runtime: place.runtime, state: place.state, flags: ['--settle', '7'] });
    const next = await restart(place);
    expect(next).toMatchObject({ stopped: agent.pid, started: true, roots: agent.roots });
    expect(await agent.exited).toEqual({ code: 0, signal: null });
    expect(place.runFile().args).toEqual(['--settle=7', '--port=0']);
  });

  it('starts one where none runs: as the last one that was killed, or for the current directory', async () => {
    const place = backgroundPlace();
    const first = await restart(place);
    expect(first).toMatchObject({ stopped: null, started: true, roots: [place.root] });
    const other = temporaryDirectory();
    await start(place, other);
    await kill(place, first.pid);
    const readable = await place.run(['restart']);
    expect(readable).toMatchObject({ code: 0, stderr: '' });
    expect(readable.stdout).toMatch(/, watching \S+, \S+; none ran before\n$/);
    expect(place.runFile().roots).toEqual([place.root, other]);
  });

  it('leaves an agent alone whose directories are all gone', async () => {
    const place = backgroundPlace();
    const root = temporaryDirectory();
    const { pid } = await start(place, root);
    rmSync(root, { recursive: true });
    const result = await place.run(['restart']);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('begin anew: agent-cli stop && agent-cli start DIR');
    expect(await place.status()).toMatchObject({ pid });
  });

  it('leaves an agent alone that could not be started again', async () => {
    const place = backgroundPlace();
    const { pid } = await start(place);
    const flag = await place.run(['restart', '--settle', 'soon']);
    expect(flag).toMatchObject({ code: 2, stdout: '' });
    expect(flag.stderr).toContain('--settle: expected a whole number');
    writeFileSync(join(place.root, 'agent.config.json'), '{"settle": "soon"}');
    const file = await place.run(['restart']);
    expect(file).toMatchObject({ code: 2, stdout: '' });
    expect(file.stderr).toContain('"settle" in');
    expect(await place.status()).toMatchObject({ pid });
    expect(place.agents()).toEqual([pid]);
  });

  it('exits 4 when the agent does not stop', async () => {
    const place = backgroundPlace();
    const { env } = await fakeAgent({ roots: [{ path: place.root }] });
    const result = await place.run(['restart'], { env });
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toContain('was told to stop and is still there after 5 s');
    expect(place.agents()).toEqual([]);
  });
});
