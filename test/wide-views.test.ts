// Clients that want what ignore rules leave out: each has its own view, and nobody else notices.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo, FileRecord, ServerFrame, Status } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { fill, write } from './support/ignoring-root.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { changesUntilEnd, seqOf } from './support/stream-events.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

/** Without changes of what came with them: a file may be seen when it is made, and again when it is written. */
function cameAndWent(changes: readonly string[]): string[] {
  return changes.filter((change, at) => !changes.slice(0, at).includes(change.replace(/^change /, 'add ')));
}

const epochOf = (cursor: string): string => cursor.split(':')[0] ?? '';

async function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return (await agent.request('/v1/clients')).json<ClientInfo[]>();
}

async function deliveredTo(agent: TestAgent, { hello }: TestClient): Promise<number | undefined> {
  return (await clientsOf(agent)).find(({ id }) => id === hello.client)?.delivered;
}

/** Everything that has happened is with every client after this. */
async function settle(agent: TestAgent, clients: readonly TestClient[]): Promise<void> {
  await agent.sync();
  for (const [index, client] of clients.entries()) {
    const id = `settle-${client.frames.length}-${index}`;
    client.send({ type: 'sync', id });
    await client.waitFor(id, (frame) => frame.type === 'synced' && frame.id === id);
  }
}

async function subscribe(client: TestClient, id: number, filter: Record<string, unknown>): Promise<number> {
  client.send({ type: 'subscribe', id, ...filter });
  const answer = await client.waitFor(`ack ${id}`, (frame) => 'id' in frame && frame.id === id);
  expect(answer.type).toBe('ack');
  return client.frames.findIndex((frame) => frame.type === 'ack' && frame.id === id);
}

