// The log: events with fields, one JSON object a line, so that a program can read what happened.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { startCrowd } from './support/crowd.ts';
import { connectRaw } from './support/raw-client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

type Line = Record<string, unknown>;

/** The lines of one event, about one client if it is given. */
function linesOf(agent: TestAgent, event: string, client?: string): Line[] {
  return agent.logLines.filter(
    (line) => line['event'] === event && (client === undefined || line['client'] === client),
  );
}

/** Waits until it is logged that a client left; gives what was logged of that. */
async function whenLeft(agent: TestAgent, client: string): Promise<Line[]> {
  await until(
    () => `${client} to leave: ${agent.stderr}`,
    () => linesOf(agent, 'client left', client).length > 0,
    15_000,
  );
  return linesOf(agent, 'client left', client);
}

/** Expects every line to be a JSON object with its time, level and event, in the order of time. */
function expectWellFormed(agent: TestAgent): void {
  const text = readFileSync(join(agent.state, `${agent.name}.log`), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  const times: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const entry = JSON.parse(line) as Line;
    expect(entry).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: expect.stringMatching(/^(error|warn|info|debug)$/),
      // What differs from time to time is in the fields.
      event: expect.stringMatching(/^[a-z][a-z, ]*$/),
    });
    times.push(String(entry['time']));
  }
  expect(times).toEqual([...times].sort());
}

describe('the log file', () => {
  it('tells an agent from start to stop, in lines of JSON with fields', async () => {
    const agent = await startAgent();
    await agent.broadcast('hello');
    await agent.stop();
    expectWellFormed(agent);
    expect(statSync(join(agent.state, 'default.log')).mode & 0o777).toBe(0o600);
    const { logLines } = agent;
    expect(logLines.map(({ event }) => event)).toEqual([
      'listening',
      'backend chosen',
      'root ready',
      'ready',
      'stopping',
      'stopped',
    ]);
    expect(logLines[0]).toMatchObject({
      level: 'info',
      pid: agent.pid,
      version: expect.any(String),
      socket: agent.socket,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    });
    expect(logLines[2]).toMatchObject({ root: agent.root, files: 0, dirs: 0, ms: expect.any(Number) });
    expect(logLines[4]).toMatchObject({ reason: 'SIGTERM' });
  });

  it('is carried on by the next agent', async () => {
    const first = await startAgent();
    await first.stop();
    const second = await startAgent({ ...first });
    await second.stop();
    expectWellFormed(second);
    expect(linesOf(second, 'listening').map(({ pid }) => pid)).toEqual([first.pid, second.pid]);
  });

  it('can be put elsewhere', async () => {
    const file = join(temporaryDirectory(), 'logs/agent.jsonl');
    const agent = await startAgent({ flags: ['--log-file', file] });
    await agent.stop();
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toContain('ready');
  });

  it('holds at --log-level warn nothing less', async () => {
    const agent = await startAgent({ flags: ['--log-level', 'warn'] });
    await connect(agent);
    await agent.stop();
    expect(readFileSync(join(agent.state, 'default.log'), 'utf8')).toBe('');
    expect(agent.stderr).toBe('');
  });
});

describe('a broadcast', () => {
  it('is logged at debug with the id and address of each client that it goes to', async () => {
    const agent = await startAgent({ flags: ['--log-level', 'debug'] });
    const local = await connect(agent, 'name=editor');
    const loopback = await connect(agent, '', 'loopback');
    await connect(agent, 'topic=other');
    const { cursor } = await agent.broadcast('hello');
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    const addressOf = new Map(clients.map(({ id, address }) => [id, address]));
    await loopback.waitForMessages(1);
    const lines = linesOf(agent, 'message goes to client');
    expect(lines).toHaveLength(2);
    for (const { hello } of [local, loopback]) {
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'debug',
          cursor,
          client: hello.client,
          address: addressOf.get(hello.client),
        }),
      );
    }
    expect(addressOf.get(loopback.hello.client)).toMatch(/^127\.0\.0\.1:\d+$/);
    await agent.stop();
    expectWellFormed(agent);
  });

  it('is not logged otherwise, and its content never', async () => {
    const quiet = await startAgent();
    const loud = await startAgent({ flags: ['--log-level', 'debug'] });
    for (const agent of [quiet, loud]) {
      const client = await connect(agent);
      await agent.broadcast('between you and me');
      await client.waitForMessages(1);
      await agent.stop();
      expect(JSON.stringify(agent.logLines)).not.toContain('between you');
    }
    expect(linesOf(quiet, 'message goes to client')).toEqual([]);
    expect(linesOf(loud, 'message goes to client')).toHaveLength(1);
  });
});

