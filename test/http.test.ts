// The endpoints as docs/protocol.md describes them, on a real agent. Those of messages and clients are in
// http-messages.test.ts.
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FileRecord, RootStatus, Status, SyncAnswer } from '../shared/index.ts';
import { type RequestOptions, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { cursorLike, lines, post, postText, seqOf } from './support/http-requests.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

describe('GET /v1/status', () => {
  it('says what the agent is and does', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', '100000', '--backend', 'directories'] });
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src', 'a.ts'), 'a');
    await agent.sync();
    await connect(agent);
    const { cursor } = await agent.broadcast('x');
    const answer = await agent.request('/v1/status');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const status = answer.json<Record<string, unknown>>() as unknown as Status;
    expect(status).toEqual({
      version,
      protocol: 1,
      pid: agent.pid,
      uptimeMs: expect.any(Number),
      cursor,
      oldest: cursorLike,
      roots: [
        expect.objectContaining({
          path: agent.root,
          backend: 'directories',
          ready: true,
          files: 1,
          dirs: 1,
          watches: 2,
          recrawls: 0,
          degraded: null,
        }),
      ],
      clients: 1,
      journal: { events: seqOf(cursor), bytes: expect.any(Number), limitBytes: 100_000 },
      store: {
        path: join(agent.state, 'default.store'),
        bytes: expect.any(Number),
        restored: false,
        degraded: null,
      },
      memory: expect.any(Object),
      url: agent.runFile.url,
    });
    expect(seqOf(status.oldest)).toBe(1);
    expect(status.uptimeMs).toBeGreaterThan(0);
    expect(status.journal.bytes).toBeGreaterThan(100);
    for (const bytes of Object.values(status.memory)) expect(bytes).toBeGreaterThan(0);
  });

  it('shows the journal at its limit, the oldest moving on', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    for (let count = 0; count < 100; count++) await agent.broadcast('x'.repeat(1000));
    const { cursor, oldest, journal } = (await agent.request('/v1/status')).json<
      Record<string, never>
    >() as unknown as Status;
    expect(seqOf(cursor)).toBe(100);
    expect(seqOf(oldest)).toBeGreaterThan(1);
    expect(journal.events).toBe(100 - seqOf(oldest) + 1);
    expect(journal.bytes).toBeLessThanOrEqual(65_536);
    expect(journal.limitBytes).toBe(65_536);
  });
});

