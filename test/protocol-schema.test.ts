// The schemas in docs/: what a real agent sends and takes is what they say.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { limits, type ServerFrame, type Transport } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { answerProblems, frameProblems, operations, readDocument } from './support/schemas.ts';
import { openStream, type TestStream } from './support/stream.ts';

// Of the package only this file is wanted, not the schemas of all versions, which its main module reads.
const require = createRequire(import.meta.url);

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];

/** Everything that the agent sends of its own accord, in every shape that it has. */
async function sendEverything(agent: TestAgent): Promise<void> {
  const at = (...names: string[]): string => join(agent.root, ...names);
  mkdirSync(at('src'));
  writeFileSync(at('src', 'a.ts'), 'a');
  await agent.sync();
  renameSync(at('src', 'a.ts'), at('src', 'b.ts'));
  // A name that is not UTF-8.
  writeFileSync(Buffer.concat([Buffer.from(`${agent.root}/`), Buffer.from([0xff, 0x66])]), '');
  await agent.sync();
  // More than one frame holds, at once: by a rename.
  const many = temporaryDirectory();
  for (let number = 0; number <= limits.changesPerEvent; number += 1)
    writeFileSync(join(many, `${number}`), '');
  renameSync(many, at('many'));
  await agent.sync();
  for (const data of [null, 'text', 1.5, [], { a: [{}] }]) await agent.broadcast(data, 'build.done');
  await agent.broadcast('end');
}

function expectValid(frames: readonly ServerFrame[]): void {
  for (const frame of frames)
    expect([frame.type, frameProblems('ServerFrame', frame)]).toEqual([frame.type, []]);
}

function typesOf(frames: readonly ServerFrame[]): string[] {
  return [...new Set(frames.map(({ type }) => type))].sort();
}

describe.each(transports)('frames over %s', (transport) => {
  it('are as frames.schema.json says', async () => {
    const agent = await startAgent({ flags: ['--settle', '1000'] });
    const { cursor } = await agent.broadcast('before');
    const streams: TestStream[] = [await openStream(agent, transport)];
    await sendEverything(agent);
    for (const query of ['since=other:1', `since=${cursor}`, 'snapshot=1', 'snapshot=1&since=other:1']) {
      streams.push(await openStream(agent, transport, query));
    }
    await agent.broadcast('the very end');
    for (const stream of streams) await stream.waitFor('the very end');
    const frames = streams.flatMap((stream) => stream.frames);
    expectValid(frames);
    expect(typesOf(frames)).toEqual(['file', 'gap', 'hello', 'message', 'snapshot']);
    // Each of the members that not every frame has was there to be looked at.
    const text = JSON.stringify(frames);
    for (const member of ['more', 'from', 'pathBytes', 'size', 'mtime'])
      expect(text).toContain(`"${member}":`);
  });
});

describe('what a WebSocket client sends', () => {
  /** A frame, and whether it can be understood. */
  const cases: readonly (readonly [frame: unknown, understood: boolean])[] = [
    [{ type: 'publish', id: 1, data: null }, true],
    [{ type: 'publish', id: 'a', data: { ok: true }, topic: 'a.b', key: 'k' }, true],
    [{ type: 'publish', id: 1 }, false],
    [{ type: 'publish', data: 1 }, false],
    [{ type: 'publish', id: 1, data: 1, key: '' }, false],
    [{ type: 'publish', id: 1, data: 1, topic: 5 }, false],
    [{ type: 'publish', id: null, data: 1 }, false],
    [{ type: 'publish', id: 'x'.repeat(257), data: 1 }, false],
    [{ type: 'sync', id: 2 }, true],
    [{ type: 'sync', id: 2, timeout: 5 }, false],
    [{ type: 'subscribe', id: 3 }, true],
    [{ type: 'subscribe', id: 3, topic: ['a.*'], match: ['*.ts'], ignore: ['*.js'] }, true],
    [{ type: 'subscribe', id: 3, topic: ['>', '*.*.b', 'a.b.c.d.e.f.g.>'] }, true],
    [{ type: 'subscribe', id: 3, topic: 'a' }, false],
    [{ type: 'subscribe', id: 3, topic: ['a', 'a..b'] }, false],
    [{ type: 'subscribe', id: 3, topic: ['a.>.b'] }, false],
    [{ type: 'subscribe', id: 3, topic: ['a.b.c.d.e.f.g.h.>'] }, false],
    [{ type: 'subscribe', id: 3, match: [''] }, false],
    [{ type: 'subscribe', id: 3, root: '' }, false],
    [{ type: 'nothing', id: 4 }, false],
    [{}, false],
    [[], false],
    [null, false],
  ];

  it('is understood if the schema takes it, and only then', async () => {
    const agent = await startAgent();
    const isAnswer = ({ type }: ServerFrame): boolean => ['ack', 'synced', 'error'].includes(type);
    const found: (readonly [frame: unknown, understood: boolean])[] = [];
    for (const [frame, understood] of cases) {
      expect([frame, frameProblems('ClientFrame', frame).length === 0]).toEqual([frame, understood]);
      const client = await connect(agent, 'topic=nothing');
      client.send(JSON.stringify(frame));
      const answer = await client.waitFor('an answer', isAnswer);
      found.push([frame, answer.type !== 'error']);
      expectValid(client.frames);
    }
    expect(found).toEqual(cases);
  });
});

