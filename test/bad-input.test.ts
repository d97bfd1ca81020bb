// Whatever comes in over HTTP that should not: it is answered as documented, and the agent serves on.
// What comes over a WebSocket is in bad-websocket.test.ts.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type RequestOptions, startAgent, type TestAgent } from './support/agent.ts';
import {
  exchange,
  openRaw,
  type Plane,
  type RawAnswer,
  rawRequest,
  upgradeHeaders,
} from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';
import { callWitness } from './support/witness.ts';

const mebibyte = 1024 * 1024;
const problemType = 'application/problem+json';
const planes: readonly Plane[] = ['local', 'loopback'];

type Body = string | Buffer;

/** A request, how it is to be refused, and what the detail has to name. */
type Row = readonly [path: string, options: RequestOptions, expected: string, named?: string | undefined];

function json(body: unknown): RequestOptions {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  };
}

function text(body: Body): RequestOptions {
  return { method: 'POST', headers: { 'content-type': 'text/plain' }, body };
}

/** Makes a request; does not wait for the end of an answer that is a stream. */
function ask(agent: TestAgent, path: string, options: RequestOptions, plane: Plane): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body = '' } = options;
  const lines = [
    'Host: localhost',
    `Authorization: Bearer ${agent.token}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const head = rawRequest(`${method} ${path} HTTP/1.1`, lines);
  return exchange(agent, Buffer.concat([Buffer.from(head), Buffer.from(body)]), plane);
}

/** `STATUS CODE` of a problem. */
function verdict(status: number, contentType: string | undefined, body: string): string {
  if (contentType !== problemType) return `${status} without a problem document`;
  const problem = JSON.parse(body) as { status: number; code: string; title: string; detail: string };
  expect([problem.status, typeof problem.title, typeof problem.detail]).toEqual([status, 'string', 'string']);
  return `${status} ${problem.code}`;
}

/** Makes every row's request on both planes, and compares them all at once. */
async function expectTable(agent: TestAgent, rows: readonly Row[]): Promise<void> {
  const witness = await callWitness(agent);
  for (const plane of planes) {
    const found: string[] = [];
    const expected: string[] = [];
    for (const [path, options, wanted, named] of rows) {
      const { method = 'GET', body = '' } = options;
      const what = `${method} ${path.slice(0, 80)} ${body.toString('latin1').slice(0, 60)}`;
      const { status, headers, body: told } = await ask(agent, path, options, plane);
      const silent = named !== undefined && !told.includes(JSON.stringify(named).slice(1, -1));
      const seen = verdict(status, headers['content-type'], told);
      found.push(`${what} → ${seen}${silent ? `, not naming ${named}: ${told}` : ''}`);
      expected.push(`${what} → ${wanted}`);
    }
    expect(found).toEqual(expected);
  }
  await witness.expectService();
  witness.expectCleanRecord();
}

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

  it('is refused when it is no HTTP, or is not as HTTP should be', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const post = 'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n';
    const requests = [
      'GARBAGE\r\n\r\n',
      '\0\0\0\0\r\n\r\n',
      'GET\r\n\r\n',
      'GET /v1/status HTTP/9.9\r\n\r\n',
      'BREW /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /v1/status HTTP/1.1\r\nHost: localhost\r\nNo Name: x\r\n\r\n',
      'GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
      `${post}Content-Length: many\r\n\r\n`,
      `${post}Content-Length: -1\r\n\r\n`,
      `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      `${post}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${post}Transfer-Encoding: chunked\r\n\r\nmany\r\n`,
      `${post}Transfer-Encoding: chunked\r\n\r\n2\r\nabc`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      // A TLS client says hello.
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ];
    for (const plane of planes) {
      for (const request of requests) {
        const connection = await openRaw(agent, plane);
        connection.write(
          Buffer.from(request.replace('\r\n', `\r\nAuthorization: Bearer ${agent.token}\r\n`), 'latin1'),
        );
        const answer = await connection.answer();
        expect([request, answer.status]).toEqual([request, 400]);
        expect([request, answer.headers['content-type']]).toEqual([request, 'application/problem+json']);
        expect(JSON.parse(answer.body)).toMatchObject({ status: 400, code: expect.any(String) });
        await connection.end();
      }
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is told why when it expects what HTTP does not know, or takes us for a proxy', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const host = 'Host: localhost';
    const token = `Authorization: Bearer ${agent.token}`;
    const refused: [line: string, headers: string[], local: string, loopback?: string][] = [
      ['GET /v1/status HTTP/1.1', [host, token, 'Expect: rubbish'], '417 expectation_failed'],
      [
        'POST /v1/messages HTTP/1.1',
        [host, token, 'Expect: rubbish', 'Content-Length: 9'],
        '417 expectation_failed',
      ],
      ['GET /nothing HTTP/1.1', [host, token, 'Expect: rubbish'], '404 not_found'],
      ['GET /v1/status HTTP/1.1', [host, 'Expect: rubbish'], '417 expectation_failed', '401 token_required'],
      ['CONNECT example.com:443 HTTP/1.1', [host, token], '405 method_not_allowed'],
      ['CONNECT example.com:443 HTTP/1.1', [host], '405 method_not_allowed', '401 token_required'],
      [
        'CONNECT example.com:443 HTTP/1.1',
        ['Host: example.com', token],
        '405 method_not_allowed',
        '421 host_refused',
      ],
    ];
    for (const plane of planes) {
      for (const [line, headers, local, loopback = local] of refused) {
        const { status, headers: answered, body } = await exchange(agent, rawRequest(line, headers), plane);
        expect(answered['content-type']).toBe('application/problem+json');
        const expected = plane === 'local' ? local : loopback;
        expect([line, headers, `${status} ${JSON.parse(body).code}`]).toEqual([line, headers, expected]);
      }
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is refused as an upgrade when it is none of ours', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const [connection, upgrade, versionLine, keyLine] = upgradeHeaders as [string, string, string, string];
    const refused: [line: string, headers: string[], expected: string, named?: string][] = [
      ['GET /v1/status HTTP/1.1', [...upgradeHeaders], '400 upgrade_refused', '/v1/status'],
      ['GET /healthz HTTP/1.1', [...upgradeHeaders], '400 upgrade_refused'],
      ['GET /nothing HTTP/1.1', [...upgradeHeaders], '404 not_found'],
      ['POST /v1/events HTTP/1.1', [...upgradeHeaders], '405 method_not_allowed'],
      ['GET /v1/events HTTP/1.1', [connection, upgrade, versionLine], '400 bad_handshake'],
      ['GET /v1/events HTTP/1.1', [connection, upgrade, keyLine], '400 bad_handshake'],
      [
        'GET /v1/events HTTP/1.1',
        [connection, upgrade, keyLine, 'Sec-WebSocket-Version: 7'],
        '426 websocket_version',
        '13',
      ],
      [
        'GET /v1/events HTTP/1.1',
        [connection, upgrade, keyLine, 'Sec-WebSocket-Version: 8'],
        '426 websocket_version',
      ],
      [
        'GET /v1/events HTTP/1.1',
        [connection, upgrade, versionLine, 'Sec-WebSocket-Key: short'],
        '400 bad_handshake',
      ],
      ['GET /v1/events?colour=red HTTP/1.1', [...upgradeHeaders], '400 unknown_parameter', 'colour'],
      ['GET /v1/events?format=xml HTTP/1.1', [...upgradeHeaders], '400 bad_parameter', 'format'],
      ['GET /v1/events?since=x HTTP/1.1', [...upgradeHeaders], '400 bad_parameter', 'since'],
      ['GET /v1/events?match= HTTP/1.1', [...upgradeHeaders], '400 bad_parameter', 'match'],
      ['GET /v1/events?topic=a..b HTTP/1.1', [...upgradeHeaders], '400 bad_parameter', 'topic'],
      ['GET /v1/events?root=/nowhere HTTP/1.1', [...upgradeHeaders], '400 unknown_root', '/nowhere'],
    ];
    for (const plane of planes) {
      for (const [line, headers, expected, named = ''] of refused) {
        const raw = await openRaw(agent, plane);
        raw.write(rawRequest(line, ['Host: localhost', `Authorization: Bearer ${agent.token}`, ...headers]));
        const { status, headers: answered, body } = await raw.answer();
        expect(answered['content-type']).toBe('application/problem+json');
        expect([line, headers, `${status} ${JSON.parse(body).code}`]).toEqual([line, headers, expected]);
        expect(body).toContain(named);
        await raw.end();
      }
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });
});

