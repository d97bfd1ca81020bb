// Whatever comes in that is no HTTP as it should be, or too much of it: it is answered as documented, and the agent
// serves on.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { startAgent } from './support/agent.ts';
import { crumbs, mebibyte, planes, verdict } from './support/bad-requests.ts';
import { exchange, openRaw, type Plane, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';
import { callWitness } from './support/witness.ts';

const shared = sharedAgent();

describe('a request that is not as HTTP should be', () => {
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
