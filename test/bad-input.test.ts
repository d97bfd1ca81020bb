// Whatever comes in over HTTP that says what it should not: it is answered as documented, and the agent serves on.
// What is no HTTP is in bad-http.test.ts, what comes over a WebSocket in bad-websocket.test.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RequestOptions } from './support/agent.ts';
import { expectTable, json, type Row, text } from './support/bad-requests.ts';
import { openRaw, rawRequest } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { callWitness } from './support/witness.ts';

const shared = sharedAgent();

describe('a message that is not as it should be', () => {
  it('is refused, and the reason named', async () => {
    const longKey = 'k'.repeat(257);
    const nine = 'a.b.c.d.e.f.g.h.i';
    const badTopics = [
      '',
      '.',
      'a..b',
      '.a',
      'a.',
      'a b',
      'a/b',
      'ä',
      'a\n',
      'a\0',
      '*',
      'a.*',
      '>',
      'a.>',
      nine,
    ];
    const reserved = ['file', 'agent.a', 'agent.started.twice'];
    await expectTable(shared(), [
      ['/v1/messages', json('{"data":'), '400 bad_json'],
      ['/v1/messages', json("{'data':1}"), '400 bad_json'],
      ['/v1/messages', json('{"data":1}{"data":2}'), '400 bad_json'],
      ['/v1/messages', json('{"data":NaN}'), '400 bad_json'],
      ['/v1/messages', json(''), '400 bad_json'],
      ...['null', 'true', '1', '"text"', '[]', '[{"data":1}]'].map(
        (body): Row => ['/v1/messages', json(body), '400 bad_body'],
      ),
      ['/v1/messages', json({}), '400 bad_body', 'data'],
      ['/v1/messages', json({ topic: 'a' }), '400 bad_body', 'data'],
      ['/v1/messages', json({ data: 1, colour: 'red' }), '400 bad_body', 'colour'],
      ['/v1/messages', json({ data: 1, Topic: 'a' }), '400 bad_body', 'Topic'],
      ['/v1/messages', json('{"data":1,"__proto__":{"topic":"a"}}'), '400 bad_body', '__proto__'],
      ...[1, null, true, ['a'], { a: 1 }].flatMap((wrong): Row[] => [
        ['/v1/messages', json({ data: 1, topic: wrong }), '400 bad_body', 'topic'],
        ['/v1/messages', json({ data: 1, key: wrong }), '400 bad_body', 'key'],
      ]),
      ['/v1/messages', json({ data: 1, key: '' }), '400 bad_body', 'key'],
      ['/v1/messages', json({ data: 1, key: longKey }), '400 bad_body', 'key'],
      ...badTopics.flatMap((topic): Row[] => [
        ['/v1/messages', json({ data: 1, topic }), '400 bad_topic', topic],
        [`/v1/messages?topic=${encodeURIComponent(topic)}`, text('x'), '400 bad_topic', topic],
      ]),
      ...reserved.flatMap((topic): Row[] => [
        ['/v1/messages', json({ data: 1, topic }), '400 reserved_topic', topic],
        [`/v1/messages?topic=${topic}`, text('x'), '400 reserved_topic', topic],
      ]),
      ['/v1/messages', text(Buffer.from([0x61, 0xff, 0x62])), '400 bad_encoding'],
      ['/v1/messages', text(Buffer.from([0xed, 0xa0, 0x80])), '400 bad_encoding'],
      ['/v1/messages', text(Buffer.from([0xc0, 0x80])), '400 bad_encoding'],
      ['/v1/messages', json(Buffer.from('{"data":"\xff"}', 'latin1')), '400 bad_encoding'],
      ['/v1/messages', { method: 'POST', body: 'x' }, '415 unsupported_media_type', 'text/plain'],
      ...['', 'application/xml', 'text/html', 'text/plainer', 'application/json5', 'multipart/form-data'].map(
        (type): Row => [
          '/v1/messages',
          { method: 'POST', headers: { 'content-type': type }, body: '{"data":1}' },
          '415 unsupported_media_type',
          'application/json',
        ],
      ),
    ]);
  });

  it('is refused when it is nested deeper than it could be passed on', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect((await agent.request('/v1/messages', json(`{"data":${deep}}`))).status).toBe(400);
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is told from a good one, whatever JSON it is', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const topics = fc.oneof(
      fc.constantFrom('a', 'a.b', 'file', 'agent.x', 'file.x'),
      fc.string(),
      fc.jsonValue(),
    );
    const bodies = fc.oneof(
      fc.jsonValue(),
      fc.record({ data: fc.jsonValue(), topic: topics }, { requiredKeys: ['data'] }),
      fc.dictionary(fc.constantFrom('data', 'topic', 'key', 'x'), fc.jsonValue()),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const heard = witness.heard.length;
        const { status } = await agent.request('/v1/messages', json(JSON.stringify(body)));
        expect(status).toBe(isMessage(body) ? 200 : 400);
        await witness.expectService();
        const { data } = status === 200 ? (body as { data: unknown }) : { data: undefined };
        expect(witness.heard.slice(heard)).toEqual(status === 200 ? [JSON.parse(JSON.stringify(data))] : []);
      }),
      { numRuns: 150 },
    );
    witness.expectCleanRecord();
  });
});

