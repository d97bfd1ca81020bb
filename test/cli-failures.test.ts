// How agent-cli fails: the exit code, and a word on what to do next.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { protocolVersion, version } from '../shared/index.ts';
import { binaries, runCli, startAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { startCli } from './support/cli-process.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { itSideBySide } from './support/side-by-side.ts';
import { type Place, serveConnections, serveHttp } from './support/socket-server.ts';
import { until } from './support/wait.ts';

/** A flag for Node: the loop never comes back from this signal. It stands still, where turning would take a processor. */
function hangsOn(signal: string): string {
  const hang = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
  return `--import=data:text/javascript,${encodeURIComponent(`process.on('${signal}', () => ${hang})`)}`;
}

const commands = [['broadcast', 'x'], ['tail', '--no-start'], ['status'], ['clients'], ['stop'], ['url']];

function nowhere(): Record<string, string> {
  const directory = temporaryDirectory();
  return { AGENT_RUNTIME_DIR: join(directory, 'run'), AGENT_STATE_DIR: join(directory, 'state') };
}

describe('without an agent', () => {
  it('every command exits 3 and says how to start one', async () => {
    const env = nowhere();
    const results = await Promise.all(commands.map((args) => runCli(args, { env })));
    for (const [index, result] of results.entries()) {
      expect({ args: commands[index], ...result }).toMatchObject({
        code: 3,
        stdout: '',
        stderr: 'agent-cli: no agent named "default" is running: start one with: agentd DIR\n',
      });
    }
  });

  it('takes a socket that a killed agent left for none', async () => {
    const agent = await startAgent();
    agent.kill('SIGKILL');
    await agent.exited;
    const result = await runCli(['broadcast', 'x'], { env: agent.env });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('no agent named "default" is running: start one with: agentd DIR');
  });
});

describe('with an agent that does not answer', () => {
  itSideBySide({
    'exits 3 naming the process and how to end it': async () => {
      const agent = await startAgent();
      agent.kill('SIGSTOP');
      const commandLines = [['broadcast', 'x'], ['tail']];
      for (const result of await Promise.all(commandLines.map((args) => runCli(args, { env: agent.env })))) {
        expect(result).toMatchObject({ code: 3, stdout: '' });
        expect(result.stderr).toContain(`the agent "default" (pid ${agent.pid}) holds ${agent.socket}`);
        expect(result.stderr).toContain('did not answer within 5 s');
        expect(result.stderr).toContain('it was stopped by a signal');
        expect(result.stderr).toContain(`kill -CONT ${agent.pid} — or end it with: agent-cli stop`);
      }
    },

    ...(process.platform === 'linux' && {
      'is ended by stop, and by restart, which starts it again as it was': async () => {
        const stopped = await startAgent();
        stopped.kill('SIGSTOP');
        const stop = runCli(['stop', '--json'], { env: stopped.env });
        // Its loop does not come back: SIGTERM finds nobody.
        const hung = await startAgent({ env: { NODE_OPTIONS: hangsOn('SIGUSR2') } });
        hung.kill('SIGUSR2');
        const restart = runCli(['restart', '--json'], { env: hung.env });

        const { code, stdout, stderr } = await stop;
        expect({ code, stderr }).toEqual({
          code: 0,
          stderr: 'agent-cli: the agent did not answer, and ended after SIGTERM\n',
        });
        expect(JSON.parse(stdout)).toEqual({ name: 'default', pid: stopped.pid, stopped: true });
        expect((await stopped.exited).signal).toBeNull();

        const restarted = await restart;
        expect(restarted).toMatchObject({ code: 0 });
        expect(restarted.stderr).toContain('did not end after SIGTERM, and was killed');
        expect(await hung.exited).toMatchObject({ signal: 'SIGKILL' });
        const next = JSON.parse(restarted.stdout) as { pid: number; roots: string[] };
        expect(next).toMatchObject({ stopped: hung.pid, roots: hung.roots });
        expect(await runCli(['stop'], { env: hung.env })).toMatchObject({ code: 0 });
      },
    }),

    'is left alone by stop where its process is not proven to have the socket': async () => {
      const place = await serveConnections((socket) => socket.resume());
      const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      cleanUpWith(() => void bystander.kill());
      place.writeRunFile({ pid: bystander.pid, version: version() });
      expect(await runCli(['stop'], { env: place.env })).toMatchObject({ code: 3, stdout: '' });
      expect(bystander).toMatchObject({ exitCode: null, signalCode: null });
    },

    'names no process that it does not know, and says how to find it': async () => {
      const unknown = await serveConnections((socket) => socket.resume());
      const outdated = await serveConnections((socket) => socket.resume());
      const gone = spawn(process.execPath, ['-e', '0']);
      await once(gone, 'exit');
      outdated.writeRunFile({ pid: gone.pid, version: version() });
      const run = async (at: Place) => ({ at, result: await runCli(['status'], { env: at.env }) });
      for (const { at, result } of await Promise.all([unknown, outdated].map(run))) {
        expect(result.code).toBe(3);
        expect(result.stderr).toContain(`the agent "default" holds ${at.socket}`);
        expect(result.stderr).toContain(`kill $(fuser ${at.socket})`);
      }
    },
    'has stop exit 4 where it says that it stops and does not': async () => {
      const at = await serveHttp((request, response) => {
        const status = { version: version(), protocol: protocolVersion, pid: process.pid };
        response.end(JSON.stringify(request.method === 'POST' ? {} : status));
      });
      at.writeRunFile({ pid: process.pid, version: version() });
      const result = await runCli(['stop'], { env: at.env });
      expect(result).toMatchObject({ code: 4, stdout: '' });
      expect(result.stderr).toContain(`kill ${process.pid}`);
    },
  });
});

describe('with something else at the socket', () => {
  it.each<[string, (socket: import('node:net').Socket) => void]>([
    ['closes every connection', (socket) => socket.destroy()],
    ['speaks another protocol', (socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['answers with half an answer', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')],
    ['answers with no JSON', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK')],
  ])('that %s exits 3', async (_what, onConnection) => {
    const at = await serveConnections(onConnection);
    const commandLines = [['status'], ['broadcast', 'x'], ['tail']];
    for (const result of await Promise.all(commandLines.map((args) => runCli(args, { env: at.env })))) {
      expect(result).toMatchObject({ code: 3, stdout: '' });
      expect(result.stderr).toMatch(/^agent-cli: .*\n {2}.*\n$/);
    }
  });
});

/** An agent of another protocol, as far as a client can tell. */
async function otherAgent(requests: string[]): Promise<Place> {
  return serveHttp((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const status = { version: '9.0.0', protocol: 7, pid: process.pid, cursor: 'e:1' };
    const answer =
      request.url === '/v1/status' ? status : { cursor: 'e:2', matched: 1, delivered: 1, lagging: 0 };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
}

describe('with an agent of another protocol', () => {
  it('says so, names both versions, and goes on', async () => {
    const at = await otherAgent([]);
    at.writeRunFile({ pid: process.pid, version: '9.0.0' });
    const result = await runCli(['broadcast', 'x'], { env: at.env });
    expect(result).toMatchObject({ code: 0, stdout: 'delivered to 1 of 1 clients (e:2)\n' });
    expect(result.stderr).toContain('the agent is version 9.0.0 and speaks protocol 7');
    expect(result.stderr).toContain(`version ${version()} and speaks protocol ${protocolVersion}`);
    expect(result.stderr).toContain('restart the agent with: agent-cli restart');
  });

  it('fails in order where its answers lack what is needed', async () => {
    const at = await otherAgent([]);
    const result = await runCli(['status'], { env: at.env });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain("the answer of an agent of another protocol can't be understood");
  });

  it('does not ask an agent that comes from the same package', async () => {
    const requests: string[] = [];
    const at = await otherAgent(requests);
    at.writeRunFile({ pid: process.pid, version: version() });
    expect(await runCli(['broadcast', 'x'], { env: at.env })).toMatchObject({ code: 0, stderr: '' });
    expect(requests).toEqual(['POST /v1/messages']);
  });
});

describe('usage', () => {
  it.each([
    [['brodcast', 'x'], 'did you mean: agent-cli broadcast?'],
    [['frobnicate'], 'see: agent-cli --help'],
    [['broadcast', '--topc', 'x'], 'did you mean --topic?'],
    [['broadcast', '--data', '{a'], '--data takes JSON'],
    [['broadcast', '--wait', 'x', 'y'], '--wait takes a whole number'],
    [['broadcast', 'x', '--json=maybe'], '--json: expected true or false'],
    [['tail', 'x'], '"tail" takes no arguments'],
    [['tail', '--limit', '0'], '--limit takes a whole number of at least 1'],
    [['tail', '--format', 'xml'], '--format takes text or json'],
    [['tail', '--since'], '--since needs a value'],
    [['status', '--name', 'Not A Name'], 'beginning with a letter or digit'],
    [['--json'], 'agent-cli COMMAND'],
    [[], 'agent-cli COMMAND'],
  ])('%j exits 2 and says what is right', async (args, words) => {
    const result = await runCliHere(args, nowhere());
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });

  it('of which a command finds out by itself exits 2, also without an agent', async () => {
    const wrong: [string[], string][] = [
      [['broadcast'], 'give MSG'],
      [['broadcast', 'x', '--data', '1'], 'give one of them'],
      [['tail', '--json', '--format', 'text'], 'give one of them'],
      // One that the command line itself shows, by the process as well.
      [['brodcast', 'x'], 'did you mean: agent-cli broadcast?'],
    ];
    const results = await Promise.all(wrong.map(([args]) => runCli(args, { env: nowhere() })));
    for (const [index, result] of results.entries()) {
      expect({ args: wrong[index]?.[0], ...result }).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain(wrong[index]?.[1]);
    }
  });

  it('refuses a message that is too long or no text', async () => {
    const env = nowhere();
    const long = await runCli(['broadcast', '-'], { env, input: 'x'.repeat(1024 * 1024 + 1) });
    expect(long).toMatchObject({ code: 2, stdout: '' });
    expect(long.stderr).toContain('may be 1.0 MiB');
    const bytes: [string, number[]][] = [
      ['Latin-1', [0x66, 0xfc, 0x72]],
      ['UTF-16 with its mark', [0xff, 0xfe, 0x61, 0x00]],
      ['half a character', [0x61, 0xe2, 0x82]],
      ['half of a surrogate pair', [0xed, 0xa0, 0xbd]],
      ['more bytes than the character needs', [0xc0, 0xaf]],
    ];
    const send = ([, input]: (typeof bytes)[number]) =>
      runCli(['broadcast', '-'], { env, input: Uint8Array.from(input) });
    const results = await Promise.all(bytes.map(send));
    for (const [index, result] of results.entries()) {
      expect({ what: bytes[index]?.[0], ...result }).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain('standard input is not UTF-8 text');
    }
  });

  it('refuses a socket path over the limit', async () => {
    const AGENT_RUNTIME_DIR = join(temporaryDirectory(), 'x'.repeat(100));
    const result = await runCli(['status'], { env: { ...nowhere(), AGENT_RUNTIME_DIR } });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('set AGENT_RUNTIME_DIR to a shorter directory');
  });

  it('shows help and version on standard output', async () => {
    const program = await runCliHere(['--help'], {});
    expect(await runCli(['--help'])).toEqual(program);
    expect(program).toMatchObject({ code: 0, stderr: '' });
    for (const [name = ''] of commands) {
      expect(program.stdout).toMatch(new RegExp(`^ +agent-cli ${name} +[A-Z]`, 'm'));
      const help = await runCliHere([name, '--help'], {});
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(new RegExp(`^agent-cli ${name}.*\\n\\n[A-Z].*\\n`));
      expect(help.stdout).toMatch(/^Examples:\n.*agent-cli/m);
    }
    const help = await runCliHere(['tail', '--help'], {});
    expect(await runCliHere(['tail', '-h'], {})).toEqual(help);
    expect(await runCliHere(['help', 'tail'], {})).toEqual(help);
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${version()}\n` });
  });
});

describe('the end of the process', () => {
  const shared = sharedAgent();

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s has the exit code %i', async (signal, code) => {
    const agent = shared();
    const tail = startCli(['tail'], { env: agent.env });
    await until('tail to be connected', async () => {
      const clients = (await agent.request('/v1/clients')).json<unknown[]>();
      return clients.length === 1;
    });
    tail.child.kill(signal);
    expect(await tail.exited).toEqual({ code, signal: null });
    expect(tail.stderr).toBe('');
  });

  it('is quiet when the reader of a pipe has gone', async () => {
    const agent = shared();
    const tail = startCli(['tail', '--json'], { env: agent.env });
    await until('tail to be connected', async () => (await agent.broadcast('x')).matched === 1);
    await tail.line('the message', (line) => line.includes('"x"'));
    tail.child.stdout?.destroy();
    await until('tail to notice', async () => {
      await agent.broadcast('y');
      return tail.child.exitCode !== null;
    });
    expect(await tail.exited).toEqual({ code: 0, signal: null });
    expect(tail.stderr).toBe('');
  });

  (process.platform === 'linux' ? it : it.skip)('tells of a full disk', async () => {
    const { env } = shared();
    const full = openSync('/dev/full', 'w');
    cleanUpWith(() => closeSync(full));
    const child = spawn(process.execPath, [binaries.cli, 'status'], {
      stdio: ['ignore', full, 'pipe'],
      env: { ...process.env, ...env },
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(stderr).toMatch(/^agent-cli: the output can't be written: .*ENOSPC/);
  });
});