describe('/v1/roots', () => {
  it('lists, adds and removes roots, and says so in the run file', async () => {
    const agent = shared();
    const client = await connect(agent);
    const added = temporaryDirectory();
    mkdirSync(join(added, 'lib'));
    writeFileSync(join(added, 'lib', 'b.ts'), '');
    writeFileSync(join(added, 'b.log'), '');
    const answer = await agent.request('/v1/roots', post({ path: added, ignore: ['*.log'] }));
    expect(answer.status).toBe(200);
    // Answered when its first crawl is done.
    expect(answer.json()).toMatchObject({ path: added, ready: true, files: 1, dirs: 1, degraded: null });
    const list = (await agent.request('/v1/roots')).json<RootStatus[]>();
    expect(list.map(({ path }) => path)).toEqual([agent.root, added]);
    expect((await agent.request('/v1/status')).json()['roots']).toEqual(list);
    expect(agent.runFile.roots).toEqual([agent.root, added]);

    writeFileSync(join(added, 'c.log'), '');
    writeFileSync(join(added, 'c.ts'), '');
    await client.waitForChange('add c.ts');
    expect(client.changes).not.toContain('add c.log');
    expect(client.files.at(-1)?.root).toBe(added);
    expect((await connect(agent)).hello.roots).toEqual([agent.root, added]);

    const removed = await agent.request(`/v1/roots?path=${added}`, { method: 'DELETE' });
    expect(removed.status).toBe(200);
    expect((await agent.request('/v1/roots')).json<RootStatus[]>().map(({ path }) => path)).toEqual([
      agent.root,
    ]);
    expect(agent.runFile.roots).toEqual([agent.root]);
    writeFileSync(join(added, 'd.ts'), '');
    writeFileSync(join(agent.root, 'e.ts'), '');
    await client.waitForChange('add e.ts');
    await agent.sync();
    expect(client.changes).not.toContain('add d.ts');
    expect((await agent.request(`/v1/roots?path=${added}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('knows a root by every path that leads to it', async () => {
    const agent = await startAgent();
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(agent.root, link);
    const again = await agent.request('/v1/roots', post({ path: link }));
    expect(again.json()).toMatchObject({ path: agent.root });
    expect((await agent.request('/v1/roots', post({ path: `${agent.root}/` }))).status).toBe(200);
    expect((await agent.request('/v1/roots')).json<RootStatus[]>()).toHaveLength(1);
    expect((await agent.request(`/v1/roots?path=${link}`, { method: 'DELETE' })).status).toBe(200);
    expect((await agent.request('/v1/roots')).json()).toEqual([]);
    expect((await agent.request('/healthz')).status).toBe(200);
  });

  it('takes what .gitignore leaves out when it is told to', async () => {
    const agent = shared();
    const [strict, lax] = [temporaryDirectory(), temporaryDirectory()];
    for (const root of [strict, lax]) {
      writeFileSync(join(root, '.gitignore'), '*.log\n');
      writeFileSync(join(root, 'a.log'), '');
    }
    expect((await agent.request('/v1/roots', post({ path: strict }))).json()).toMatchObject({ files: 1 });
    const answer = await agent.request('/v1/roots', post({ path: lax, gitignore: false }));
    expect(answer.json()).toMatchObject({ files: 2 });
  });
});

describe('GET /v1/files', () => {
  it('gives the cursor and the root, then a line an entry', async () => {
    const agent = shared();
    mkdirSync(join(agent.root, 'src', 'deep'), { recursive: true });
    writeFileSync(join(agent.root, 'src', 'a.ts'), 'let a;');
    writeFileSync(join(agent.root, 'src', 'deep', 'b.js'), '');
    writeFileSync(join(agent.root, '.hidden.ts'), 'x');
    symlinkSync('a.ts', join(agent.root, 'src', 'link'));
    const cursor = await agent.sync();
    const answer = await agent.request('/v1/files');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const [first, ...entries] = lines<FileRecord>(answer);
    expect(first).toEqual({ cursor, root: agent.root });
    const expected = [
      ['.hidden.ts', 'file'],
      ['src', 'dir'],
      ['src/a.ts', 'file'],
      ['src/deep', 'dir'],
      ['src/deep/b.js', 'file'],
      ['src/link', 'symlink'],
    ].map(([path = '', kind]) => {
      const { size, mtimeMs } = lstatSync(join(agent.root, path));
      return { path, kind, size: kind === 'dir' ? expect.any(Number) : size, mtime: mtimeMs };
    });
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect(entries.sort(byPath)).toEqual(expected);

    const paths = async (query: string): Promise<string[]> =>
      lines<FileRecord>(await agent.request(`/v1/files?${query}`))
        .slice(1)
        .map(({ path }) => path)
        .sort();
    expect(await paths(`match=${encodeURIComponent('**/*.ts')}`)).toEqual(['.hidden.ts', 'src/a.ts']);
    expect(await paths('match=src/*&match=*.md')).toEqual(['src/a.ts', 'src/deep', 'src/link']);
    expect(await paths('match=none')).toEqual([]);
    expect(await paths(`root=${agent.root}&match=src`)).toEqual(['src']);
  });

  it('asks for the root where there are several, or none', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots });
    writeFileSync(join(roots[1] as string, 'second'), '');
    await agent.sync();
    const unclear = await agent.request('/v1/files');
    expect([unclear.status, unclear.json()['code']]).toEqual([400, 'unknown_root']);
    expect(unclear.text).toContain(roots[1]);
    const [first, ...entries] = lines<FileRecord>(await agent.request(`/v1/files?root=${roots[1]}`));
    expect(first).toMatchObject({ root: roots[1] });
    expect(entries.map(({ path }) => path)).toEqual(['second']);
    for (const root of roots) await agent.request(`/v1/roots?path=${root}`, { method: 'DELETE' });
    expect((await agent.request('/v1/files')).status).toBe(400);
  });
});

describe('POST /v1/sync', () => {
  it.each(['directories', 'recursive', 'chokidar', 'polling'])(
    'answers when what was written is in, with %s',
    async (backend) => {
      const agent = await startAgent({ flags: ['--backend', backend] });
      const client = await connect(agent);
      for (let count = 0; count < 10; count++) {
        const name = `file-${count}`;
        writeFileSync(join(agent.root, name), name);
        const answer = await agent.request('/v1/sync', { method: 'POST' });
        expect(answer.status).toBe(200);
        const { cursor, ms } = answer.json<Record<string, never>>() as unknown as SyncAnswer;
        expect(ms).toBeGreaterThanOrEqual(0);
        const [first, ...entries] = lines<FileRecord>(await agent.request(`/v1/files?match=${name}`));
        expect(entries).toEqual([expect.objectContaining({ path: name, size: name.length })]);
        expect(seqOf((first as unknown as { cursor: string }).cursor)).toBeGreaterThanOrEqual(seqOf(cursor));
        await client.waitForChange(`add ${name}`);
        const event = client.files.find(({ changes }) => changes.some(({ path }) => path === name));
        expect(seqOf(event?.cursor ?? '')).toBeLessThanOrEqual(seqOf(cursor));
      }
    },
  );

  it('leaves nothing behind in the root', async () => {
    const agent = await startAgent({ flags: ['--backend', 'chokidar'] });
    const client = await connect(agent);
    for (let count = 0; count < 5; count++) await agent.sync();
    expect(lines(await agent.request('/v1/files'))).toHaveLength(1);
    await agent.broadcast('end');
    await client.waitForMessages(1);
    expect(client.files).toEqual([]);
  });
});

describe('POST /v1/shutdown', () => {
  it('answers, then stops the agent in order', async () => {
    const agent = await startAgent();
    const local = await connect(agent);
    const loopback = await connect(agent, '', 'loopback');
    const streams = [await openStream(agent, 'sse'), await openStream(agent, 'ndjson')];
    await agent.broadcast('last words');
    const answer = await agent.request('/v1/shutdown', { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(await agent.exited).toEqual({ code: 0, signal: null });
    for (const client of [local, loopback]) {
      expect(await client.waitForClose()).toMatchObject({ code: 1001 });
      expect(client.messages.map(({ data }) => data)).toEqual(['last words']);
    }
    for (const stream of streams) {
      await until('the stream to end', () => stream.ended);
      expect(stream.data).toEqual(['last words']);
    }
    expect(existsSync(agent.socket)).toBe(false);
    expect(existsSync(join(agent.runtime, `${agent.name}.json`))).toBe(false);
  });
});

describe('both planes', () => {
  it('answer the same', async () => {
    const agent = shared();
    writeFileSync(join(agent.root, 'a.ts'), 'a');
    await agent.sync();
    await connect(agent, 'name=someone');
    const requests: [string, RequestOptions][] = [
      ['/healthz', {}],
      ['/v1/status', {}],
      ['/v1/clients', {}],
      ['/v1/roots', {}],
      ['/v1/files', {}],
      ['/v1/files?match=*.js', {}],
      ['/v1/messages', post({ data: 1, key: 'once' })],
      ['/v1/messages?topic=file', postText('x')],
      ['/v1/messages', { method: 'GET' }],
      ['/v1/sync', { method: 'POST' }],
      ['/v1/roots', post({ path: agent.root })],
      ['/v1/roots?path=/nowhere', { method: 'DELETE' }],
      ['/v1/clients/c9999', { method: 'DELETE' }],
      ['/v1/events?since=x', {}],
      ['/nothing', {}],
    ];
    const varying = new Set(['uptimeMs', 'memory', 'ms']);
    const comparable = (text: string): string =>
      text.replaceAll(/"(\w+)":(\{[^}]*\}|[\d.]+)/g, (member, name: string) =>
        varying.has(name) ? '' : member,
      );
    for (const [path, options] of requests) {
      const [local, loopback] = [
        await agent.request(path, options),
        await agent.request(path, { ...options, plane: 'loopback' }),
      ];
      const { date: _localDate, ...localHeaders } = local.headers;
      const { date: _loopbackDate, ...loopbackHeaders } = loopback.headers;
      const lengthless = { 'content-length': undefined };
      expect([
        path,
        loopback.status,
        { ...loopbackHeaders, ...lengthless },
        comparable(loopback.text),
      ]).toEqual([path, local.status, { ...localHeaders, ...lengthless }, comparable(local.text)]);
    }
  });
});
