// Clients that read slowly, or wait for others that do: what they hold is theirs to lose, and nobody else has to wait.
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { limits } from '../shared/index.ts';
import type { TestAgent } from './support/agent.ts';
import { cleanUpWith } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { connectRaw } from './support/raw-client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

/** A connection on which requests are written by hand, and what came back. */
function openSocket(agent: TestAgent): { socket: Socket; received: () => string } {
  const socket = connectSocket(agent.socket);
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => {});
  cleanUpWith(() => void socket.destroy());
  return { socket, received: () => received };
}

/** A client that reads nothing, and for which more is waiting. */
async function startStuck(agent: TestAgent): Promise<void> {
  const stuck = await connectRaw(agent.socket, 'topic=s&name=stuck');
  stuck.pause();
  const data = 'x'.repeat(300_000);
  await until('it to fall behind', async () => (await agent.broadcast(data, 's')).lagging > 0);
}

function waitRequests(count: number, waitMs: number): string {
  const head = `POST /v1/messages?topic=s&wait=${waitMs} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n`;
  return `${head}Content-Length: 1\r\n\r\nx`.repeat(count);
}

describe('a broadcast that waits', () => {
  it('ends with its connection, and is refused when too many do', async () => {
    const agent = shared();
    await startStuck(agent);
    const publish = (query: string) =>
      agent.request(`/v1/messages?topic=s&${query}`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'x',
      });
    // On many connections: one has one request under way.
    const waiting = Array.from({ length: limits.waiters }, () => openSocket(agent));
    for (const { socket } of waiting) socket.write(waitRequests(1, 999_999_999));
    const refused = await until('one too many', async () => {
      const answer = await publish('wait=1');
      return answer.status === 503 && answer;
    });
    expect(refused.json()).toMatchObject({ code: 'too_many_waiters' });
    expect(refused.headers['retry-after']).toBe('1');
    // Who does not wait is served, and nothing was published by those who were refused.
    const before = (await publish('wait=1&key=a')).status;
    const { cursor } = (await publish('key=a')).json<{ cursor: string }>();
    expect([before, cursor]).toEqual([503, (await publish('key=a')).json<{ cursor: string }>().cursor]);

    for (const { socket } of waiting) socket.destroy();
    await until('room', async () => (await publish('wait=1')).status === 504);
  });

  it('is each time its own, where the key is the same', async () => {
    const agent = shared();
    await startStuck(agent);
    const ask = (query: string) =>
      agent.request(`/v1/messages?topic=s&key=own${query}`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'x',
      });
    const long = ask('&wait=3000');
    const counts = { matched: 1, delivered: 0, lagging: 1 };
    const first = (await ask('')).json<{ cursor: string }>();
    expect(first).toMatchObject(counts);
    const startedMs = performance.now();
    expect((await ask('&wait=300')).json()).toMatchObject({ ...first, code: 'wait_timeout' });
    expect(performance.now() - startedMs).toBeGreaterThan(290);
    expect((await long).json()).toMatchObject({ ...first, code: 'wait_timeout' });
  });
});

describe('a hundred lists of the files that nobody reads', () => {
  it('share one copy, keep nobody waiting, and are whole when they are read after all', async () => {
    const agent = shared();
    for (let file = 0; file < 4_000; file++) {
      writeFileSync(join(agent.root, `${'f'.repeat(200)}${file}`), '');
    }
    await agent.sync();
    const request = 'GET /v1/files?match=** HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const unread = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { socket, received } = openSocket(agent);
        socket.write(request);
        await until('its head', () => received().includes('application/x-ndjson'));
        socket.pause();
        return { socket, received };
      }),
    );
    // Messages move the cursor, and change nothing about the files.
    const { cursor } = await agent.broadcast('meanwhile');
    const lines = (await agent.request('/v1/files?match=**')).text.split('\n');
    expect(lines).toHaveLength(4_002);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ cursor, root: agent.root });
    for (const { socket, received } of unread) {
      socket.resume();
      // The last of the chunks: it was not broken off.
      await until('all of it', () => socket.closed);
      expect(received().endsWith('\r\n0\r\n\r\n')).toBe(true);
    }
    writeFileSync(join(agent.root, 'later'), '');
    await agent.sync();
    expect((await agent.request('/v1/files?match=**')).text).toContain('"path":"later"');
  });
});

describe('four slow readers of snapshots', () => {
  it('make room for who asks next, and one that waits in vain is not waited for', async () => {
    const agent = shared();
    for (let directory = 0; directory < 60; directory++) {
      mkdirSync(join(agent.root, `directory-${directory}`));
      for (let file = 0; file < 200; file++) {
        writeFileSync(join(agent.root, `directory-${directory}`, `${'f'.repeat(60)}${file}`), '');
      }
    }
    await agent.sync();
    const slow = Array.from({ length: 4 }, (_, n) => {
      const { socket, received } = openSocket(agent);
      socket.write(`GET /v1/events?snapshot=1&ignore=none${n}&name=slow HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      // Some bytes a second, as over a bad line.
      socket.pause();
      const trickle = setInterval(() => socket.read(1_000), 100);
      cleanUpWith(() => clearInterval(trickle));
      return { socket, received };
    });
    await until('the four to have theirs', async () => {
      const metrics = (await agent.request('/v1/clients')).json<{ name: string }[]>();
      return metrics.length === 4;
    });
    const leaving = Array.from({ length: 20 }, (_, n) => {
      const { socket } = openSocket(agent);
      socket.write(`GET /v1/events?snapshot=1&ignore=leaves${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return socket;
    });
    await until('those to wait', async () => {
      return (await agent.request('/v1/clients')).json<unknown[]>().length === 24;
    });
    for (const socket of leaving) socket.destroy();
    const next = await connect(agent, 'snapshot=1&ignore=another');
    await next.waitFor('the snapshot', (frame) => frame.type === 'snapshot' && frame.done);
    const evicted = agent.logLines.filter(({ event }) => event === 'client stalled');
    expect(evicted).toHaveLength(1);
    expect(evicted[0]).toMatchObject({ name: 'slow', why: expect.stringContaining('while others waited') });
    for (const { socket } of slow) socket.destroy();
  });
});
