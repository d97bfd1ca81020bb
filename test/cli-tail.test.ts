// agent-cli tail, with a real agent, through broken connections, full pipes and restarts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { type ClientInfo, type GapEvent, type MessageEvent, version } from '../shared/index.ts';
import { binaries, runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type CliProcess, startCli } from './support/cli-process.ts';
import { connect } from './support/client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { layCable, serveHttp } from './support/socket-server.ts';
import { until } from './support/wait.ts';

async function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return (await agent.request('/v1/clients')).json<ClientInfo[]>();
}

/** Starts tail and waits until the agent lists it. */
async function startTail(agent: TestAgent, args: string[] = [], env = agent.env): Promise<CliProcess> {
  const before = (await clientsOf(agent)).length;
  const tail = startCli(['tail', ...args], { env });
  await until(
    () => `tail to be connected: ${tail.stderr}`,
    async () => (await clientsOf(agent)).length > before,
  );
  return tail;
}

const shared = sharedAgent();

describe('agent-cli tail', () => {
  it('prints files and messages for people, harmless to a terminal', async () => {
    const agent = shared();
    const tail = await startTail(agent);
    writeFileSync(join(agent.root, 'a\u001b]0;x\u0007.ts'), 'x');
    await tail.line('the file', (line) =>
      /^\d\d:\d\d:\d\d\.\d{3} {2}add {8}a\\x1b\]0;x\\x07\.ts$/.test(line),
    );
    await agent.broadcast('one\ntwo \u009b31m \u202e', 'build.done');
    await tail.line('the message', (line) =>
      line.endsWith('  message    build.done from http: one\\ntwo \\x9b31m \\u202e'),
    );
    expect(tail.stderr).toBe('');
  });

  it('prints with --json what the agent sent, byte for byte, and no hello', async () => {
    const agent = shared();
    const client = await connect(agent);
    const received: string[] = [];
    client.ws.on('message', (data) => received.push(String(data)));
    const tail = await startTail(agent, ['--json']);
    writeFileSync(join(agent.root, 'a.ts'), 'x');
    await client.waitForChange('add a.ts');
    await agent.broadcast({ text: '\u001b\u009b\u202e\u2028 ✓' });
    await agent.broadcast('end');
    await tail.line('the end', (line) => line.includes('"end"'));
    await until('the end here, too', () => received.at(-1)?.includes('"end"'));
    expect(tail.lines).toEqual(received);
  });

  it('prints with --format text the bare messages and EVENT PATH', async () => {
    const agent = shared();
    const tail = await startTail(agent, ['--format', 'text']);
    writeFileSync(join(agent.root, 'a.ts'), 'x');
    await tail.line('the file', (line) => line === 'add a.ts');
    await agent.broadcast('two\nlines');
    await agent.broadcast({ ok: true });
    await tail.line('the JSON', (line) => line === '{"ok":true}');
    expect(tail.lines).toEqual(['add a.ts', 'two', 'lines', '{"ok":true}']);
  });

  it('takes the filters of the stream, and ends after --limit events', async () => {
    const agent = shared();
    const tail = await startTail(agent, ['--topic', 'a.>', '--topic', 'b', '--limit', '2', '--json']);
    for (const topic of ['c', 'a.x', 'd', 'b', 'a.y']) await agent.broadcast(topic, topic);
    expect(await tail.exited).toEqual({ code: 0, signal: null });
    expect(tail.json<MessageEvent>().map(({ topic }) => topic)).toEqual(['a.x', 'b']);
    expect(tail.stderr).toBe('');
    await until('the agent to see it go', async () => (await clientsOf(agent)).length === 0);
  });

  it('takes --root, --match and --ignore for files, and lets messages pass', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()] as const;
    const agent = await startAgent({ roots });
    const filters = ['--root', relative(process.cwd(), roots[1]), '--match', '*.{ts,js}', '--ignore', 'b.*'];
    const tail = await startTail(agent, filters);
    for (const [root, name] of [
      [roots[0], 'a.ts'],
      [roots[1], 'b.ts'],
      [roots[1], 'c.md'],
      [roots[1], 'd.js'],
    ] as const) {
      writeFileSync(join(root, name), 'x');
      await agent.sync();
    }
    await agent.broadcast('end');
    await tail.line('the message', (line) => line.endsWith('message from http: end'));
    expect(tail.lines.map((line) => line.slice(14))).toEqual([
      `add        ${roots[1]}/d.js`,
      'message    message from http: end',
    ]);
  });

  it('exits 3 without an agent that it may not start', async () => {
    const env = { AGENT_RUNTIME_DIR: temporaryDirectory() };
    expect(await runCli(['tail', '--no-start'], { env })).toMatchObject({ code: 3, stdout: '' });
  });

  it('begins after --since', async () => {
    const agent = shared();
    const { cursor } = await agent.broadcast('one');
    await agent.broadcast('two');
    const { env } = agent;
    const result = await runCli(['tail', '--since', cursor, '--limit', '1', '--format', 'text'], { env });
    expect(result).toEqual({ code: 0, signal: null, stdout: 'two\n', stderr: '' });
  });

  it('begins with the files that exist for --snapshot, which count for no limit', async () => {
    const agent = shared();
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src/a.ts'), 'x');
    await agent.sync();
    const args = ['--snapshot', '--limit', '1', '--match', '**/*.ts'];
    const tail = await startTail(agent, args);
    const text = await startTail(agent, [...args, '--format', 'text']);
    await agent.broadcast('now');
    for (const each of [tail, text]) expect(await each.exited).toEqual({ code: 0, signal: null });
    expect(tail.lines.map((line) => line.slice(14))).toEqual([
      'snapshot   src/a.ts',
      'message    message from http: now',
    ]);
    expect(text.lines).toEqual(['add src/a.ts', 'now']);
  });

  it("shows the agent's word on what it can't stream, and exits 1", async () => {
    const { env } = shared();
    for (const [flag, value] of [
      ['since', 'nonsense'],
      ['root', '/nowhere'],
      ['topic', 'a..b'],
    ]) {
      const result = await runCli(['tail', `--${flag}`, String(value)], { env });
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(new RegExp(`^agent-cli: .*"${flag}.* \\(\\w+\\)\\n$`));
    }
  });

  it('loses nothing and repeats nothing while its connection is cut again and again', async () => {
    const agent = shared();
    const cable = await layCable(agent.socket);
    const tail = await startTail(agent, ['--json'], cable.env);
    const total = 400;
    for (let number = 0; number < total; number++) {
      await agent.broadcast(number);
      if (number % 50 === 25) {
        cable.cut();
        await until('tail to be back', async () => {
          const clients = await clientsOf(agent);
          return clients.length === 1 && tail.stderr.split('again, going on after').length > number / 50;
        });
      }
    }
    await tail.line('the last message', (line) => line.includes(`"data":${total - 1}}`));
    expect(tail.json<MessageEvent>().map(({ data }) => data)).toEqual(
      Array.from({ length: total }, (_, i) => i),
    );
    expect(tail.stderr).toContain('lost the agent "default"');
  });

  it('finds the next agent after the first was killed, and tells of the gap', async () => {
    const agent = await startAgent();
    const { runtime, state, roots } = agent;
    const tail = await startTail(agent, ['--json', '--no-start']);
    const readable = await startTail(agent, ['--no-start']);
    await agent.broadcast('before');
    await tail.line('the message', (line) => line.includes('before'));
    agent.kill('SIGKILL');
    await tail.said('lost the agent "default"');
    const next = await startAgent({ runtime, state, roots });
    for (const each of [tail, readable]) await each.said('found the agent "default" again');
    await next.broadcast('after');
    await tail.line('the next message', (line) => line.includes('after'));
    await readable.line('the next message', (line) => line.endsWith('after'));
    expect(tail.json().map(({ type }) => type)).toEqual(['message', 'gap', 'message']);
    expect(tail.json<GapEvent>()[1]).toMatchObject({ reason: 'recrawl', restart: true, root: agent.root });
    expect(readable.stderr).toContain('the differences on disk follow');
  });

  it('says that the agent is shutting down, and waits', async () => {
    const agent = await startAgent();
    const tail = await startTail(agent);
    await agent.stop();
    await tail.said('lost the agent "default": it is shutting down; waiting for it to come back');
    expect(tail.child.exitCode).toBeNull();
    tail.child.kill('SIGINT');
    expect(await tail.exited).toEqual({ code: 130, signal: null });
  });

  it('reads no faster than its reader, and loses nothing by that', async () => {
    const agent = shared();
    const tail = startCli(['tail', '--json'], { env: agent.env, read: false });
    await until('tail to be connected', async () => (await clientsOf(agent)).length === 1);
    const text = 'x'.repeat(10_000);
    const total = 1_000;
    for (let number = 0; number < total; number++) await agent.broadcast({ number, text });
    if (process.platform === 'linux') {
      // It holds some buffers of the 10 MB and not the whole: pages are 4 KiB.
      const [, residentPages] = readFileSync(`/proc/${tail.child.pid}/statm`, 'utf8').split(' ').map(Number);
      expect((residentPages ?? 0) * 4096).toBeLessThan(110_000_000);
    }
    tail.read();
    await tail.line('the last message', (line) => line.includes(`"number":${total - 1},`));
    const numbers = tail.json<MessageEvent>().map(({ data }) => (data as { number: number }).number);
    expect(numbers).toEqual(Array.from({ length: total }, (_, i) => i));
  });

  it('breaks off a frame that is longer than any that an agent sends, as the library does', async () => {
    const status = { version: version(), protocol: 1, pid: process.pid, cursor: 'e:1', roots: [] };
    const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    const { env } = await serveHttp(
      (_request, response) => response.end(JSON.stringify(status)),
      (request, socket, head) =>
        server.handleUpgrade(request, socket, head, (client) => {
          client.send(
            JSON.stringify({ ...status, type: 'hello', head: 'e:1', oldest: 'e:1', resumed: false }),
          );
          const data = 'x'.repeat(64 * 1024 * 1024);
          client.send(JSON.stringify({ type: 'message', cursor: 'e:2', topic: 'message', from: 'x', data }));
        }),
    );
    const tail = startCli(['tail', '--json', '--no-start', '--limit', '1'], { env });
    await until('it to be broken off', () => tail.stderr.includes('Max payload size exceeded'));
    expect(tail.lines).toEqual([]);
    tail.child.kill();
    await tail.exited;
  });

  it('ends when the agent is told to disconnect it', async () => {
    const agent = shared();
    const tail = await startTail(agent);
    const [client] = await clientsOf(agent);
    await agent.request(`/v1/clients/${client?.id}`, { method: 'DELETE' });
    expect(await tail.exited).toEqual({ code: 1, signal: null });
    expect(tail.stderr).toMatch(/^agent-cli: the agent disconnected this client: /);
  });
});

