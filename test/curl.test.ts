// What curl gets of a stream: the client that nobody has to write.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo, ServerFrame } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith } from './support/cleanup.ts';
import { findProgram } from './support/find-program.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { isEvent, range, seqOf } from './support/stream-events.ts';
import { until } from './support/wait.ts';

const hasCurl = findProgram('curl') !== undefined;
if (!hasCurl) console.warn('curl is not installed: its tests are skipped');

/** Runs `curl -N` on the agent's socket; ended after the test. */
function curl(agent: TestAgent, path: string, ...args: readonly string[]): Readable {
  const child = spawn(
    'curl',
    ['-sS', '-N', '--unix-socket', agent.socket, ...args, `http://localhost${path}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = new Promise((resolve) => child.once('close', resolve));
  cleanUpWith(async () => {
    child.kill('SIGKILL');
    child.stdout.resume();
    await closed;
  });
  return child.stdout;
}

/** The lines that come from now on. */
function linesOf(output: Readable): string[] {
  const lines: string[] = [];
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return lines;
}

/** Waits until as many clients are connected. */
async function waitForClients(agent: TestAgent, count: number): Promise<ClientInfo[]> {
  return until(`${count} clients`, async () => {
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    return clients.length === count && clients;
  });
}

(hasCurl ? describe : describe.skip)('curl -N', () => {
  const shared = sharedAgent();

  it('prints each event as it comes, a JSON object a line', async () => {
    const agent = shared();
    const lines = linesOf(curl(agent, '/v1/events'));
    // Each before the next is sent: nothing waits in a buffer for more.
    await until('hello', () => lines.length === 1);
    await agent.broadcast({ a: 'two\nlines' });
    await until('the message', () => lines.length === 2);
    writeFileSync(join(agent.root, 'a.txt'), '');
    await until('the change', () => lines.length === 3);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'hello' },
      { type: 'message', data: { a: 'two\nlines' } },
      { type: 'file', changes: [{ event: 'add', path: 'a.txt' }] },
    ]);
  });

  it('prints bare text with format=text', async () => {
    const agent = shared();
    const lines = linesOf(curl(agent, '/v1/events?format=text'));
    await waitForClients(agent, 1);
    await agent.broadcast('build finished');
    await until('the message', () => lines.length === 1);
    writeFileSync(join(agent.root, 'a b.txt'), '');
    await until('the change', () => lines.length === 2);
    expect(lines).toEqual(['build finished', 'add a b.txt']);
  });

  it('takes what -d gives it as a message', async () => {
    const agent = shared();
    const stream = await openStream(agent, 'ndjson');
    const answer = linesOf(
      curl(agent, '/v1/messages', '-H', 'Content-Type: text/plain', '-d', 'hi', '-w', '\n'),
    );
    await stream.waitFor('"data":"hi"');
    await until('the answer', () => answer.length > 0);
    expect(JSON.parse(answer[0] ?? '')).toMatchObject({ matched: 1, delivered: 1 });
  });

  it('whose output is not read holds up nobody, and is told exactly what it missed', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', String(1024 * 1024)] });
    // A pipe that nobody reads: curl stops taking, then the kernel, then the agent sends it nothing more.
    const output = curl(agent, '/v1/events?name=stuck');
    await waitForClients(agent, 1);
    const healthy = await openStream(agent, 'ndjson', 'name=healthy');
    // Far more than the journal, the agent's share of the socket and the pipes hold together.
    const total = 200;
    for (const number of range(1, total)) await agent.broadcast(`${number} ${'x'.repeat(64 * 1024)}`);
    await healthy.waitFor(`"data":"${total} `);
    expect(healthy.events.map(seqOf)).toEqual(range(1, total));
    const stuck = (await waitForClients(agent, 2)).find(({ name }) => name === 'stuck');
    expect(stuck?.lag.events).toBeGreaterThan(0);

    const lines = linesOf(output);
    await until('the last message', () => lines.some((line) => line.includes(`"data":"${total} `)));
    const events = lines
      .map((line) => JSON.parse(line) as ServerFrame)
      .slice(1)
      .filter(isEvent);
    const gaps = events.filter((event) => event.type === 'gap');
    expect(gaps.length).toBeGreaterThan(0);
    let last = 0;
    for (const event of events) {
      if (event.type === 'gap') {
        expect(event.reason).toBe('slow');
        expect(event.missed).toBe(seqOf(event) - last);
      } else {
        expect(seqOf(event)).toBe(last + 1);
      }
      last = seqOf(event);
    }
    expect(last).toBe(total);
  });
});
