// Whatever comes over a WebSocket that should not: it is answered as documented, and the agent serves on.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ServerFrame } from '../shared/index.ts';
import { connect, type TestClient } from './support/client.ts';
import { connectRaw } from './support/raw-client.ts';
import { openRaw, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';
import { callWitness } from './support/witness.ts';

const mebibyte = 1024 * 1024;
const planes = ['local', 'loopback'] as const;

/** What came in answer to a client's messages. */
function replies(client: TestClient): ServerFrame[] {
  return client.frames.filter(({ type }) => type === 'ack' || type === 'synced' || type === 'error');
}

/** Waits for the reply after the first `before`. */
function nextReply(client: TestClient, before: number): Promise<ServerFrame> {
  return until(
    () => `reply ${before + 1}; got ${JSON.stringify(client.frames.slice(-5))}`,
    () => replies(client)[before],
  ) as Promise<ServerFrame>;
}

const shared = sharedAgent();

describe('a WebSocket message that is not as it should be', () => {
  type Message = unknown;
  const publish = { type: 'publish', id: 7, data: 1 };
  const subscribe = { type: 'subscribe', id: 7 };
  const rows: [message: Message, code: string, id?: number | string][] = [
    [Buffer.from('{"type":"sync","id":7}'), 'binary_message'],
    [Buffer.alloc(0), 'binary_message'],
    [Buffer.from([0xff, 0xfe]), 'binary_message'],
    ['', 'bad_json'],
    ['hello', 'bad_json'],
    ['{"type":"sync","id":7', 'bad_json'],
    ['{"type":"sync","id":7}{}', 'bad_json'],
    ...['null', 'true', '7', '"sync"', '[]', '{}'].map((text): [Message, string] => [text, 'bad_message']),
    [{ id: 7 }, 'bad_message', 7],
    [{ type: 'unsubscribe', id: 7 }, 'bad_message', 7],
    [{ type: 'PUBLISH', id: 7, data: 1 }, 'bad_message', 7],
    [{ type: 'hello', id: 7 }, 'bad_message', 7],
    [{ type: 1, id: 'seven' }, 'bad_message', 'seven'],
    [{ type: ['sync'], id: 7 }, 'bad_message', 7],
    [{ type: 'constructor', id: 7 }, 'bad_message', 7],
    [{ type: 'sync' }, 'bad_message'],
    [{ type: 'sync', id: null }, 'bad_message'],
    [{ type: 'sync', id: {} }, 'bad_message'],
    [{ type: 'sync', id: true }, 'bad_message'],
    [{ type: 'sync', id: 7, timeout: 1 }, 'bad_message', 7],
    [{ type: 'publish', data: 1 }, 'bad_message'],
    [{ type: 'publish', id: 0 }, 'bad_message', 0],
    [{ ...publish, colour: 1 }, 'bad_message', 7],
    [{ ...publish, id: '', topic: 1 }, 'bad_message', ''],
    [{ ...publish, topic: null }, 'bad_message', 7],
    [{ ...publish, key: 1 }, 'bad_message', 7],
    [{ ...publish, key: '' }, 'bad_message', 7],
    [{ ...publish, topic: 'a..b' }, 'bad_topic', 7],
    [{ ...publish, topic: '' }, 'bad_topic', 7],
    [{ ...publish, topic: 'a.>' }, 'bad_topic', 7],
    [{ ...publish, topic: 'file' }, 'reserved_topic', 7],
    [{ ...publish, topic: 'agent.x' }, 'reserved_topic', 7],
    [{ ...subscribe, topic: 'a' }, 'bad_message', 7],
    [{ ...subscribe, topic: [1] }, 'bad_message', 7],
    [{ ...subscribe, topic: ['a..b'] }, 'bad_message', 7],
    [{ ...subscribe, topic: ['>.a'] }, 'bad_message', 7],
    [{ ...subscribe, match: 'a' }, 'bad_message', 7],
    [{ ...subscribe, match: [''] }, 'bad_message', 7],
    [{ ...subscribe, match: ['[z-a]'] }, 'bad_message', 7],
    [{ ...subscribe, ignore: [null] }, 'bad_message', 7],
    [{ ...subscribe, root: 1 }, 'bad_message', 7],
    [{ ...subscribe, root: '' }, 'bad_message', 7],
    [{ ...subscribe, root: '/nowhere' }, 'unknown_root', 7],
    [{ ...subscribe, since: 'a:1' }, 'bad_message', 7],
  ];

  it('is answered with an error that carries its id, and the connection stays', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const found: unknown[] = [];
    // A few at a time: the twentieth bad message of a connection would be its last.
    for (let start = 0; start < rows.length; start += 15) {
      const client = await connect(agent);
      for (const [message] of rows.slice(start, start + 15)) {
        const before = replies(client).length;
        client.send(message);
        const reply = await nextReply(client, before);
        const { type, code, id, detail } = reply as Record<string, unknown>;
        const answered = type === 'error' && typeof detail === 'string' ? code : reply;
        found.push([message, answered, ...(id === undefined ? [] : [id])]);
      }
      client.send({ type: 'publish', id: 'still here', data: 'good' });
      await client.waitFor('the ack', (frame) => frame.type === 'ack' && frame.id === 'still here');
      expect(client.closed).toBeUndefined();
      client.ws.close();
    }
    expect(found).toEqual(rows);
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is an error of its sender when it is nested deeper than it could be passed on', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const client = await connect(agent);
    client.send(`{"type":"publish","id":"deep","data":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    const reply = await nextReply(client, 0);
    expect(reply).toMatchObject({ type: 'error', id: 'deep' });
    // Whatever the code, not the one for a failure of the agent.
    expect(reply).not.toMatchObject({ code: 'internal' });
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('ends the connection when it is the twentieth, with 1008', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const client = await connect(agent);
    for (let count = 1; count <= 19; count++) client.send('{');
    client.send({ type: 'publish', id: 'good', data: 'still here' });
    await client.waitFor('the ack', (frame) => frame.type === 'ack');
    expect(replies(client)).toHaveLength(20);
    expect(client.closed).toBeUndefined();
    client.send({ type: 'nonsense', id: 'last' });
    expect(await client.waitForClose()).toMatchObject({ code: 1008 });
    expect(replies(client).at(-1)).toMatchObject({ type: 'error', id: 'last' });
    await witness.waitUntilAlone();
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('is answered once, whatever JSON it is', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const ids = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.jsonValue());
    const names = fc.constantFrom('type', 'id', 'topic', 'data', 'key', 'match', 'ignore', 'root', 'x');
    const topic = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('a', '*', 'a.>', 'file', '>')),
      fc.jsonValue(),
    );
    const messages = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(names, fc.jsonValue()),
      fc.record(
        { type: fc.constantFrom('publish', 'sync', 'subscribe', 'x'), id: ids, data: fc.jsonValue(), topic },
        { requiredKeys: ['type', 'id'] },
      ),
    );
    const batches = fc.array(messages, { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        const client = await connect(agent);
        const sent = batch.map((message) => JSON.stringify(message));
        for (const message of sent) client.send(message);
        await until(
          () => `${sent.length} replies; got ${JSON.stringify(replies(client))}`,
          () => replies(client).length >= sent.length,
        );
        client.ws.terminate();
        const told = replies(client) as { type: string; id?: unknown; code?: string }[];
        expect(told.map(({ id }) => JSON.stringify(id)).sort()).toEqual(sent.map(idIn).sort());
        expect(told.map(({ code }) => code)).not.toContain('internal');
        await witness.expectService();
      }),
      { numRuns: 60 },
    );
    witness.expectCleanRecord();
  });

  /** The id in a message's text, as JSON, if it has one that can be echoed. */
  function idIn(message: string): string | undefined {
    const value: unknown = JSON.parse(message);
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, 'id')) {
      return undefined;
    }
    const { id } = value as { id: unknown };
    return typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : undefined;
  }
});

describe('a WebSocket frame that is not as it should be', () => {
  it('closes with 1009 beyond 1 MiB, in one frame or in several', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const frame = { type: 'publish', id: 1, data: '' };
    const envelope = JSON.stringify(frame).length;
    for (const plane of planes) {
      const largest = await connect(agent, '', plane);
      largest.send({ ...frame, data: 'x'.repeat(mebibyte - envelope) });
      await largest.waitFor('the ack', ({ type }) => type === 'ack');

      const larger = await connect(agent, '', plane);
      larger.send({ ...frame, data: 'x'.repeat(mebibyte - envelope + 1) });
      expect(await larger.waitForClose()).toMatchObject({ code: 1009 });

      const twice = await connect(agent, '', plane);
      twice.send('x'.repeat(2 * mebibyte));
      expect(await twice.waitForClose()).toMatchObject({ code: 1009 });

      const binary = await connect(agent, '', plane);
      binary.send(Buffer.alloc(2 * mebibyte));
      expect(await binary.waitForClose()).toMatchObject({ code: 1009 });

      const pieces = await connect(agent, '', plane);
      for (let count = 0; count < 4; count++) pieces.ws.send('x'.repeat(mebibyte / 2), { fin: false });
      expect(await pieces.waitForClose()).toMatchObject({ code: 1009 });
    }
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('closes with the code that RFC 6455 has for it', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    const frames: [what: string, bytes: number[], code: number][] = [
      ['text that is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
      ['text that is half a character', [0x81, 0x81, 0, 0, 0, 0, 0xe2], 1007],
      ['a surrogate in UTF-8', [0x81, 0x83, 0, 0, 0, 0, 0xed, 0xa0, 0x80], 1007],
      ['no mask', [0x81, 0x02, 0x7b, 0x7d], 1002],
      ['a reserved opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
      ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
      ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0], 1002],
      ['a ping in pieces', [0x09, 0x80, 0, 0, 0, 0], 1002],
      ['a ping of 126 bytes', [0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0], 1002],
      ['a close of one byte', [0x88, 0x81, 0, 0, 0, 0, 0x03], 1002],
      ['a close with a code that is none', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002],
      ['a length beyond all memory', [0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009],
      ['a length of 4 GiB', [0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
    ];
    for (const [what, bytes, code] of frames) {
      const client = await connectRaw(agent.socket);
      client.socket.write(Buffer.from(bytes));
      await until(`a close frame after ${what}`, () => client.closeCodes.length > 0 || client.ended);
      expect([what, client.closeCodes]).toEqual([what, [code]]);
      client.socket.end();
    }
    await witness.waitUntilAlone();
    await witness.expectService();
    witness.expectCleanRecord();
  });

  it('does no harm, whatever bytes it is made of', async () => {
    const agent = shared();
    const witness = await callWitness(agent);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
        const client = await connectRaw(agent.socket);
        client.socket.end(bytes);
        await witness.expectService();
        client.socket.destroy();
      }),
      { numRuns: 60 },
    );
    await witness.waitUntilAlone();
    witness.expectCleanRecord();
  });
});

describe('a request for a WebSocket that is not as it should be', () => {
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