describe('a request that is too large', () => {
  const chunked = { 'transfer-encoding': 'chunked' };

  it('is refused for a body over 1 MiB, its length said or not', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const send = (plane: Plane, path: string, bytes: number, more = {}): Promise<string> =>
      agent
        .request(path, {
          method: 'POST',
          plane,
          headers: { 'content-type': 'text/plain', ...more },
          body: Buffer.alloc(bytes, 'x'),
        })
        .then(
          ({ status, headers, text: body }) =>
            status === 200 ? '200' : verdict(status, headers['content-type'], body),
          (error: NodeJS.ErrnoException) => `no answer, ${error.code}`,
        );
    for (const plane of planes) {
      for (const headers of [{}, chunked]) {
        expect(await send(plane, '/v1/messages', 2 * mebibyte, headers)).toBe('413 body_too_large');
        expect(await send(plane, '/v1/messages', mebibyte + 1, headers)).toBe('413 body_too_large');
        expect(await send(plane, '/v1/messages', mebibyte, headers)).toBe('200');
      }
      expect(await send(plane, '/v1/nothing', 2 * mebibyte)).toBe('404 not_found');
    }
    await witness.expectService();
    expect(witness.heard.map((data) => (data as string).length)).toEqual(
      Array.from({ length: 4 }, () => mebibyte),
    );
    witness.expectCleanRecord();
  });

  it('is refused also to a client that sends it all before it reads', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const headers = ['Host: localhost', `Authorization: Bearer ${agent.token}`, 'Content-Type: text/plain'];
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const bodies: [header: string, body: string][] = [
      [`Content-Length: ${2 * mebibyte}`, 'x'.repeat(2 * mebibyte)],
      ['Transfer-Encoding: chunked', `${chunk.repeat(32)}0\r\n\r\n`],
    ];
    for (const plane of planes) {
      for (const [header, body] of bodies) {
        const connection = await openRaw(agent, plane);
        connection.socket.pause();
        connection.write(rawRequest('POST /v1/messages HTTP/1.1', [...headers, header]));
        // In the meantime the agent has seen the head, and may have made up its mind.
        await witness.expectService();
        await new Promise((resolve) => connection.socket.write(body, resolve));
        connection.socket.resume();
        const answer = await connection.answer();
        expect(verdict(answer.status, answer.headers['content-type'], answer.body)).toBe(
          '413 body_too_large',
        );
      }
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is refused for a header block over 16 KiB', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const long = 'x'.repeat(17 * 1024);
    const many = Array.from({ length: 2000 }, (_, index) => `X-${index}: xxxxxxxx`);
    for (const plane of planes) {
      for (const [line, headers] of [
        ['GET /v1/status HTTP/1.1', [`X: ${long}`]],
        ['GET /v1/status HTTP/1.1', many],
        [`GET /v1/status?${long} HTTP/1.1`, []],
        ['GET /v1/events HTTP/1.1', [...upgradeHeaders, `Sec-WebSocket-Protocol: ${long}`]],
      ] as const) {
        const {
          status,
          headers: answered,
          body,
        } = await exchange(agent, rawRequest(line, ['Host: localhost', ...headers]), plane);
        expect(status).toBe(431);
        expect(answered['content-type']).toBe('application/problem+json');
        expect(JSON.parse(body)).toMatchObject({ status: 431, code: 'headers_too_large' });
      }
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });
});

