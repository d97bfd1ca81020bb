// docs/protocol.md is the contract for those who write a client: what it shows is run here, as it stands.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { findProgram } from './support/find-program.ts';
import { openRaw, type RawConnection } from './support/raw-http.ts';
import { answerProblems, frameProblems, operationOf, operations, readDocument } from './support/schemas.ts';
import { until } from './support/wait.ts';

const hasCurl = findProgram('curl') !== undefined;
if (!hasCurl) console.warn("curl is not installed: the page's commands are skipped");

const run = promisify(execFile);
const page = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8');

/** The text under a heading, down to the next of its rank. */
function section(heading: string): string {
  const [, rank = ''] = /^(#+) /.exec(heading) ?? [];
  const start = page.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`the page has no "${heading}"`);
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank.length}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The fenced blocks of a language in a text; '' is a block that names none. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , body = '']) => body);
}

/** The frames in a table's code spans, their placeholders made into values that fit. */
function framesInCode(text: string): { type: string }[] {
  return [...text.matchAll(/`(\{"type":[^`]*\})`/g)].map(([, code = '']) => {
    const filled = code
      .replaceAll('ANY', 'null')
      .replaceAll('[…]', '["x"]')
      .replaceAll('"…"', '"x"')
      .replace(/"(cursor|code|detail)":…/g, '"$1":"x"')
      .replaceAll('…', '1');
    return JSON.parse(filled) as { type: string };
  });
}

/** The names that a schema of the documents gives to frames of one side. */
function typesOf(side: 'ServerFrame' | 'ClientFrame'): string[] {
  const definitions = readDocument('frames.schema.json')['$defs'] as Record<
    string,
    { oneOf?: { $ref: string }[]; properties?: { type: { const: string } } }
  >;
  return (definitions[side]?.oneOf ?? [])
    .map(({ $ref }) => definitions[$ref.replace('#/$defs/', '')]?.properties?.type.const ?? $ref)
    .sort();
}

describe('frames on the page', () => {
  const fromAgent = blocks(section('### Frames from the agent'), '')
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => JSON.parse(line) as { type: string });
  const inTable = framesInCode(section('### Messages from a WebSocket client'));
  const clientTypes = typesOf('ClientFrame');
  const fromClient = inTable.filter(({ type }) => clientTypes.includes(type));
  const answers = inTable.filter(({ type }) => !clientTypes.includes(type));

  it.each([...fromAgent, ...answers])('are what the agent may send: $type', (frame) => {
    expect(frameProblems('ServerFrame', frame)).toEqual([]);
  });

  it.each(fromClient)('are what a client may send: $type', (frame) => {
    expect(frameProblems('ClientFrame', frame)).toEqual([]);
  });

  it('leave none out', () => {
    const shown = (frames: { type: string }[]) => [...new Set(frames.map(({ type }) => type))].sort();
    expect(shown([...fromAgent, ...answers])).toEqual(typesOf('ServerFrame'));
    expect(shown(fromClient)).toEqual(clientTypes);
  });
});

/** Codes and their statuses in a piece of the agent's code, one for each problem that it can tell of. */
function problemsIn(code: string): string[] {
  const literal = [...code.matchAll(/new ProblemError\(\s*(\d+),\s*'(\w+)'/g)].map(
    ([, status, name]) => `${status} ${name}`,
  );
  const passedOn = [...code.matchAll(/parseValue\(.*, '(\w+)'\)/g)].map(([, name]) => `400 ${name}`);
  // Of what is thrown below agent/watch/ the answer to POST /v1/roots makes a 400, unless serve/ gives it a status.
  const elsewhere = [...code.matchAll(/new DevagentError\(\s*'(\w+)'/g)].map(([, name]) => `* ${name}`);
  // Each is one of these, or takes the code that one of the others gives it.
  const all = code.match(/new ProblemError\((?!400, (?:error\.)?code, )/g) ?? [];
  expect(literal).toHaveLength(all.length);
  return [...literal, ...passedOn, ...elsewhere];
}

const codeOf = (problem: string): string => problem.split(' ')[1] ?? '';

describe('codes of errors on the page', () => {
  it('are those that the agent has, with their statuses', () => {
    const told = [...section('## Errors').matchAll(/^\| (\d{3}[\d, ]*) \| (.*) \|$/gm)].flatMap(
      ([, statuses = '', codes = '']) =>
        [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => ({
          code,
          statuses: statuses.split(', '),
        })),
    );
    const overWebSocket = [
      ...section('### Messages from a WebSocket client').matchAll(/`([a-z]+_[a-z_]+)`/g),
    ];
    const known = new Set([...told.map(({ code }) => code), ...overWebSocket.map(([, code = '']) => code)]);
    const found = ['serve', 'watch'].flatMap((part) => {
      const directory = new URL(`../agent/${part}/`, import.meta.url);
      return readdirSync(directory)
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .flatMap((file) => problemsIn(readFileSync(new URL(file, directory), 'utf8')));
    });
    expect([...new Set(found.map(codeOf))].sort()).toEqual([...known].sort());
    const withStatus = new Set(found.filter((problem) => !problem.startsWith('*')).map(codeOf));
    const misplaced = found.filter((problem) => {
      const code = codeOf(problem);
      const isElsewhere = problem.startsWith('*');
      if (isElsewhere && withStatus.has(code)) return false;
      const status = isElsewhere ? '400' : (problem.split(' ')[0] ?? '');
      const rows = told.filter((row) => row.code === code);
      return rows.length > 0 && !rows.some(({ statuses }) => statuses.includes(status));
    });
    expect(misplaced).toEqual([]);
  });
});

/** The commands of the section that shows them, lines that go on put together. */
const commands = blocks(section('## By hand'), 'sh').flatMap((block) =>
  block
    .trim()
    .replaceAll(/\\\n */g, '')
    .split('\n'),
);

/** Which endpoint a command asks. */
function endpointOf(command: string): string | undefined {
  const [, url = ''] = /(http:\/\/[^\s']+)/.exec(command) ?? [];
  const method = /-X (\w+)/.exec(command)?.[1] ?? (command.includes(' -d ') ? 'POST' : 'GET');
  return operationOf(method, new URL(url).pathname);
}

describe('endpoints on the page', () => {
  it('are those of openapi.json, which are those of the agent', () => {
    const inTable = [...section('## Endpoints').matchAll(/^\| `(GET|POST|PUT|DELETE) ([^`?]+)/gm)].map(
      ([, method, path = '']) => `${method} ${path.replace(/ID$/, '{id}').replace(/NAME$/, '{name}')}`,
    );
    expect(inTable.sort()).toEqual([...operations].sort());
  });

  it('each have a command that asks them', () => {
    expect([...new Set(commands.map(endpointOf))].sort()).toEqual([...operations].sort());
  });
});

/** The command with the placeholders filled in. */
function fill(command: string, agent: TestAgent, path: string, id: string): string {
  return command
    .replaceAll('SOCKET', agent.socket)
    .replaceAll('TOKEN', agent.token)
    .replaceAll('127.0.0.1:5520', `127.0.0.1:${agent.port}`)
    .replaceAll('PATH', path)
    .replace(/\/ID$/, `/${id}`);
}

(hasCurl ? describe : describe.skip)('commands on the page', () => {
  it('are answered as openapi.json says', async () => {
    const agent = await startAgent();
    const other = temporaryDirectory();
    writeFileSync(join(other, 'a.ts'), 'a');
    await connect(agent, 'name=somebody');
    for (const command of commands.filter((text) => endpointOf(text) !== 'GET /v1/events')) {
      const [client] = (await agent.request('/v1/clients')).json<ClientInfo[]>();
      const filled = fill(command, agent, other, client?.id ?? 'nobody');
      const written = '%{stderr}%{http_code} %{content_type}';
      const { stdout, stderr } = await run('sh', ['-c', `${filled} -sS -w '${written}'`]);
      const [, status, type = ''] = /^(\d+) (.*)$/.exec(stderr) ?? [];
      expect([command, status]).toEqual([command, '200']);
      const found = answerProblems(endpointOf(command) ?? '', Number(status), type, stdout);
      expect([command, found]).toEqual([command, []]);
    }
    expect(await agent.exited).toMatchObject({ code: 0 });
  });

  it.each(commands.filter((text) => endpointOf(text) === 'GET /v1/events'))('stream: %s', async (command) => {
    const agent = await startAgent();
    const child = spawn('sh', ['-c', `exec ${fill(command, agent, agent.root, '')} -sS`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    cleanUpWith(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await until(
      'the client',
      async () => (await agent.request('/v1/clients')).json<unknown[]>().length === 1,
    );
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src', 'new.ts'), '');
    await until(
      () => `the change; got ${output}`,
      () => /"path":"src\/new\.ts"|^add src\/new\.ts$/m.test(output),
    );
  });
});

/** Bytes as the page writes them: who sends them, then hexadecimal, on as many lines as it takes. */
function exchangeOnPage(): { who: string; bytes: Buffer }[] {
  const [block = ''] = blocks(section('## By hand'), '');
  return block
    .split(/^(?=client|agent)/m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [who = '', ...pairs] = part.trim().split(/\s+/);
      return { who, bytes: Buffer.from(pairs.join(''), 'hex') };
    });
}

/** Takes the head of an answer, and the frame after it. */
async function takeHello(connection: RawConnection): Promise<{ head: string; next: number }> {
  const start = await until('the handshake', () => connection.received.indexOf('\r\n\r\n') + 1);
  const frame = start + 3;
  const next = await until('hello', () => {
    const header = connection.received.subarray(frame, frame + 4);
    // 81 7e and two bytes of length: hello is longer than 125 bytes, and shorter than 65,536.
    const end = header.length === 4 ? frame + 4 + header.readUInt16BE(2) : Number.NaN;
    return connection.received.length >= end && end;
  });
  const { received } = connection;
  expect(received.toString('hex', frame, frame + 2)).toBe('817e');
  expect(JSON.parse(received.toString('utf8', frame + 4, next))).toMatchObject({ type: 'hello' });
  return { head: received.toString('latin1', 0, start - 1), next };
}

describe('bytes on the page', () => {
  it('open a WebSocket, and are answered byte by byte', async () => {
    const agent = await startAgent();
    const [request = '', answer = ''] = blocks(section('## By hand'), 'http');
    const connection = await openRaw(agent);
    connection.write(
      `${request.trim().replace('TOKEN', agent.token).replace(':5520', `:${agent.port}`).replaceAll('\n', '\r\n')}\r\n\r\n`,
    );
    const { head, next } = await takeHello(connection);
    expect(head.split('\r\n')).toEqual(answer.trim().split('\n'));

    let at = next;
    const exchange = exchangeOnPage();
    expect(exchange.map(({ who }) => who)).toEqual(['client', 'agent', 'client', 'agent', 'client', 'agent']);
    for (const { who, bytes } of exchange) {
      if (who === 'client') {
        connection.write(bytes);
        continue;
      }
      await until('its answer', () => connection.received.length >= at + bytes.length);
      expect(connection.received.toString('hex', at, at + bytes.length)).toBe(bytes.toString('hex'));
      at += bytes.length;
    }
    await connection.end();
    expect(connection.received).toHaveLength(at);
  });
});