/** util-linux's program that runs a command on a terminal of its own. */
const terminalRecorder = 'script';

/** What a command prints on a terminal, its standard error among it. */
async function onTerminal(args: string[], env: Readonly<Record<string, string>>): Promise<string> {
  const command = [process.execPath, binaries.cli, ...args].join(' ');
  const child = spawn(terminalRecorder, ['-qec', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...env },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  return text;
}

(process.platform === 'linux' ? describe : describe.skip)('on a terminal', () => {
  const hostile = 'a\u001b[2J\u009b\u202eb';

  it('paints its own words and lets nobody else do so', async () => {
    const agent = shared();
    const { cursor } = await agent.broadcast('first');
    await agent.broadcast(hostile, 'build.done');
    const args = ['tail', '--limit', '1', '--since', cursor];
    const painted = await onTerminal(args, agent.env);
    expect(painted).toContain('\u001b[1mbuild.done\u001b[22m');
    expect(painted).toContain(' a\\x1b[2J\\x9b\\u202eb\r\n');
    const plain = await onTerminal(args, { ...agent.env, NO_COLOR: '1' });
    expect(plain).toMatch(/^[\d:.]{12} {2}message {4}build\.done from http: a\\x1b\[2J\\x9b\\u202eb\r\n$/);
    const json = await onTerminal([...args, '--json'], agent.env);
    expect(json).toContain('"data":"a\\u001b[2J\\u009b\\u202eb"');
    const text = await onTerminal([...args, '--format', 'text'], agent.env);
    expect(text).toBe('a\\x1b[2J\\x9b\\u202eb\r\n');
  });

  it('sums up many changes on a terminal, unless it is to be verbose, and never in a pipe', async () => {
    const agent = await startAgent({ flags: ['--settle', '100'] });
    const since = await agent.sync();
    // Moved in as a whole, so that it is one batch however slow the machine is.
    const many = join(temporaryDirectory(), 'many');
    mkdirSync(many);
    for (let number = 10; number < 29; number++) writeFileSync(join(many, `${number}.ts`), 'x');
    renameSync(many, join(agent.root, 'many'));
    await agent.sync();
    const args = ['tail', '--since', since, '--limit', '1'];
    const env = { ...agent.env, NO_COLOR: '1' };
    expect(await onTerminal(args, env)).toMatch(
      /^[\d:.]{12} {2}batch {6}20 changes: 20 added — many\/, many\/10\.ts, many\/11\.ts, …\r\n$/,
    );
    for (const all of [await onTerminal([...args, '--verbose'], env), (await runCli(args, { env })).stdout]) {
      expect(all.match(/ {2}add {8}many\/\d\d\.ts\r?$/gm)).toHaveLength(19);
    }
    const text = await onTerminal([...args, '--format', 'text'], env);
    expect(text.match(/^add many\/\d\d\.ts\r$/gm)).toHaveLength(19);
  });
});
