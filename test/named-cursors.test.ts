// Cursors that the agent remembers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { brief, changesOf } from './support/changes.ts';
import { openRaw } from './support/raw-http.ts';

import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';
import { behindItsBack } from './support/watched.ts';

const shared = sharedAgent();

async function cursors(): Promise<Record<string, string>> {
  const named = (await shared().request('/v1/cursors')).json<{ name: string; cursor: string }[]>();
  return Object.fromEntries(named.map(({ name, cursor }) => [name, cursor]));
}

const write = (name: string): void => writeFileSync(join(shared().root, name), '');

it('begin where they are asked for first, and move with each answer', async () => {
  const agent = shared();
  const first = await changesOf(agent, 'since=n:tool');
  expect(first).toMatchObject({ since: null, complete: false, reason: 'new', changes: [] });
  expect((await cursors())['tool']).toBe(first.cursor);
  write('a');
  const peeked = await changesOf(agent, 'since=n:tool&peek=1');
  const second = await changesOf(agent, 'since=n:tool');
  for (const answer of [peeked, second]) {
    expect(answer).toMatchObject({ since: first.cursor, complete: true });
    expect(brief(answer.changes)).toEqual(['add a']);
  }
  expect((await changesOf(agent, 'since=n:tool')).changes).toEqual([]);
  await agent.request('/v1/changes?since=n:tool', { method: 'HEAD' });
  write('b');
  // Also where everything may have changed.
  expect(await changesOf(agent, 'since=n:tool&limit=1')).toMatchObject({ complete: true });
  write('c');
  write('d');
  expect(await changesOf(agent, 'since=n:tool&limit=1')).toMatchObject({ reason: 'limit', total: 2 });
  expect((await changesOf(agent, 'since=n:tool')).changes).toEqual([]);
});

it('are not made by a look, and stay where the barrier is not passed', async () => {
  const agent = shared();
  expect(await changesOf(agent, 'since=n:looked-at&peek=1')).toMatchObject({ reason: 'new' });
  expect(await cursors()).not.toHaveProperty('looked-at');
  const { cursor } = await changesOf(agent, 'since=n:late');
  // More to look at than a millisecond is enough for.
  await behindItsBack(agent, () => {
    for (let file = 0; file < 3000; file++) write(`f${file}`);
  });
  const answer = await agent.request('/v1/changes?since=n:late&timeout=1');
  expect([answer.status, answer.json()['code']]).toEqual([504, 'sync_timeout']);
  expect((await cursors())['late']).toBe(cursor);
});

it('are set, listed and forgotten', async () => {
  const agent = shared();
  const put = (name: string, body?: string) =>
    agent.request(`/v1/cursors/${name}`, { method: 'PUT', ...(body === undefined ? {} : { body }) });
  const now = (await changesOf(agent)).cursor;
  expect((await put('of:now')).json()).toEqual({ name: 'of:now', cursor: now });
  expect((await put('back', '{"cursor":"abc:7"}')).json()).toEqual({ name: 'back', cursor: 'abc:7' });
  expect(await cursors()).toMatchObject({ 'of:now': now, back: 'abc:7' });
  expect(await changesOf(agent, 'since=n:back')).toMatchObject({ since: 'abc:7', reason: 'epoch' });
  expect((await put('back', '{"cursor":"abc"}')).json()['detail']).toContain('"cursor"');
  expect((await put('a%2Fb')).json()['detail']).toContain('"name"');
  const forget = () => agent.request('/v1/cursors/back', { method: 'DELETE' });
  expect((await forget()).json()).toEqual({ name: 'back' });
  expect([(await forget()).status, (await forget()).json()['code']]).toEqual([404, 'unknown_cursor']);
});

it('are a thousand at most, and the least recently used goes', async () => {
  const agent = shared();
  const put = (name: string) => agent.request(`/v1/cursors/${name}`, { method: 'PUT' });
  for (let number = 0; number < 1000; number++) await put(`m${number}`);
  await changesOf(agent, 'since=n:m0&peek=1');
  await put('one-more');
  const names = Object.keys(await cursors());
  expect(names).toHaveLength(1000);
  expect(names.slice(0, 1)).toEqual(['m2']);
  expect(names.slice(-2)).toEqual(['m0', 'one-more']);
});

it('move only when the whole answer was taken, and the next call waits for that', async () => {
  const agent = shared();
  const { cursor } = await changesOf(agent, 'since=n:slow');
  // More than sockets hold.
  for (let directory = 0; directory < 8; directory++) {
    const at = join(agent.root, `${directory}-${'x'.repeat(200)}`);
    mkdirSync(at);
    for (let file = 0; file < 500; file++) writeFileSync(join(at, `${file}`), '');
  }
  const slow = await openRaw(agent, 'local');
  slow.socket.pause();
  slow.socket.write('GET /v1/changes?since=n:slow&limit=100000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(
    'the answer to be on its way',
    () => slow.socket.readableLength > 0 || slow.received.length > 0,
  );
  const next = changesOf(agent, 'since=n:slow');
  await agent.sync();
  expect((await cursors())['slow']).toBe(cursor);
  slow.socket.destroy();
  expect(await next).toMatchObject({ since: cursor, total: 8 * 501 });
  expect((await changesOf(agent, 'since=n:slow')).total).toBe(0);
});
