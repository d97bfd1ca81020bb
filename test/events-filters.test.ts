// `GET /v1/events`: as few events as a client asks for, and in the form that it asks for.
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream, type TestStream } from './support/stream.ts';
import { changesUntilEnd, transports } from './support/stream-events.ts';

const shared = sharedAgent();
const withTwoRoots = sharedAgent(() => ({ roots: [temporaryDirectory(), temporaryDirectory()] }));

describe.each(transports)('what a stream over %s carries', (transport) => {
  it('for shells carries bare text and changes, neither hello nor gap', async () => {
    const agent = await startAgent();
    const first = await agent.broadcast('first');
    const stream = await openStream(agent, transport, 'format=text&since=other:1');
    for (const data of ['zwölf "Boxkämpfer"', { a: [1, null] }, [], 5, true, null])
      await agent.broadcast(data);
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src', 'a b.ts'), '');
    await agent.sync();
    unlinkSync(join(agent.root, 'src', 'a b.ts'));
    await agent.sync();
    await agent.broadcast('two\nlines');
    await agent.broadcast('end');
    await stream.waitFor('end');
    const lines = stream.items.join('\n').split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'first',
      'zwölf "Boxkämpfer"',
      '{"a":[1,null]}',
      '[]',
      '5',
      'true',
      'null',
    ]);
    // The directory and its file are told in one batch or in two, in this order.
    expect(lines.slice(7)).toEqual([
      'addDir src',
      'add src/a b.ts',
      'unlink src/a b.ts',
      'two',
      'lines',
      'end',
    ]);
    if (transport === 'ndjson') expect(stream.headers['content-type']).toMatch(/^text\/plain\b/);
    if (transport === 'sse') expect(stream.ids[0]).toBe(first.cursor);
    const json = await openStream(agent, transport, 'format=json');
    await json.waitFor('hello');
  });

  it('carries the topics that it asks for', async () => {
    const agent = shared();
    const topics = [
      'a',
      'b',
      'a.b',
      'a.c',
      'a.b.c',
      'x.b',
      'x.b.c',
      'message',
      'a-b',
      'A',
      'a.b.c.d.e.f.g.h',
    ];
    const wishes: [query: string, expected: string[]][] = [
      ['', topics],
      ['topic=>', topics],
      ['topic=a', ['a']],
      ['topic=*', ['a', 'b', 'message', 'a-b', 'A']],
      ['topic=a.*', ['a.b', 'a.c']],
      ['topic=*.b', ['a.b', 'x.b']],
      ['topic=a.>', ['a.b', 'a.c', 'a.b.c', 'a.b.c.d.e.f.g.h']],
      ['topic=*.*.c', ['a.b.c', 'x.b.c']],
      ['topic=*.b.>', ['a.b.c', 'x.b.c', 'a.b.c.d.e.f.g.h']],
      ['topic=a&topic=x.>', ['a', 'x.b', 'x.b.c']],
      ['topic=a.*&topic=a.b', ['a.b', 'a.c']],
      ['topic=nobody', []],
      ['topic=file', []],
    ];
    const streams: TestStream[] = [];
    for (const [query] of wishes) {
      const wanted = query === '' ? '' : `${query.replaceAll('>', '%3E')}&topic=end`;
      streams.push(await openStream(agent, transport, wanted));
    }
    for (const topic of topics) await agent.broadcast(topic, topic);
    writeFileSync(join(agent.root, 'a.txt'), '');
    await agent.sync();
    await agent.broadcast('end', 'end');
    const found: Record<string, unknown[]> = {};
    for (const [index, stream] of streams.entries()) {
      await stream.waitFor('"end"');
      const { data } = stream;
      expect(data.pop()).toBe('end');
      const [query = ''] = wishes[index] ?? [];
      found[query] = data;
      const wantsFiles = ['', 'topic=>', 'topic=*', 'topic=file'].includes(query);
      expect([query, stream.events.some(({ type }) => type === 'file')]).toEqual([query, wantsFiles]);
    }
    expect(found).toEqual(Object.fromEntries(wishes));
  });

  it('carries the files that it asks for, and all messages', async () => {
    const agent = withTwoRoots();
    const [first = '', second = ''] = agent.roots;
    const all = [
      'addDir src',
      'add src/a.ts',
      'add src/b.js',
      'add top.ts',
      'add .env',
      'addDir dist',
      'add dist/a.ts',
    ];
    const wishes: [query: string, expected: string[]][] = [
      [`root=${first}`, all],
      [`root=${second}`, ['add other.ts']],
      ['match=**/*.ts', ['add src/a.ts', 'add top.ts', 'add dist/a.ts', 'add other.ts']],
      ['match=*.ts', ['add top.ts', 'add other.ts']],
      ['match=src/**', ['addDir src', 'add src/a.ts', 'add src/b.js']],
      ['match=*.js&match=src/*.{js,ts}', ['add src/a.ts', 'add src/b.js']],
      ['match=.*', ['add .env']],
      ['ignore=dist&ignore=dist/**&ignore=src/**', ['add top.ts', 'add .env', 'add other.ts']],
      ['match=**/*.ts&ignore=dist/**', ['add src/a.ts', 'add top.ts', 'add other.ts']],
      [`root=${first}&match=**/a.*&ignore=dist/**`, ['add src/a.ts']],
      ['match=**/*.md', []],
    ];
    const streams: TestStream[] = [];
    for (const [query] of wishes) streams.push(await openStream(agent, transport, query));
    mkdirSync(join(first, 'src'));
    writeFileSync(join(first, 'src', 'a.ts'), '');
    writeFileSync(join(first, 'src', 'b.js'), '');
    writeFileSync(join(first, 'top.ts'), '');
    writeFileSync(join(first, '.env'), '');
    mkdirSync(join(first, 'dist'));
    writeFileSync(join(first, 'dist', 'a.ts'), '');
    writeFileSync(join(second, 'other.ts'), '');
    const found: Record<string, string[]> = {};
    for (const [index, stream] of streams.entries()) {
      const changes = await changesUntilEnd(agent, stream);
      found[wishes[index]?.[0] ?? ''] = changes.sort();
      for (const event of stream.events) if (event.type === 'file') expect(event.changes).not.toEqual([]);
    }
    expect(found).toEqual(
      Object.fromEntries(wishes.map(([query, expected]) => [query, [...expected].sort()])),
    );
  });
});