/** What the protocol calls a message, said once more in other words. */
function isMessage(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { data, topic = 'message', key = 'k', ...others } = body as Record<string, unknown>;
  if (data === undefined || Object.keys(others).length > 0) return false;
  if (typeof key !== 'string' || key.length < 1 || key.length > 256) return false;
  if (typeof topic !== 'string' || topic === 'file' || topic.startsWith('agent.')) return false;
  return /^[\w-]+(\.[\w-]+){0,7}$/.test(topic);
}

describe('a request that is not as it should be', () => {
  it('is refused for parameters that are unknown, repeated or wrong, naming them', async () => {
    const agent = shared();
    const post = { method: 'POST' };
    const remove = { method: 'DELETE' };
    const endpoints: [string, RequestOptions][] = [
      ['/v1/events', {}],
      ['/v1/messages', text('x')],
      ['/v1/sync', post],
      ['/v1/status', {}],
      ['/v1/clients', {}],
      ['/v1/clients/c999', remove],
      ['/v1/roots', {}],
      ['/v1/roots', json({ path: agent.root })],
      ['/v1/roots?path=/nowhere', remove],
      ['/v1/files', {}],
      ['/v1/shutdown', post],
    ];
    const once: [string, RequestOptions, string, string][] = [
      ['/v1/events', {}, 'root', agent.root],
      ['/v1/events', {}, 'since', 'a:1'],
      ['/v1/events', {}, 'snapshot', '0'],
      ['/v1/events', {}, 'format', 'json'],
      ['/v1/events', {}, 'name', 'x'],
      ['/v1/messages', text('x'), 'topic', 'a'],
      ['/v1/messages', text('x'), 'key', 'a'],
      ['/v1/messages', text('x'), 'wait', '1'],
      ['/v1/sync', post, 'timeout', '1000'],
      ['/v1/roots', remove, 'path', agent.root],
      ['/v1/files', {}, 'root', agent.root],
    ];
    const longGlob = 'g'.repeat(4097);
    const wrong: [string, RequestOptions, string, string[]][] = [
      ['/v1/events', {}, 'topic', ['', 'a..b', 'a b', '>.a', 'a.>.b', 'a*', 'ä', 'a.b.c.d.e.f.g.h.i']],
      ['/v1/events', {}, 'match', ['', '\0', longGlob, '[z-a]']],
      ['/v1/events', {}, 'ignore', ['', '\0', longGlob, '[z-a]']],
      [
        '/v1/events',
        {},
        'since',
        ['', 'x', ':1', 'a:', 'a:-1', 'a:01', 'a:1.5', 'a:1e3', 'A:1', 'a:1 ', 'a:b:1'],
      ],
      ['/v1/events', {}, 'since', ['a:9007199254740993', `${'a'.repeat(33)}:1`]],
      ['/v1/events', {}, 'snapshot', ['', '2', 'true']],
      ['/v1/events', {}, 'format', ['', 'xml', 'TEXT']],
      ['/v1/events', {}, 'name', ['a\nb', '\u001b[31m', '\0', 'n'.repeat(65)]],
      ['/v1/events', {}, 'root', ['']],
      ['/v1/messages', text('x'), 'wait', ['', '-1', '1.5', 'soon', '1e3', '0x10', '9999999999']],
      ['/v1/messages', text('x'), 'key', ['', 'k'.repeat(257)]],
      ['/v1/sync', post, 'timeout', ['', '-1', '1.5', 'soon', '9999999999']],
      ['/v1/files', {}, 'match', ['', '\0', longGlob, '[z-a]']],
      ['/v1/files', {}, 'root', ['']],
      ['/v1/roots', remove, 'path', ['']],
    ];
    const elsewhere = join(agent.root, 'elsewhere');
    await expectTable(agent, [
      ...endpoints.flatMap(([path, options]): Row[] => [
        [`${path}${path.includes('?') ? '&' : '?'}colour=red`, options, '400 unknown_parameter', 'colour'],
      ]),
      ...['__proto__', 'constructor', ''].map(
        (name): Row => [`/v1/status?${name}=x`, {}, '400 unknown_parameter', name],
      ),
      ...once.map(([path, options, name, value]): Row => {
        const pair = `${name}=${encodeURIComponent(value)}`;
        return [`${path}?${pair}&${pair}`, options, '400 bad_parameter', name];
      }),
      ...wrong.flatMap(([path, options, name, values]) =>
        values.map(
          (value): Row => [
            `${path}?${name}=${encodeURIComponent(value)}`,
            options,
            '400 bad_parameter',
            name,
          ],
        ),
      ),
      ['/v1/roots', remove, '400 bad_parameter', 'path'],
      [`/v1/events?root=${elsewhere}`, {}, '400 unknown_root', elsewhere],
      [`/v1/files?root=${elsewhere}`, {}, '400 unknown_root', 'root'],
      [`/v1/events?${'topic=a&'.repeat(101)}`, {}, '400 bad_parameter', 'topic'],
      ['/v1/events', { headers: { 'last-event-id': 'rubbish' } }, '400 bad_parameter', 'Last-Event-ID'],
      [
        '/v1/events',
        { headers: { accept: 'text/event-stream', 'last-event-id': 'a:x' } },
        '400 bad_parameter',
      ],
    ]);
  });

  it('is refused for a root that can be none', async () => {
    const agent = shared();
    const file = join(agent.root, 'file');
    writeFileSync(file, '');
    const gone = join(agent.root, 'gone');
    await expectTable(agent, [
      ['/v1/roots', json('{'), '400 bad_json'],
      ...[null, [], 'path', {}, { path: 1 }, { path: '' }, { path: null }].map(
        (body): Row => ['/v1/roots', json(JSON.stringify(body)), '400 bad_body'],
      ),
      ['/v1/roots', json({ path: agent.root, colour: 1 }), '400 bad_body', 'colour'],
      ['/v1/roots', json({ path: agent.root, ignore: '*.log' }), '400 bad_body', 'ignore'],
      ['/v1/roots', json({ path: agent.root, ignore: [''] }), '400 bad_body', 'ignore'],
      ['/v1/roots', json({ path: agent.root, gitignore: 'yes' }), '400 bad_body', 'gitignore'],
      ['/v1/roots', json({ path: 'relative' }), '400 bad_body', 'relative'],
      ['/v1/roots', json({ path: '../up' }), '400 bad_body', '../up'],
      ['/v1/roots', json({ path: gone }), '400 not_a_directory', gone],
      ['/v1/roots', json({ path: file }), '400 not_a_directory', file],
      ['/v1/roots', json({ path: join(file, 'below') }), '400 not_a_directory', file],
      ['/v1/roots', json({ path: `${agent.root}\0` }), '400 not_a_directory'],
      ['/v1/roots', json({ path: `/${'x'.repeat(5000)}` }), '400 not_a_directory'],
      [`/v1/roots?path=${gone}`, { method: 'DELETE' }, '404 unknown_root', gone],
      ['/v1/roots?path=%00', { method: 'DELETE' }, '404 unknown_root'],
    ]);
  });

  it('is told that there is nothing, or by which methods there is something', async () => {
    const agent = shared();
    const nothing = [
      '/index.html',
      '/dashboard/',
      '/dashboard/nothing.js',
      '/v1',
      '/v1/',
      '/v2/status',
      '/v1/status/',
      '//v1/status',
      '/v1//status',
      '/v1/Status',
      '/v1/./status',
      '/v1/x/../status',
      '/v1/events/more',
      '/v1/clients/c1/more',
      '/v1/clients/%zz',
      '/v1/%73tatus',
      '/constructor',
      `/${'x'.repeat(5000)}`,
    ];
    const takes: [string, string[]][] = [
      ['/v1/events', ['GET']],
      ['/v1/messages', ['POST']],
      ['/v1/sync', ['POST']],
      ['/v1/status', ['GET']],
      ['/v1/clients', ['GET']],
      ['/v1/clients/c1', ['DELETE']],
      ['/v1/roots', ['GET', 'POST', 'DELETE']],
      ['/v1/files', ['GET']],
      ['/v1/shutdown', ['POST']],
      ['/v1/links', ['POST']],
      ['/healthz', ['GET']],
      ['/', ['GET']],
      ['/dashboard/app.js', ['GET']],
    ];
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
    for (const [path, allowed] of takes) {
      const { headers } = await agent.request(path, { method: 'PUT' });
      const named = (headers.allow ?? '').split(/, */).filter((method) => method !== 'HEAD');
      expect([path, named.sort()]).toEqual([path, [...allowed].sort()]);
    }
    await expectTable(agent, [
      ...nothing.map((path): Row => [path, {}, '404 not_found', path.slice(0, 100)]),
      ['/v1/nothing', json({ data: 1 }), '404 not_found', '/v1/nothing'],
      ['/v1/clients/c999', { method: 'DELETE' }, '404 unknown_client', 'c999'],
      ['/v1/clients/', { method: 'DELETE' }, '404 unknown_client'],
      ['/v1/clients/%00', { method: 'DELETE' }, '404 unknown_client'],
      ...takes.flatMap(([path, allowed]) =>
        methods
          .filter((method) => !allowed.includes(method))
          .map((method): Row => [path, { method }, '405 method_not_allowed', allowed[0]]),
      ),
    ]);
  });

  it('by HEAD is answered as by GET, without the body', async () => {
    const agent = shared();
    for (const path of ['/v1/status', '/v1/clients', '/v1/roots', '/v1/files', '/v1/events', '/healthz']) {
      const connection = await openRaw(agent, 'local');
      connection.write(rawRequest(`HEAD ${path} HTTP/1.1`, ['Host: localhost', 'Connection: close']));
      const { status, headers } = await connection.answer({ bodiless: true });
      await connection.end();
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-type']).not.toBe('application/problem+json');
      expect([path, connection.received.toString('latin1').split('\r\n\r\n')[1]]).toEqual([path, '']);
    }
    expect((await agent.request('/v1/messages', { method: 'HEAD' })).status).toBe(405);
    expect((await agent.request('/v1/nothing', { method: 'HEAD' })).status).toBe(404);
    expect((await agent.request('/v1/status')).json()).toMatchObject({ clients: 0 });
  });
});
