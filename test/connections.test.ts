// What connections may cost: crowds of strangers, offers of other protocols, and bursts of clients.
import { readdirSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Status } from '../shared/index.ts';
import type { TestAgent } from './support/agent.ts';
import { cleanUpWith, roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { startAgentWithFiles } from './support/confined-agent.ts';
import { exchange, openRaw, type Plane, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const planes: readonly Plane[] = ['local', 'loopback'];
const openFiles = 512;

/** Connections that say nothing; `count` of them are kept open until the returned function ends them. */
function crowd(target: { path: string } | { port: number; host: string }, count: number): () => void {
  const open = new Set<Socket>();
  const fill = (): void => {
    while (open.size < count) {
      const socket = connectSocket(target);
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
      socket.resume();
    }
  };
  fill();
  // Those that were refused come again, and not so often that it is all the machine is busy with.
  const timer = setInterval(fill, 200);
  const end = (): void => {
    clearInterval(timer);
    for (const socket of open) socket.destroy();
  };
  cleanUpWith(end);
  return end;
}

const descriptors = (agent: TestAgent): number => readdirSync(`/proc/${agent.pid}/fd`).length;

describe('a crowd that says nothing', () => {
  it('without a token leaves descriptors to the watcher, the local plane and those with a token', async () => {
    const agent = await startAgentWithFiles(openFiles)({ roots: [temporaryDirectory()] });
    const client = await connect(agent);
    const end = crowd({ port: agent.port, host: '127.0.0.1' }, 1100);
    await until('the crowd', () => descriptors(agent) > openFiles / 4);
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(join(agent.root, `f${round}`), '');
      await client.waitForChange(`add f${round}`);
      expect((await agent.request('/v1/status')).status).toBe(200);
      expect(descriptors(agent)).toBeLessThan(openFiles * 0.75);
    }
    // One of the crowd may be accepted in the same instant and take its place.
    await until('an answer on the loopback plane', () =>
      agent.request('/v1/status', { plane: 'loopback' }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    expect(agent.stderr).toMatch(/connections without a token are too many/);
    end();
    await until('all of them to be gone', () => descriptors(agent) < openFiles / 4);
  });

  it('on the local plane leaves the agent what it needs, and one too many is told so', async () => {
    const agent = await startAgentWithFiles(openFiles)({ roots: [temporaryDirectory()] });
    const client = await connect(agent);
    const end = crowd({ path: agent.socket }, openFiles);
    await until('a refusal', async () => {
      const attempt = await openRaw(agent, 'local');
      attempt.write(rawRequest('GET /v1/status HTTP/1.1', ['Host: localhost']));
      const answer = await attempt.answer().catch(() => undefined);
      attempt.destroy();
      return answer?.status === 503 && JSON.parse(answer.body).code === 'too_many_connections';
    });
    writeFileSync(join(agent.root, 'f'), '');
    await client.waitForChange('add f');
    expect(descriptors(agent)).toBeLessThan(openFiles);
    end();
    await until('an answer', () =>
      agent.request('/v1/status').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    expect(agent.stderr).not.toMatch(/ (error|fatal) /);
  });
});

describe('an offer of another protocol', () => {
  const shared = sharedAgent();
  const offers: [string, string[]][] = [
    [
      'curl --http2',
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'],
    ],
    ['TLS', ['Connection: upgrade', 'Upgrade: TLS/1.0']],
    ['several', ['Connection: Upgrade', 'Upgrade: h2c, IRC/6.9']],
  ];

  it.each(offers)('(%s) is ignored, and the request answered', async (_name, offer) => {
    const agent = shared();
    for (const plane of planes) {
      const headers = ['Host: localhost', `Authorization: Bearer ${agent.token}`, ...offer];
      const connection = await openRaw(agent, plane);
      connection.write(rawRequest('GET /v1/status HTTP/1.1', [...headers]));
      expect(JSON.parse((await connection.answer()).body)).toMatchObject({ pid: agent.pid });
      // On the same connection, and with a body.
      const body = 'hello';
      const post = [...headers, 'Content-Type: text/plain', `Content-Length: ${body.length}`];
      connection.write(rawRequest('POST /v1/messages HTTP/1.1', [...post], body));
      expect((await connection.answer()).status).toBe(200);
      connection.write(rawRequest('GET /v1/events HTTP/1.1', [...headers]));
      await until('hello', () => connection.received.includes('{"type":"hello"'));
      connection.destroy();
    }
  });

  it('beside WebSocket is passed over for that', async () => {
    const agent = shared();
    const headers = upgradeHeaders.map((line) => line.replace('websocket', 'h2c, WebSocket'));
    const { status } = await exchange(
      agent,
      rawRequest('GET /v1/events HTTP/1.1', ['Host: localhost', ...headers]),
      'local',
    );
    expect(status).toBe(101);
  });

  it('in an unknown version of WebSocket gets the one there is', async () => {
    for (const version of ['0', '8', '12', '14', '13, 8', 'x']) {
      const headers = upgradeHeaders.map((line) => line.replace(/(Version: ).*/, `$1${version}`));
      const answer = await exchange(
        shared(),
        rawRequest('GET /v1/events HTTP/1.1', ['Host: localhost', ...headers]),
        'local',
      );
      expect([version, answer.status, answer.headers['sec-websocket-version']]).toEqual([version, 426, '13']);
    }
  });
});

it('a thousand clients that come at once are all served', async () => {
  const agent = await startAgentWithFiles(4096)({ roots: [temporaryDirectory()] });
  for (const plane of planes) {
    // The agent is held up meanwhile, as by a slow disk: they wait to be accepted.
    agent.kill('SIGSTOP');
    const waiting = Array.from({ length: 1000 }, () => openRaw(agent, plane));
    const all = await Promise.all(waiting);
    expect(all.filter(({ closed }) => closed)).toHaveLength(0);
    agent.kill('SIGCONT');
    const request = ['Host: localhost', `Authorization: Bearer ${agent.token}`];
    for (const connection of all) connection.write(rawRequest('GET /v1/status HTTP/1.1', request));
    const answers = await Promise.all(all.map((connection) => connection.answer()));
    expect(answers.filter(({ status }) => status !== 200)).toHaveLength(0);
    for (const connection of all) connection.destroy();
  }
});

it('thousands of pings in one go are all answered', async () => {
  const agent = await startAgentWithFiles(1024)({ roots: [temporaryDirectory()] });
  for (const plane of planes) {
    const connection = await openRaw(agent, plane);
    const head = ['Host: localhost', `Authorization: Bearer ${agent.token}`, ...upgradeHeaders];
    connection.write(rawRequest('GET /v1/events?topic=none HTTP/1.1', head));
    await until('hello', () => connection.received.includes('"roots"'));
    const before = connection.received.length;
    // Masked with zeros; a pong is the same without the mask.
    connection.write(
      Buffer.concat(
        Array(5000)
          .fill(Buffer.from('8983000000006162', 'hex'))
          .map((b) => Buffer.concat([b, Buffer.from('c')])),
      ),
    );
    const pong = Buffer.from([0x8a, 3, ...Buffer.from('abc')]);
    await until('the pongs', () => connection.received.length >= before + 5000 * pong.length);
    // As text, for expect() would compare byte by byte.
    expect(connection.received.toString('hex', before)).toBe(pong.toString('hex').repeat(5000));
    expect(connection.closed).toBe(false);
  }
});

describe('answers that nobody reads', () => {
  it('cost bounded memory and keep nobody waiting for long', async () => {
    const root = temporaryDirectory(roomForMany);
    for (let file = 0; file < 8_000; file += 1) writeFileSync(join(root, `${'n'.repeat(240)}${file}`), '');
    const agent = await startAgentWithFiles(1024)({ roots: [root] });
    const rss = async (): Promise<number> =>
      (await agent.request('/v1/status')).json<Status>().memory.rssBytes;
    const whole = (await agent.request('/v1/files')).text.length;
    const before = await rss();
    const request = rawRequest('GET /v1/files HTTP/1.1', ['Host: localhost']);
    const unread: Socket[] = [];
    for (let count = 0; count < 80; count += 1) {
      const socket = connectSocket(agent.socket);
      cleanUpWith(() => void socket.destroy());
      socket
        .on('error', () => {})
        .pause()
        .write(request);
      unread.push(socket);
    }
    let most = 0;
    const reading = agent.request('/v1/files');
    let isRead = false;
    void reading.finally(() => {
      isRead = true;
    });
    await until('the answer to one that reads', async () => {
      most = Math.max(most, await rss());
      return isRead;
    });
    expect((await reading).text).toHaveLength(whole);
    // All of them at once would be 80 times that, some 190 MB.
    expect(most - before).toBeLessThan(130e6);
  });
});

it('a barrier is given up when nobody waits for it any more, and the agent goes on', async () => {
  const agent = await startAgentWithFiles(1024)({ roots: [temporaryDirectory()] });
  for (let round = 0; round < 20; round += 1) {
    const connection = await openRaw(agent, 'local');
    connection.write(rawRequest('POST /v1/sync?timeout=999999999 HTTP/1.1', ['Host: localhost']));
    connection.destroy();
  }
  await agent.sync();
  expect(agent.stderr).not.toMatch(/ (error|fatal) /);
});

it('bodies that never end are bounded together, and others are taken again once they are gone', async () => {
  const agent = await startAgentWithFiles(1024)({ roots: [temporaryDirectory()] });
  const mebibyte = 1024 * 1024;
  const head = ['Host: localhost', 'Content-Type: text/plain', `Content-Length: ${mebibyte}`];
  const held = await Promise.all(
    Array.from({ length: 70 }, async () => {
      const connection = await openRaw(agent, 'local');
      connection.write(rawRequest('POST /v1/messages HTTP/1.1', head, 'x'.repeat(mebibyte - 1)));
      return connection;
    }),
  );
  const refused = (): number =>
    held.filter(({ received }) => received.includes('"code":"too_many_requests"')).length;
  await until('some to be refused', () => refused() > 0);
  for (const connection of held) connection.destroy();
  await until('a message to be taken', async () => (await agent.broadcast('short')).cursor !== undefined);
});