describe('a stream of a wide view', () => {
  it.each(['ws', 'sse', 'ndjson'] as const)(
    'carries over %s what the rules leave out, but for .git',
    async (transport) => {
      const agent = shared();
      await fill(agent);
      const stream = await openStream(agent, transport, 'ignored=1&topic=file&topic=message');
      write(agent, 'dist/js/a.js', 'other');
      write(agent, 'build/new.o');
      write(agent, 'src/b.log');
      write(agent, '.git/HEAD', 'other');
      const changes = await changesUntilEnd(agent, stream);
      expect(cameAndWent(changes).sort()).toEqual([
        'add build/new.o',
        'add src/b.log',
        'change dist/js/a.js',
      ]);
      expect(epochOf(stream.hello.cursor)).not.toBe(epochOf(await agent.sync()));
    },
  );

  it('has of the ignored places those that its globs name', async () => {
    const agent = shared();
    await fill(agent);
    const client = await connect(agent, 'match=dist/**&match=src/**');
    const wildcard = await connect(agent, 'match=**/dist/**&match=src/**');
    write(agent, 'dist/js/new.js');
    write(agent, 'build/new.o');
    write(agent, 'src/b.ts');
    await settle(agent, [client, wildcard]);
    expect(cameAndWent(client.changes).sort()).toEqual(['add dist/js/new.js', 'add src/b.ts']);
    expect(cameAndWent(wildcard.changes)).toEqual(['add src/b.ts']);
    expect(epochOf(wildcard.hello.cursor)).toBe(epochOf(await agent.sync()));
  });

  it('begins with what exists in it, and what follows keeps that true', async () => {
    const agent = shared();
    await fill(agent);
    const client = await connect(agent, 'ignored=1&snapshot=1');
    await client.waitFor('the snapshot', (frame) => frame.type === 'snapshot' && frame.done);
    const listed = client.frames.flatMap((frame) => (frame.type === 'snapshot' ? frame.files : []));
    expect(listed.map(({ path }) => path).sort()).toEqual(
      [
        '.gitignore',
        'build',
        'build/b.o',
        'dist',
        'dist/js',
        'dist/js/a.js',
        'src',
        'src/a.log',
        'src/a.ts',
      ].sort(),
    );
    rmSync(join(agent.root, 'dist'), { recursive: true });
    await settle(agent, [client]);
    expect(cameAndWent(client.changes)).toEqual([
      'unlink dist/js/a.js',
      'unlinkDir dist/js',
      'unlinkDir dist',
    ]);
  });

  it('has the ignored places of a root that is added, and of one that goes', async () => {
    const agent = shared();
    await fill(agent);
    const client = await connect(agent, 'ignored=1&snapshot=1&match=lib/**');
    const root = temporaryDirectory();
    writeFileSync(join(root, '.gitignore'), 'lib');
    mkdirSync(join(root, 'lib'));
    writeFileSync(join(root, 'lib/a'), '');
    const query = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const added = await agent.request('/v1/roots', { ...query, body: JSON.stringify({ path: root }) });
    expect(added.status).toBe(200);
    await client.waitForChange('add lib/a');
    writeFileSync(join(root, 'lib/b'), '');
    await client.waitForChange('add lib/b');
    await agent.request(`/v1/roots?path=${encodeURIComponent(root)}`, { method: 'DELETE' });
    await client.waitFor('its end', (frame) => frame.type === 'root' && !frame.watched);
    expect(cameAndWent(client.changes)).toEqual([
      'addDir lib',
      'add lib/a',
      'add lib/b',
      'unlink lib/b',
      'unlink lib/a',
      'unlinkDir lib',
    ]);
  });

  it('writes to nobody else what it alone has', async () => {
    const agent = shared();
    await fill(agent);
    const plain = await Promise.all([
      connect(agent),
      connect(agent, 'topic=file'),
      connect(agent, 'match=build/**'),
    ]);
    const wide = await connect(agent, 'match=dist/**');
    const cursor = await agent.sync();
    const before = await Promise.all(plain.map((client) => deliveredTo(agent, client)));
    const frames = plain.map((client) => client.frames.length);
    for (let round = 0; round < 5; round++) {
      write(agent, `dist/js/${round}.js`);
      await agent.sync();
    }
    await wide.waitForChange('add dist/js/4.js');
    expect(await agent.sync()).toBe(cursor);
    expect(await Promise.all(plain.map((client) => deliveredTo(agent, client)))).toEqual(before);
    expect(plain.map((client) => client.frames.length)).toEqual(frames);
  });

  it('is resumed by its cursor after its client has gone, and not by that of another view', async () => {
    const agent = shared();
    await fill(agent);
    const first = await connect(agent, 'match=dist/**');
    write(agent, 'dist/one');
    await first.waitForChange('add dist/one');
    const { cursor } = first.files.at(-1) as { cursor: string };
    first.ws.close();
    await until('it to be gone', async () => (await clientsOf(agent)).length === 0);
    write(agent, 'dist/two');
    await agent.sync();
    const resumed = await connect(agent, `match=dist/**&since=${cursor}`);
    expect(resumed.hello).toMatchObject({ resumed: true, cursor });
    await resumed.waitForChange('add dist/two');
    expect(cameAndWent(resumed.changes)).toEqual(['add dist/two']);
    const cursors = [
      ['match=build/**', cursor],
      ['', cursor],
      ['match=dist/**', await agent.sync()],
    ] as const;
    for (const [query, since] of cursors) {
      const other = await connect(agent, `${query}&since=${since}`);
      expect(other.hello.resumed).toBe(false);
      await other.waitFor('the gap', (frame) => frame.type === 'gap' && frame.reason === 'epoch');
    }
  });

  it('gets every message, which counts the clients of all views', async () => {
    const agent = shared();
    await fill(agent);
    const clients = [
      await connect(agent),
      await connect(agent, 'ignored=1'),
      await connect(agent, 'match=dist/**'),
    ];
    expect(await agent.broadcast('to all')).toMatchObject({ matched: 3, delivered: 3, lagging: 0 });
    for (const client of clients) await client.waitForMessages(1);
    const [plain, wide] = clients as [TestClient, TestClient];
    for (const client of [plain, wide]) {
      client.send({ type: 'publish', id: 1, data: 'from one' });
      const ack = await client.waitFor<ServerFrame & { type: 'ack' }>('ack', ({ type }) => type === 'ack');
      expect(ack).toMatchObject({ matched: 3, delivered: 3 });
      expect(epochOf(ack.cursor ?? '')).toBe(epochOf(client.hello.cursor));
    }
    for (const client of clients) {
      expect(client.messages.map(({ data }) => data)).toEqual(['to all', 'from one', 'from one']);
    }
  });

  it('is refused where there are too many', async () => {
    // Of its own: the views stay for a minute.
    const agent = await startAgent();
    await fill(agent);
    const held = [];
    for (let number = 0; number < 40; number++) {
      const path = `/v1/files?root=${encodeURIComponent(agent.root)}&match=dist/${number}/**`;
      held.push(await agent.request(path));
    }
    const refused = held.find(({ status }) => status !== 200);
    expect(refused?.status).toBe(503);
    expect(refused?.headers['content-type']).toBe('application/problem+json');
    expect(refused?.json()).toMatchObject({ code: 'too_many_views' });
    const stream = await agent.request('/v1/events?match=dist/other/**');
    expect(stream.json()).toMatchObject({ status: 503, code: 'too_many_views' });
    // The default view suffers nothing.
    const client = await connect(agent);
    client.send({ type: 'subscribe', id: 1, match: ['dist/other/**'] });
    await client.waitFor('the error', (frame) => frame.type === 'error' && frame.code === 'too_many_views');
    write(agent, 'src/new.ts');
    await client.waitForChange('add src/new.ts');
  });
});

