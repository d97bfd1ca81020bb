// Commands with a time limit of the user's, beside agents that never answer: they end when it is over.
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { version } from '../shared/index.ts';
import { runCli, startAgent } from './support/agent.ts';
import { backgroundPlace } from './support/background.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type Place, serveConnections, serveHttp } from './support/socket-server.ts';

const limitMs = 400;
/** Far more than that, for a machine under load. */
const soonMs = 20_000;

const commandLines: readonly (readonly string[])[] = [
  ['sync', '--timeout', `${limitMs}`],
  ['wait', '--timeout', `${limitMs}`],
  ['broadcast', '--wait', `${limitMs}`, 'x'],
  ['start', '--wait', `${limitMs}`],
  ['restart', '--wait', `${limitMs}`],
];

/** Runs them all, and expects each to say that its time is over. */
async function expectTimeOver(env: Readonly<Record<string, string>>): Promise<string[]> {
  const cwd = temporaryDirectory();
  const results = await Promise.all(
    commandLines.map(async (args) => {
      const startedMs = performance.now();
      const { code, stdout, stderr } = await runCli(args, { env, cwd });
      const isSoon = performance.now() - startedMs < soonMs;
      return { args, code, stdout, isSoon, stderr };
    }),
  );
  for (const result of results) expect(result).toMatchObject({ code: 4, stdout: '', isSoon: true });
  return results.map(({ stderr }) => stderr);
}

/** An agent of this version, as far as its run file says. */
function asAgent(place: Place): Place {
  place.writeRunFile({ pid: process.pid, version: version() });
  return place;
}

describe('a command with a time limit exits 4 when it is over', () => {
  it('beside an agent that was stopped, and says so', async () => {
    const agent = await startAgent();
    agent.kill('SIGSTOP');
    for (const words of await expectTimeOver(agent.env)) {
      expect(words).toContain(
        `gave up after ${limitMs} ms: no answer from the agent "default" (pid ${agent.pid}): it was stopped by a signal`,
      );
      expect(words).toContain(`kill -CONT ${agent.pid}`);
    }
  });

  it('beside one that accepts connections and never answers, or breaks off in its answer', async () => {
    const silent = await serveConnections((socket) => socket.resume());
    await expectTimeOver(silent.env);
    const slow = await serveConnections((socket) => {
      socket
        .resume()
        .write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"p');
    });
    await expectTimeOver(asAgent(slow).env);
  });

  it('beside one that answers no more after its status', async () => {
    const place = await serveHttp((request, response) => {
      if (request.url !== '/v1/status') return;
      const status = {
        version: version(),
        protocol: 1,
        pid: process.pid,
        url: 'http://x/',
        roots: [{ path: '/' }],
      };
      response.end(JSON.stringify(status));
    });
    await expectTimeOver(asAgent(place).env);
  });

  it('which does not begin anew once the connection stands', async () => {
    const agent = await startAgent();
    const delayMs = 600;
    const timeoutMs = 2000;
    const connectedForMs: number[] = [];
    const slow = await serveConnections((socket) => {
      setTimeout(() => {
        const far = createConnection(agent.socket);
        const beganMs = performance.now();
        socket.on('close', () => connectedForMs.push(performance.now() - beganMs));
        socket.pipe(far).pipe(socket);
      }, delayMs);
    });
    const result = await runCli(['wait', '--timeout', `${timeoutMs}`], { env: asAgent(slow).env });
    expect(result).toMatchObject({ code: 4, stdout: '' });
    // The status was asked for first, and took as long: the stream had what was left.
    expect(Math.max(...connectedForMs)).toBeLessThan(timeoutMs - delayMs);
  });

  it('also while an agent is started for it', async () => {
    const place = backgroundPlace();
    const sleep = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15_000)';
    const slow = `--import=data:text/javascript,${encodeURIComponent(`if (/agentd/.test(process.argv[1])) ${sleep}`)}`;
    for (const args of [
      ['start', '--wait'],
      ['wait', '--timeout'],
    ]) {
      const result = await place.run([...args, '900'], { env: { NODE_OPTIONS: slow } });
      expect(result).toMatchObject({ code: 4, stdout: '' });
      expect(result.stderr).toMatch(/the agent was started \(pid \d+\) and does not listen after 900 ms/);
    }
  });

  it('whose time is not for whoever writes the message', async () => {
    const silent = await serveConnections((socket) => socket.resume());
    const { env } = asAgent(silent);
    const startedMs = performance.now();
    const broadcast = runCli(['broadcast', '--wait', `${limitMs}`, '-'], {
      env,
      input: delay(2 * limitMs + 500).then(() => 'x'),
    });
    expect(await broadcast).toMatchObject({ code: 4, stdout: '' });
    expect(performance.now() - startedMs).toBeGreaterThan(3 * limitMs + 500);
  });
});