describe('random bytes', () => {
  const crumbs = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .constantFrom(
        'GET ',
        'POST ',
        '/v1/events',
        '/v1/messages',
        '/v1/status',
        ' HTTP/1.1\r\n',
        '\r\n',
        '\r\n\r\n',
        'Host: localhost\r\n',
        'Content-Type: text/plain\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        `${upgradeHeaders.join('\r\n')}\r\n`,
        'Expect: 100-continue\r\n',
        'Connection: close\r\n',
      )
      .map((text) => Buffer.from(text, 'latin1')),
  );

  it('in place of HTTP do no harm', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const parts = fc.array(crumbs, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom(...planes), fc.boolean(), async (bytes, plane, drop) => {
        const connection = await openRaw(agent, plane);
        connection.write(Buffer.concat(bytes));
        if (drop) connection.destroy();
        else connection.socket.end();
        await witness.expectService();
        connection.destroy();
      }),
      { numRuns: 150 },
    );
    witness.expectCleanRecord();
  });

  it('after a good request end the connection, not the service', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const good = rawRequest('GET /v1/status HTTP/1.1', ['Host: localhost']);
    for (const plane of planes) {
      const credentials = plane === 'local' ? '' : `?token=${agent.token}`;
      const connection = await openRaw(agent, plane);
      connection.write(good.replace('/v1/status', `/v1/status${credentials}`));
      expect((await connection.answer()).status).toBe(200);
      connection.write('garbage\r\n\r\n'.repeat(5000));
      expect((await connection.answer()).status).toBe(400);
      await connection.end();
      await witness.expectService();
    }
    witness.expectCleanRecord();
  });

  it('are told apart from good requests, thousands of both in one go', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const connection = await openRaw(agent, 'local');
    const requests = [
      rawRequest('GET /v1/status HTTP/1.1', ['Host: localhost']),
      rawRequest('GET /v1/nothing HTTP/1.1', ['Host: localhost']),
      rawRequest('POST /v1/messages HTTP/1.1', ['Host: localhost', 'Content-Length: 3'], 'abc'),
      rawRequest('PUT /v1/roots HTTP/1.1', ['Host: localhost']),
    ];
    connection.write(requests.join('').repeat(500));
    const statuses: number[] = [];
    while (statuses.length < 2000) statuses.push((await connection.answer()).status);
    expect(statuses).toEqual(Array.from({ length: 500 }, () => [200, 404, 415, 405]).flat());
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('into a stream end it, without a second answer in its midst', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const connection = await openRaw(agent, 'local');
    connection.write(rawRequest('GET /v1/events HTTP/1.1', ['Host: localhost']));
    await until('hello', () => connection.received.includes('"hello"'));
    connection.write('garbage\r\n\r\n');
    await connection.end();
    expect(connection.received.toString('latin1').match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    await witness.waitUntilAlone();
    await witness.expectService();
    witness.expectCleanRecord();
  });
});