describe('subscribe', () => {
  it('moves a client between views, and what happens meanwhile comes once', async () => {
    const agent = shared();
    await fill(agent);
    const client = await connect(agent);
    const main = epochOf(client.hello.cursor);
    let isWriting = true;
    const written: string[] = [];
    const writing = (async () => {
      for (let number = 0; isWriting; number++) {
        write(agent, `src/${number}.ts`);
        write(agent, `dist/${number}.js`);
        written.push(`add src/${number}.ts`);
        if (number % 3 === 0) await agent.broadcast(number);
        else await agent.sync();
      }
    })();
    const acks = [];
    for (const id of [1, 2, 3, 4, 5]) {
      const filter = id % 2 === 1 ? { match: ['src/**', 'dist/**'] } : {};
      acks.push(await subscribe(client, id, filter));
    }
    isWriting = false;
    await writing;
    await settle(agent, [client]);
    expect(client.gaps).toEqual([]);
    expect(cameAndWent(client.changes).filter((change) => change.includes('src/'))).toEqual(written);
    expect(client.messages.map(({ data }) => data)).toEqual(
      written.map((_, index) => index).filter((n) => n % 3 === 0),
    );
    for (const [at, frame] of client.frames.entries()) {
      if (frame.type !== 'file' && frame.type !== 'message') continue;
      const isWide = acks.filter((ack) => ack < at).length % 2 === 1;
      expect([frame.type, epochOf(frame.cursor) === main]).toEqual([frame.type, !isWide]);
      if (!isWide) expect(JSON.stringify(frame)).not.toContain('dist/');
    }
    expect(client.changes.some((change) => change.includes('dist/'))).toBe(true);
    const { clients } = (await agent.request('/v1/status')).json<Status>();
    expect(clients).toBe(1);
  });

  it('takes ignored as in a query, or as JSON has it', async () => {
    const agent = shared();
    await fill(agent);
    const client = await connect(agent);
    await subscribe(client, 1, { ignored: true });
    await subscribe(client, 2, { ignored: 1 });
    write(agent, 'build/c.o');
    await client.waitForChange('add build/c.o');
    expect((await clientsOf(agent))[0]?.filter).toMatchObject({ ignored: true });
  });
});

describe('GET /v1/files', () => {
  const list = async (agent: TestAgent, query: string) => {
    const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(agent.root)}${query}`);
    const [head, ...records] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)) as [{ cursor: string }, ...FileRecord[]];
    return { cursor: head.cursor, paths: records.map(({ path }) => path) };
  };

  it('lists what is ignored where that is asked for, and a stream goes on from its cursor', async () => {
    const agent = shared();
    await fill(agent);
    expect((await list(agent, '')).paths).not.toContain('dist');
    expect((await list(agent, '&ignored=1')).paths).toEqual(
      expect.arrayContaining(['dist/js/a.js', 'build/b.o']),
    );
    const dist = await list(agent, '&match=dist/**');
    expect(dist.paths.sort()).toEqual(['dist', 'dist/js', 'dist/js/a.js']);
    write(agent, 'dist/later');
    await agent.sync();
    const query = `root=${encodeURIComponent(agent.root)}&match=dist/**&since=${dist.cursor}`;
    const client = await connect(agent, query);
    expect(client.hello.resumed).toBe(true);
    await client.waitForChange('add dist/later');
    expect(seqOf(client.files[0] as { cursor: string })).toBe(1);
    expect((await list(agent, '&match=dist/**')).paths).toContain('dist/later');
  });
});