describe('openapi.json', () => {
  it('is OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(readDocument('openapi.json'));
    expect([valid, errors ?? []]).toEqual([true, []]);
    expect(validator.version).toBe('3.1');
  });

  it('says what each endpoint answers', async () => {
    const agent = await startAgent();
    writeFileSync(join(agent.root, 'a.txt'), 'a');
    await agent.sync();
    const client = await connect(agent, 'match=*.ts&topic=file');
    const other = temporaryDirectory();
    const json = { 'content-type': 'application/json' };
    const body = (value: unknown) => ({ headers: json, body: JSON.stringify(value) });
    const requests: readonly (readonly [operation: string, path: string, options?: object])[] = [
      ['POST /v1/messages', '/v1/messages', body({ data: 1 })],
      ['POST /v1/messages', '/v1/messages', body({ data: 1, topic: 'file' })],
      ['POST /v1/messages', '/v1/messages', { body: 'no type' }],
      ['POST /v1/sync', '/v1/sync'],
      ['POST /v1/sync', '/v1/sync?timeout=x'],
      ['GET /v1/status', '/v1/status'],
      ['GET /v1/clients', '/v1/clients'],
      ['GET /v1/roots', '/v1/roots'],
      ['POST /v1/roots', '/v1/roots', body({ path: other, ignore: ['*.log'] })],
      ['POST /v1/roots', '/v1/roots', body({ path: join(other, 'nothing') })],
      ['GET /v1/files', `/v1/files?root=${agent.root}`],
      ['GET /v1/files', '/v1/files'],
      ['GET /v1/changes', '/v1/changes?since=n:tool&topic=message'],
      ['GET /v1/changes', '/v1/changes?since=n:tool&topic=message'],
      ['GET /v1/changes', '/v1/changes?since=nothing'],
      ['PUT /v1/cursors/{name}', '/v1/cursors/other', body({ cursor: 'abc:1' })],
      ['PUT /v1/cursors/{name}', '/v1/cursors/other', body({ cursor: 'abc' })],
      ['GET /v1/cursors', '/v1/cursors'],
      ['DELETE /v1/cursors/{name}', '/v1/cursors/other'],
      ['DELETE /v1/cursors/{name}', '/v1/cursors/other'],
      ['DELETE /v1/roots', `/v1/roots?path=${other}`],
      ['DELETE /v1/clients/{id}', `/v1/clients/${client.hello.client}`],
      ['DELETE /v1/clients/{id}', '/v1/clients/nobody'],
      ['GET /metrics', '/metrics'],
      ['GET /healthz', '/healthz'],
      ['GET /v1/events', '/v1/events?since=bad'],
      ['POST /v1/links', '/v1/links'],
      ['POST /v1/shutdown', '/v1/shutdown'],
    ];
    expect([...new Set(requests.map(([operation]) => operation))].sort()).toEqual([...operations].sort());
    for (const [operation, path, options] of requests) {
      const [method = ''] = operation.split(' ');
      const answer = await agent.request(path, { method, ...options });
      const type = answer.headers['content-type'] ?? '';
      const found = answerProblems(operation, answer.status, type, answer.text);
      expect([operation, answer.status, found]).toEqual([operation, answer.status, []]);
    }
  });
});

describe('asyncapi.json', () => {
  it('is AsyncAPI 3.0', () => {
    const path = require.resolve('@asyncapi/specs/schemas/3.0.0.json');
    const schema = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    // It brings the schema of schemas along, and was not written for ajv's strict mode.
    const ajv = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false });
    const validate = ajv.compile(schema);
    const document = readDocument('asyncapi.json');
    expect(validate({ ...document, operations: { send: { action: 'nothing' } } })).toBe(false);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('says of everything that a client may send what answers it', () => {
    const { operations: described } = readDocument('asyncapi.json') as unknown as {
      operations: Record<string, { action: string; reply?: { messages: { $ref: string }[] } }>;
    };
    const replies = Object.entries(described)
      .filter(([, { action }]) => action === 'receive')
      .map(([name, { reply }]) => [name, reply?.messages.map(({ $ref }) => $ref.split('/').at(-1))]);
    expect(replies).toEqual([
      ['publish', ['Ack', 'Error']],
      ['sync', ['Synced', 'Error']],
      ['subscribe', ['Ack', 'Error']],
    ]);
  });

  it('names no message and no schema that is not there', () => {
    const document = readDocument('asyncapi.json');
    const missing = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].filter(
      ([, path = '']) => {
        let value: unknown = document;
        for (const part of path.split('/')) value = (value as Record<string, unknown> | undefined)?.[part];
        return value === undefined;
      },
    );
    expect(missing).toEqual([]);
  });
});