describe('a request that is never finished', () => {
  const head = 'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n';
  const opening = rawRequest('GET /v1/events HTTP/1.1', ['Host: localhost', ...upgradeHeaders]);
  const halves: [what: string, bytes: string][] = [
    ['nothing at all', ''],
    ['half a line', 'GET /v1/st'],
    ['half its headers', 'GET /v1/status HTTP/1.1\r\nHost: loc'],
    ['all headers but the blank line', 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n'],
    ['half its body', `${head}Content-Length: 10\r\n\r\nhello`],
    ['half a chunk', `${head}Transfer-Encoding: chunked\r\n\r\na\r\nhello`],
    ['chunks without an end', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['a promise to send its body', `${head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n`],
    ['half an opening', opening.slice(0, -10)],
    ['half a frame', `${opening}\x81\xfe\x00`],
    ['a message in pieces', `${opening}\x01\x82\0\0\0\0{}`],
  ];

  it('disturbs nobody while it is open, nor when it is dropped', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const authorization = `Authorization: Bearer ${agent.token}\r\n`;
    for (const plane of planes) {
      const connections = [];
      for (const [, bytes] of halves) {
        const connection = await openRaw(agent, plane);
        connection.write(Buffer.from(bytes.replace('Host:', `${authorization}Host:`), 'latin1'));
        connections.push(connection);
        await witness.expectService();
      }
      for (const [index, connection] of connections.entries()) {
        // In order, or with a reset; a Unix socket knows no resets.
        if (index % 2 === 0 || plane === 'local') connection.destroy();
        else connection.socket.resetAndDestroy();
        await witness.expectService();
      }
      await witness.waitUntilAlone();
    }
    expect(witness.heard).toEqual([]);
    witness.expectCleanRecord();
  });

  it('does not keep the agent from ending', async () => {
    const agent = await startAgent();
    for (const [, bytes] of halves) {
      const connection = await openRaw(agent, 'local', { allowHalfOpen: true });
      connection.write(Buffer.from(bytes, 'latin1'));
    }
    // Nor does one that was refused, whose other side stays open.
    const refused = await openRaw(agent, 'loopback', { allowHalfOpen: true });
    refused.write(rawRequest('GET /v1/events HTTP/1.1', ['Host: evil.example', ...upgradeHeaders]));
    expect((await refused.answer()).status).toBe(421);
    expect((await agent.request('/v1/status')).status).toBe(200);
    agent.kill('SIGTERM');
    // Far less than HTTP allows any of them to take.
    await until('the agent to end', () => agent.child.exitCode !== null, 15_000);
    expect(agent.child.exitCode).toBe(0);
  });
});

describe('a connection that was refused', () => {
  const upgrade = rawRequest('GET /v1/events HTTP/1.1', ['Host: evil.example', ...upgradeHeaders]);
  const request = rawRequest('GET /v1/status HTTP/1.1', ['Host: evil.example', 'Connection: close']);

  // What a process has open can be looked up on Linux alone.
  (process.platform === 'linux' ? it : it.skip)(
    'is let go of, whether or not the other side does its part',
    async () => {
      const agent = shared();
      const witness = await callWitness(agent);
      await witness.expectService();
      const openFiles = () => readdirSync(`/proc/${agent.pid}/fd`).length;
      const before = openFiles();
      const held = [];
      for (let count = 0; count < 20; count++) {
        for (const bytes of [upgrade, request]) {
          const quiet = await openRaw(agent, 'loopback', { allowHalfOpen: true });
          quiet.write(bytes);
          expect((await quiet.answer()).status).toBe(421);
          const talkative = await openRaw(agent, 'loopback', { allowHalfOpen: true });
          talkative.write(bytes);
          expect((await talkative.answer()).status).toBe(421);
          talkative.write('more, unasked');
          talkative.socket.end();
          held.push(quiet, talkative);
        }
      }
      await until(
        () => `the connections to be closed; ${openFiles() - before} are open`,
        () => openFiles() <= before,
        5_000,
      );
      await witness.expectService();
      witness.expectCleanRecord();
    },
  );
});