describe('a client', () => {
  /** After the last test, and the end of the agent: whoever came has left, and is logged for that once. */
  const shared = sharedAgent({}, async (options) => {
    const agent = await startAgent(options);
    cleanUpWith(() => {
      const clientsOf = (event: string) => linesOf(agent, event).map(({ client }) => String(client));
      expect(clientsOf('client left').sort()).toEqual(clientsOf('client connected').sort());
      expectWellFormed(agent);
    });
    return agent;
  });

  it('is logged once when it connects and once when it closes, with the code', async () => {
    const agent = shared();
    const client = await connect(agent, 'name=page', 'loopback');
    const id = client.hello.client;
    const connected = linesOf(agent, 'client connected', id);
    expect(connected).toEqual([
      expect.objectContaining({ level: 'info', name: 'page', transport: 'ws', clients: 1 }),
    ]);
    client.ws.close(4001, 'done here');
    const left = await whenLeft(agent, id);
    expect(left).toEqual([
      expect.objectContaining({
        level: 'info',
        name: 'page',
        address: connected[0]?.['address'],
        code: 4001,
        reason: 'done here',
        clients: 0,
      }),
    ]);
  });

  it.each(['local', 'loopback'] as const)(
    'on the %s plane whose process is killed is logged once',
    async (plane) => {
      const agent = shared();
      const crowd = await startCrowd(agent, 'killed', 3, plane);
      const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
      expect(clients).toHaveLength(3);
      await crowd.kill();
      for (const { id } of clients) expect(await whenLeft(agent, id)).toHaveLength(1);
    },
  );

  it('that breaks the WebSocket protocol is told so, removed and logged once, with the error', async () => {
    const agent = shared();
    const other = await connect(agent);
    const broken = await connectRaw(agent.socket, 'name=broken');
    const id = String(broken.texts[0]?.['client']);
    // A frame of a kind that does not exist; and it does not answer the close frame either.
    broken.socket.write(Buffer.from([0x8f, 0x80, 0, 0, 0, 0]));
    const left = await whenLeft(agent, id);
    expect(left).toEqual([
      expect.objectContaining({ name: 'broken', reason: expect.stringContaining('opcode'), clients: 1 }),
    ]);
    expect(broken.closeCodes).toEqual([1002]);
    await agent.broadcast('to the other');
    await other.waitForMessages(1);
  });

  it('that breaks the protocol and then reads nothing more is removed as well', async () => {
    const agent = shared();
    const broken = await connectRaw(agent.socket, 'name=broken');
    broken.pause();
    broken.socket.write(Buffer.from([0x8f, 0x80, 0, 0, 0, 0]));
    expect(await whenLeft(agent, String(broken.texts[0]?.['client']))).toHaveLength(1);
  });

  it('whose connection is reset is logged once', async () => {
    const agent = shared();
    const client = await connect(agent, '', 'loopback');
    const id = client.hello.client;
    const socket = (client.ws as unknown as { _socket: import('node:net').Socket })._socket;
    socket.resetAndDestroy();
    const left = await whenLeft(agent, id);
    expect(left).toHaveLength(1);
  });

  it('that is disconnected by request is logged once', async () => {
    const agent = shared();
    const client = await connect(agent);
    const id = client.hello.client;
    await agent.request(`/v1/clients/${id}`, { method: 'DELETE' });
    expect((await client.waitForClose()).code).toBe(1008);
    const left = await whenLeft(agent, id);
    expect(left).toHaveLength(1);
  });

  it('of a stream over plain HTTP is logged as any other', async () => {
    const agent = await startAgent();
    const stopped = agent.request('/v1/events?name=curl');
    await until('it to connect', () => linesOf(agent, 'client connected').length === 1);
    expect(linesOf(agent, 'client connected')).toEqual([
      expect.objectContaining({ name: 'curl', transport: 'ndjson', address: 'local' }),
    ]);
    await agent.stop();
    expect((await stopped).status).toBe(200);
    expect(linesOf(agent, 'client left')).toEqual([
      expect.objectContaining({ name: 'curl', reason: 'ended', clients: 0 }),
    ]);
  });
});
