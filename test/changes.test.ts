// What changed since a cursor, asked for once and answered from the index.
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { applied, brief, changesOf, listingOf } from './support/changes.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { times } from './support/long.ts';
import { RandomOperations, randomFrom } from './support/random-operations.ts';
import { exchange, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { testSeed } from './support/seed.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { until } from './support/wait.ts';

describe('one agent', () => {
  const shared = sharedAgent();

  it('has a cursor to begin with, and then what changed since, whatever the kind', async () => {
    const agent = shared();
    const { root } = agent;
    for (const name of ['changed', 'gone', 'retyped']) writeFileSync(join(root, name), name);
    mkdirSync(join(root, 'd'));
    const begin = await changesOf(agent);
    expect(begin).toEqual({
      since: null,
      cursor: expect.stringMatching(/^[a-z0-9]+:\d+$/),
      complete: true,
      reason: null,
      changes: [],
      total: 0,
      messages: [],
      messagesComplete: true,
    });
    appendFileSync(join(root, 'changed'), '!');
    rmSync(join(root, 'gone'));
    rmSync(join(root, 'retyped'));
    mkdirSync(join(root, 'retyped'));
    writeFileSync(join(root, 'd/new'), 'four');
    symlinkSync('d', join(root, 'link'));
    writeFileSync(join(root, 'temporary'), '');
    await agent.sync();
    rmSync(join(root, 'temporary'));
    const since = await changesOf(agent, `since=${begin.cursor}`);
    expect(since).toMatchObject({ since: begin.cursor, complete: true, reason: null, total: 6 });
    expect(brief(since.changes)).toEqual([
      'unlink retyped',
      'unlink gone',
      'change changed',
      'add d/new',
      'add link',
      'addDir retyped',
    ]);
    expect(since.changes[3]).toEqual({
      root,
      event: 'add',
      path: 'd/new',
      kind: 'file',
      size: 4,
      mtime: expect.any(Number),
    });
    expect(since.changes[1]).toEqual({ root, event: 'unlink', path: 'gone', kind: 'file' });
    expect(await changesOf(agent, `since=${since.cursor}`)).toMatchObject({ complete: true, changes: [] });
  });

  it('takes the filter of a stream, and counts what it cuts off', async () => {
    const agent = shared();
    const { cursor } = await changesOf(agent);
    for (const name of ['a.ts', 'b.ts', 'b.js', 'c.md']) writeFileSync(join(agent.root, name), '');
    const since = `since=${cursor}`;
    expect(brief((await changesOf(agent, `${since}&match=*.ts&match=*.js&ignore=a.*`)).changes)).toEqual([
      'add b.js',
      'add b.ts',
    ]);
    const root = encodeURIComponent(agent.root);
    expect((await changesOf(agent, `${since}&root=${root}&limit=4`)).complete).toBe(true);
    const cut = await changesOf(agent, `${since}&root=${root}&limit=3`);
    expect(cut).toMatchObject({ complete: false, reason: 'limit', total: 4 });
    expect(brief(cut.changes)).toEqual(['add a.ts', 'add b.js', 'add b.ts']);
  });

  it('waits for what was written before, unless that is not wanted', async () => {
    const agent = shared();
    const { cursor } = await changesOf(agent);
    for (let round = 0; round < 20; round++) {
      writeFileSync(join(agent.root, `f${round}`), '');
      const { changes } = await changesOf(agent, `since=${cursor}`);
      expect(changes).toHaveLength(round + 1);
    }
    expect((await changesOf(agent, `since=${cursor}&sync=0`)).complete).toBe(true);
  });

  it('can not tell what changed since another journal, or a cursor that is yet to come', async () => {
    const agent = shared();
    const { cursor } = await changesOf(agent);
    const [epoch, seq] = cursor.split(':');
    for (const since of [`zzzzzzzz:${seq}`, `${epoch}:${Number(seq) + 1}`]) {
      const answer = await changesOf(agent, `since=${since}&topic=a`);
      expect(answer).toEqual({
        since,
        cursor,
        complete: false,
        reason: 'epoch',
        changes: [],
        total: 0,
        messages: [],
        messagesComplete: false,
      });
    }
  });

  it.each([
    ['since=nonsense', 'bad_parameter', 'since'],
    ['since=n:', 'bad_parameter', 'since'],
    ['since=n:a/b', 'bad_parameter', 'since'],
    [`since=n:${'x'.repeat(129)}`, 'bad_parameter', 'since'],
    ['limit=0', 'bad_parameter', 'limit'],
    ['limit=100001', 'bad_parameter', 'limit'],
    ['limit=many', 'bad_parameter', 'limit'],
    ['sync=2', 'bad_parameter', 'sync'],
    ['peek=yes', 'bad_parameter', 'peek'],
    ['timeout=soon', 'bad_parameter', 'timeout'],
    ['root=/nowhere/at/all', 'unknown_root', 'root'],
    ['match=', 'bad_parameter', 'match'],
    ['topic=a..b', 'bad_parameter', 'topic'],
    ['ignored=1', 'unknown_parameter', 'ignored'],
  ])('refuses %s', async (query, code, name) => {
    const answer = await shared().request(`/v1/changes?${query}`);
    expect([answer.status, answer.json()['code']]).toEqual([400, code]);
    expect(answer.json()['detail']).toContain(`"${name}"`);
  });

  it('has the messages since, on the topics that are asked for', async () => {
    const agent = shared();
    await agent.broadcast('before', 'build.done');
    const { cursor } = await changesOf(agent);
    await agent.broadcast({ ok: true }, 'build.done');
    await agent.broadcast('no', 'other');
    const { cursor: last } = await agent.broadcast('yes', 'build.begun');
    expect((await changesOf(agent, `since=${cursor}`)).messages).toEqual([]);
    const { messages, messagesComplete } = await changesOf(agent, `since=${cursor}&topic=build.*`);
    expect(messages.map(({ data }) => data)).toEqual([{ ok: true }, 'yes']);
    expect(messages[1]).toEqual({
      type: 'message',
      cursor: last,
      time: expect.any(Number),
      topic: 'build.begun',
      from: 'http',
      data: 'yes',
    });
    expect(messagesComplete).toBe(true);
    for (const size of [700_000, 300_000, 200_000]) await agent.broadcast('x'.repeat(size), 'large');
    const many = await changesOf(agent, `since=${cursor}&topic=>`);
    expect(many.messages.map(({ data }) => String(data).length)).toEqual([300_000, 200_000]);
    expect(many.messagesComplete).toBe(false);
  });

  it('tells of names that are not UTF-8', async () => {
    const agent = shared();
    const name = Buffer.from([0x66, 0xff]);
    const at = Buffer.concat([Buffer.from(`${agent.root}/`), name]);
    const { cursor } = await changesOf(agent);
    writeFileSync(at, '');
    const came = await changesOf(agent, `since=${cursor}`);
    expect(came.changes).toMatchObject([{ event: 'add', pathBytes: name.toString('base64') }]);
    rmSync(at);
    const went = await changesOf(agent, `since=${came.cursor}`);
    expect(went.changes).toMatchObject([{ event: 'unlink', pathBytes: name.toString('base64') }]);
    expect((await changesOf(agent, `since=${cursor}`)).changes).toEqual([]);
  });

  it('ends a stream at the newest event of the moment it was asked for', async () => {
    const agent = shared();
    const { cursor } = await changesOf(agent);
    await agent.broadcast('one');
    await agent.broadcast('two');
    for (const transport of ['ndjson', 'sse'] as const) {
      const stream = await openStream(agent, transport, `since=${cursor}&follow=0`);
      await until('the end of the stream', () => stream.ended);
      expect(stream.events).toMatchObject([{ data: 'one' }, { data: 'two' }]);
    }
    writeFileSync(join(agent.root, 'f'), '');
    await agent.sync();
    const stream = await openStream(agent, 'ndjson', 'snapshot=1&follow=0');
    await until('the end of the stream', () => stream.ended);
    expect(stream.frames.map(({ type }) => type)).toEqual(['hello', 'snapshot']);
    const request = rawRequest('GET /v1/events?follow=0 HTTP/1.1', [
      'Host: localhost',
      ...upgradeHeaders,
      '',
    ]);
    const upgrade = await exchange(agent, request, 'local');
    expect([upgrade.status, JSON.parse(upgrade.body).code]).toEqual([400, 'bad_parameter']);
  });
});

describe('roots', () => {
  it('that came or went since make that nobody can tell', async () => {
    const [first, second] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(join(second, 'there'), '');
    const agent = await startAgent({ roots: [first] });
    const add = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: second }),
    };
    const remove = { method: 'DELETE' };
    const before = await changesOf(agent);
    await agent.request('/v1/roots', add);
    const of = (root: string, cursor: string) =>
      changesOf(agent, `since=${cursor}&root=${encodeURIComponent(root)}`);
    // Nothing was journaled in between.
    expect(await changesOf(agent, `since=${before.cursor}`)).toMatchObject({
      complete: false,
      reason: 'expired',
    });
    expect(await of(second, before.cursor)).toMatchObject({
      complete: false,
      reason: 'expired',
      changes: [],
    });
    expect(await of(first, before.cursor)).toMatchObject({ complete: true });
    const added = await changesOf(agent);
    writeFileSync(join(second, 'new'), '');
    const since = await changesOf(agent, `since=${added.cursor}`);
    expect(since).toMatchObject({ complete: true, changes: [{ root: second, path: 'new' }] });
    await agent.request(`/v1/roots?path=${encodeURIComponent(second)}`, remove);
    expect(await changesOf(agent, `since=${since.cursor}`)).toMatchObject({
      complete: false,
      reason: 'expired',
    });
    const removed = await changesOf(agent);
    writeFileSync(join(first, 'a'), '');
    expect(brief((await changesOf(agent, `since=${removed.cursor}`)).changes)).toEqual(['add a']);
    await agent.request('/v1/roots', add);
    expect(await of(second, since.cursor)).toMatchObject({ complete: false, reason: 'expired' });
  });
});

describe('the difference since any cursor', () => {
  const seed = testSeed();
  it(`applied to the files of then gives those of now, far beyond the journal, seed ${seed}`, async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots, flags: ['--journal-bytes', '65536'] });
    const random = randomFrom(seed);
    const trees = roots.map((root, index) => new RandomOperations(root, seed + index));
    const taken = [];
    for (let step = 0; step < times(600, 6000); step++) {
      trees[step % 2]?.step();
      if (random() >= 0.03) continue;
      const root = roots[step % 2] as string;
      taken.push({ root, ...(await listingOf(agent, root)) });
      const then = taken[Math.floor(random() * taken.length)] as (typeof taken)[number];
      // The journal forgets what was before.
      await agent.broadcast('x'.repeat(30_000));
      const answer = await changesOf(agent, `since=${then.cursor}&root=${encodeURIComponent(then.root)}`);
      expect(answer.complete).toBe(true);
      const now = await listingOf(agent, then.root);
      expect(applied(then.listing, answer.changes)).toEqual(now.listing);
    }
    expect(taken.length).toBeGreaterThan(5);
    const { oldest } = (await agent.request('/v1/status')).json<{ oldest: string }>();
    expect(Number(oldest.split(':')[1])).toBeGreaterThan(1);
  });
});
