// Who is let in on the loopback plane: Host, then Origin, then the token. Requests are written byte by
// byte, because an HTTP library would set right what is to be refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { connect } from './support/client.ts';
import {
  exchange,
  openRaw,
  type Plane,
  type RawAnswer,
  rawRequest,
  upgradeHeaders,
} from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';

const refusals = {
  host: '421 host_refused',
  origin: '403 origin_refused',
  token: '401 token_required',
} as const;
const letIn = 'let in';

type Kind = 'request' | 'upgrade';

/** What is sent; whatever is left out is right. PORT stands for the agent's port, TOKEN for its token. */
interface Attempt {
  readonly line?: string;
  /** Values of Host lines; default one, `localhost:PORT`. */
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly authorization?: string | undefined;
  readonly cookie?: string;
  readonly query?: string;
}

const withToken = 'Bearer TOKEN';
const withoutToken = { authorization: undefined } as const;

function fillIn(agent: TestAgent, text: string): string {
  return text.replaceAll('PORT', String(agent.port)).replaceAll('TOKEN', agent.token);
}

/** The headers of an attempt as they go over the wire. */
function headersOf(attempt: Attempt): string[] {
  const { hosts = ['localhost:PORT'], origins = [], cookie } = attempt;
  const authorization = 'authorization' in attempt ? attempt.authorization : withToken;
  return [
    ...hosts.map((host) => `Host: ${host}`),
    ...origins.map((origin) => `Origin: ${origin}`),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
  ];
}

/** Makes an attempt; says whether it was let in, or how it was refused. */
async function attempt(
  agent: TestAgent,
  kind: Kind,
  wishes: Attempt,
  plane: Plane = 'loopback',
): Promise<string> {
  const { line, query = '' } = wishes;
  const path = kind === 'upgrade' ? '/v1/events' : '/v1/status';
  const headers = [...headersOf(wishes), ...(kind === 'upgrade' ? upgradeHeaders : [])];
  const connection = await openRaw(agent, plane);
  connection.write(fillIn(agent, rawRequest(line ?? `GET ${path}${query} HTTP/1.1`, headers)));
  const answer = await connection.answer({ bodiless: line?.startsWith('HEAD ') ?? false });
  if (answer.status === (kind === 'upgrade' ? 101 : 200)) {
    connection.destroy();
    return letIn;
  }
  // A refused upgrade is over with its answer: nothing else can come of this connection.
  if (kind === 'upgrade') await connection.end();
  connection.destroy();
  return verdict(answer);
}

function verdict({ status, headers, body }: RawAnswer): string {
  if (headers['content-type'] !== 'application/problem+json') return `${status} without a problem document`;
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toEqual({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code: expect.any(String),
  });
  return `${status} ${problem['code']}`;
}

type Row = readonly [what: string, wishes: Attempt, expected: string];

/** Makes every row's attempt, and compares them all at once, so that a failure shows each row that is wrong. */
async function expectTable(agent: TestAgent, kind: Kind, rows: readonly Row[]): Promise<void> {
  const found: Record<string, string> = {};
  for (const [what, wishes] of rows) found[what] = await attempt(agent, kind, wishes);
  expect(found).toEqual(Object.fromEntries(rows.map(([what, , expected]) => [what, expected])));
}

const goodHosts = [
  'localhost',
  'localhost:PORT',
  // Another port is what a tunnel or a container's mapping makes of it; the name is what counts.
  'localhost:1',
  'LOCALHOST',
  'LocalHost:PORT',
  '127.0.0.1',
  '127.0.0.1:PORT',
  '[::1]',
  '[::1]:PORT',
];

const badHosts = [
  '',
  'evil.example',
  'evil.example:PORT',
  'localhost.evil.example',
  'localhost.evil.example:PORT',
  '127.0.0.1.evil.example',
  '127.0.0.1.evil.example:PORT',
  'evil.example.localhost',
  'xlocalhost',
  'localhost.',
  'localhost.:PORT',
  '127.0.0.1.',
  '127.1',
  '127.1:PORT',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '127.000.000.001',
  '0',
  '0.0.0.0',
  '[::]',
  '::1',
  '[::1',
  '[::1].evil.example',
  '[::ffff:127.0.0.1]',
  '[0:0:0:0:0:0:0:1]',
  'localhost:',
  'localhost:123456',
  'localhost:x',
  'localhost:PORT:PORT',
  'localhost:PORT.evil.example',
  'user@localhost',
  'localhost@evil.example',
  'localhost/evil.example',
  'localhost#evil.example',
  'localhost?evil.example',
  'localhost\\.evil.example',
  'localhost evil.example',
  'localhost, evil.example',
  'evil.example, localhost',
  'http://localhost',
  'loc%61lhost',
  'ｌocalhost',
  '１27.0.0.1',
];

const goodOrigins = [
  'http://localhost',
  'http://localhost:PORT',
  'http://localhost:3000',
  'https://localhost',
  'https://localhost:8443',
  'http://127.0.0.1',
  'http://127.0.0.1:5173',
  'http://[::1]',
  'http://[::1]:8080',
  'HTTP://LOCALHOST',
];

const badOrigins = [
  '',
  'null',
  'http://evil.example',
  'https://evil.example',
  'http://evil.example:PORT',
  'http://localhost.evil.example',
  'http://localhost.evil.example:PORT',
  'http://127.0.0.1.evil.example',
  'https://127.0.0.1.evil.example',
  'http://evil.example.localhost',
  'http://xlocalhost',
  'http://localhost.',
  'http://127.0.0.1.',
  'http://127.1',
  'http://2130706433',
  'http://0x7f.0.0.1',
  'http://0.0.0.0',
  'http://[::]',
  'http://[::1].evil.example',
  'http://[::ffff:127.0.0.1]',
  'http://user@127.0.0.1',
  'http://user:secret@localhost',
  'http://localhost@evil.example',
  'http://localhost:80@evil.example',
  'http://localhost:',
  'http://localhost:123456',
  'http://localhost/',
  'http://localhost/page',
  'http://localhost?',
  'http://localhost#',
  'http://localhost\\.evil.example',
  'localhost',
  '//localhost',
  'http:localhost',
  'file://',
  'file://localhost',
  'ftp://localhost',
  'ws://localhost',
  'chrome-extension://abcdefghijklmnop',
  'http://localhost http://evil.example',
  'http://evil.example http://localhost',
  'http://localhost, http://evil.example',
];

const shared = sharedAgent();
const allowing = sharedAgent({
  flags: [
    ...['--allow-host', 'dev.example', '--allow-host', '192.0.2.7', '--allow-host', '2001:db8::1'],
    ...['--allow-origin', 'https://app.example', '--allow-origin', 'http://lan.example:8080'],
  ],
});

describe.each<Kind>(['request', 'upgrade'])('an HTTP %s on the loopback plane', (kind) => {
  it('is answered under a loopback host name, and to pages of loopback origins, only', async () => {
    const agent = shared();
    const path = kind === 'upgrade' ? '/v1/events' : '/v1/status';
    await expectTable(agent, kind, [
      ...goodHosts.map((host): Row => [`Host: ${host}`, { hosts: [host] }, letIn]),
      ...badHosts.map((host): Row => [`Host: ${host}`, { hosts: [host] }, refusals.host]),
      ['no Host, HTTP/1.0', { line: `GET ${path} HTTP/1.0`, hosts: [] }, refusals.host],
      ['no Host, HTTP/1.1', { hosts: [] }, refusals.host],
      ['two, the first evil', { hosts: ['evil.example', 'localhost'] }, refusals.host],
      ['two, the second evil', { hosts: ['localhost', 'evil.example'] }, refusals.host],
    ]);
    await expectTable(agent, kind, [
      ['no Origin', {}, letIn],
      ...goodOrigins.map((origin): Row => [`Origin: ${origin}`, { origins: [origin] }, letIn]),
      ...badOrigins.map((origin): Row => [`Origin: ${origin}`, { origins: [origin] }, refusals.origin]),
      ['two, the first evil', { origins: ['http://evil.example', 'http://localhost'] }, refusals.origin],
      ['two, the second evil', { origins: ['http://localhost', 'http://evil.example'] }, refusals.origin],
    ]);
  });

  it('is answered with the token only, refused for its host first, then its origin, then its token', async () => {
    const agent = shared();
    const { token } = agent;
    const flipped = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    const swapped = token.replaceAll(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    const wrong: Record<string, string> = {
      'another one': 'x'.repeat(token.length),
      'one letter off': flipped,
      'the other case': swapped,
      'its beginning': token.slice(0, -1),
      'its first letter': token.slice(0, 1),
      'one letter more': `${token}A`,
      twice: `${token}${token}`,
      '8 KiB': 'x'.repeat(8192),
      undefined: 'undefined',
    };
    const escaped = [...token].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    await expectTable(agent, kind, [
      ['none', withoutToken, refusals.token],
      ['Bearer', {}, letIn],
      ['bearer', { authorization: 'bearer TOKEN' }, letIn],
      ['?token=', { ...withoutToken, query: '?token=TOKEN' }, letIn],
      ['?token= in escapes', { ...withoutToken, query: `?token=${escaped}` }, letIn],
      ['Bearer with nothing', { authorization: 'Bearer' }, refusals.token],
      ['Bearer with a blank', { authorization: 'Bearer ' }, refusals.token],
      ['an empty Authorization', { authorization: '' }, refusals.token],
      ['?token= with nothing', { ...withoutToken, query: '?token=' }, refusals.token],
      ['?token', { ...withoutToken, query: '?token' }, refusals.token],
      ['?Token=', { ...withoutToken, query: '?Token=TOKEN' }, refusals.token],
      ['the bare token', { authorization: 'TOKEN' }, refusals.token],
      ['Basic', { authorization: 'Basic TOKEN' }, refusals.token],
      ['xBearer', { authorization: 'xBearer TOKEN' }, refusals.token],
      ['Bearer with more after it', { authorization: 'Bearer TOKEN x' }, refusals.token],
      ['Bearer with more before it', { authorization: 'Bearer x TOKEN' }, refusals.token],
      ['Bearer in quotes', { authorization: 'Bearer "TOKEN"' }, refusals.token],
      ['a cookie', { ...withoutToken, cookie: 'token=TOKEN' }, refusals.token],
      ["a cookie named as a session's", { ...withoutToken, cookie: 'devagent_PORT=TOKEN' }, refusals.token],
      ['both right', { query: '?token=TOKEN' }, letIn],
      ['both wrong', { authorization: 'Bearer x', query: '?token=x' }, refusals.token],
      // A header is set on purpose, a query may be left over from a copied address.
      ['Bearer right, ?token= wrong', { query: '?token=x' }, letIn],
      ['Bearer wrong, ?token= right', { authorization: 'Bearer x', query: '?token=TOKEN' }, refusals.token],
      ...Object.entries(wrong).flatMap(([what, text]): Row[] => [
        [`Bearer, ${what}`, { authorization: `Bearer ${text}` }, refusals.token],
        [`?token=, ${what}`, { ...withoutToken, query: `?token=${text}` }, refusals.token],
      ]),
    ]);

    const hosts = { 'good host': ['localhost'], 'bad host': ['evil.example'] };
    const origins = { 'no origin': [], 'good origin': ['http://localhost'], 'bad origin': ['null'] };
    const tokens = { 'right token': withToken, 'wrong token': 'Bearer x', 'no token': undefined };
    const rows: Row[] = [];
    for (const [hostIs, host] of Object.entries(hosts)) {
      for (const [originIs, origin] of Object.entries(origins)) {
        for (const [tokenIs, authorization] of Object.entries(tokens)) {
          const expected = hostIs.startsWith('bad')
            ? refusals.host
            : originIs.startsWith('bad')
              ? refusals.origin
              : authorization === withToken
                ? letIn
                : refusals.token;
          rows.push([
            `${hostIs}, ${originIs}, ${tokenIs}`,
            { hosts: host, origins: origin, authorization },
            expected,
          ]);
        }
      }
    }
    expect(rows).toHaveLength(18);
    await expectTable(agent, kind, rows);
  });

  it('is guarded before anybody looks at what it asks for', async () => {
    const agent = shared();
    const lines = [
      'GET /nothing/here HTTP/1.1',
      'GET / HTTP/1.1',
      'GET /dashboard/app.js HTTP/1.1',
      'POST /v1/links HTTP/1.1',
      'PUT /v1/status HTTP/1.1',
      'GET /v1/events?since=rubbish HTTP/1.1',
      'GET http://localhost/v1/status HTTP/1.1',
      'DELETE /v1/clients/c1 HTTP/1.1',
      'POST /v1/shutdown HTTP/1.1',
    ];
    await expectTable(
      agent,
      kind,
      lines.flatMap((line): Row[] => [
        [`${line}, bad host`, { line, hosts: ['evil.example'] }, refusals.host],
        [`${line}, bad origin`, { line, origins: ['null'] }, refusals.origin],
        [`${line}, no token`, { line, ...withoutToken }, refusals.token],
      ]),
    );
    expect((await agent.request('/v1/status')).status).toBe(200);
  });

  it('is answered under the names and origins that were allowed, and no more', async () => {
    const agent = allowing();
    const hosts = [
      'dev.example',
      'dev.example:PORT',
      'dev.example:443',
      'DEV.Example',
      '192.0.2.7',
      '192.0.2.7:PORT',
      '[2001:db8::1]',
      '[2001:db8::1]:PORT',
      ...goodHosts,
    ];
    const otherHosts = [
      'sub.dev.example',
      'xdev.example',
      'dev.example.',
      'dev.example.evil.example',
      'dev.example:PORT:PORT',
      'dev.example:x',
      'devxexample',
      'app.example',
      'lan.example:8080',
      '192.0.2.70',
      '[2001:db8::1].evil.example',
      ...badHosts,
    ];
    const origins = ['https://app.example', 'HTTPS://APP.EXAMPLE', 'http://lan.example:8080', ...goodOrigins];
    const otherOrigins = [
      'http://app.example',
      'https://app.example:8443',
      'https://app.example/',
      'https://sub.app.example',
      'https://app.example.evil.example',
      'https://user@app.example',
      'http://lan.example',
      'http://lan.example:80',
      // A name that the agent may be called by is not one whose pages may use it.
      'http://dev.example',
      'https://192.0.2.7',
      ...badOrigins,
    ];
    const ownPage = (host: string, origin: string): Attempt => ({ hosts: [host], origins: [origin] });
    await expectTable(agent, kind, [
      // The agent's own page, under whatever name it is answered.
      ['its page', ownPage('dev.example:PORT', 'http://dev.example:PORT'), letIn],
      ['its page, IPv6', ownPage('[2001:db8::1]:PORT', 'http://[2001:db8::1]:PORT'), letIn],
      ['another port of it', ownPage('dev.example:PORT', 'http://dev.example:1'), refusals.origin],
      ['it with TLS', ownPage('dev.example:PORT', 'https://dev.example:PORT'), refusals.origin],
      ['its page, under no name of it', ownPage('evil.example', 'http://evil.example'), refusals.host],
      ...hosts.map((host): Row => [`Host: ${host}`, { hosts: [host] }, letIn]),
      ...otherHosts.map((host): Row => [`Host: ${host}`, { hosts: [host] }, refusals.host]),
      ...origins.map((origin): Row => [`Origin: ${origin}`, { origins: [origin] }, letIn]),
      ...otherOrigins.map((origin): Row => [`Origin: ${origin}`, { origins: [origin] }, refusals.origin]),
      ['allowed, without a token', { hosts: ['dev.example'], ...withoutToken }, refusals.token],
      [
        'allowed origin, without a token',
        { origins: ['https://app.example'], ...withoutToken },
        refusals.token,
      ],
    ]);
  });
});

describe('the local plane', () => {
  it('needs nothing', async () => {
    const agent = shared();
    const wishes: Attempt[] = [
      withoutToken,
      { hosts: ['evil.example'], ...withoutToken },
      { origins: ['http://evil.example'], ...withoutToken },
      { hosts: ['evil.example'], origins: ['null'], authorization: 'Bearer x', query: '?token=x' },
      { line: 'GET /v1/status HTTP/1.0', hosts: [], ...withoutToken },
    ];
    for (const each of wishes) expect(await attempt(agent, 'request', each, 'local')).toBe(letIn);
    for (const each of wishes.slice(0, 4)) expect(await attempt(agent, 'upgrade', each, 'local')).toBe(letIn);
  });
});

describe('a refused upgrade', () => {
  it('makes no client, not even for a moment', async () => {
    const agent = await startAgent();
    const refused: Attempt[] = [{ hosts: ['evil.example'] }, { origins: ['null'] }, withoutToken];
    for (const wishes of refused) expect(await attempt(agent, 'upgrade', wishes)).not.toBe(letIn);
    expect((await connect(agent, '', 'loopback')).hello.client).toBe('c1');
  });
});

describe('/healthz', () => {
  it('needs no token, but a good host and origin', async () => {
    const agent = shared();
    const line = 'GET /healthz HTTP/1.1';
    await expectTable(agent, 'request', [
      ['no token', { line, ...withoutToken }, letIn],
      ['a wrong token', { line, authorization: 'Bearer x' }, letIn],
      ['a loopback origin', { line, origins: ['http://localhost:3000'], ...withoutToken }, letIn],
      ['HEAD', { line: 'HEAD /healthz HTTP/1.1', ...withoutToken }, letIn],
      ['a bad host', { line, hosts: ['evil.example'], ...withoutToken }, refusals.host],
      ['a bad host, with the token', { line, hosts: ['evil.example'] }, refusals.host],
      ['no host', { line: 'GET /healthz HTTP/1.0', hosts: [], ...withoutToken }, refusals.host],
      ['a bad origin', { line, origins: ['null'], ...withoutToken }, refusals.origin],
      ['a bad origin, with the token', { line, origins: ['null'] }, refusals.origin],
    ]);
  });

  it('opens no other path', async () => {
    const agent = shared();
    const paths = [
      '/healthz/',
      '//healthz',
      '/HEALTHZ',
      '/healthz/../v1/status',
      '/v1/status?/healthz',
      '/v1/status#/healthz',
      '/v1/status;/healthz',
      '/v1/../healthz',
      '/healthz%2f..%2fv1%2fstatus',
      '/%68ealthz',
      'http://localhost/healthz',
    ];
    await expectTable(
      agent,
      'request',
      paths.map((path): Row => [path, { line: `GET ${path} HTTP/1.1`, ...withoutToken }, refusals.token]),
    );
  });
});

describe('a page', () => {
  const preflight = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization'];

  function ask(
    agent: TestAgent,
    line: string,
    wishes: Attempt,
    more: readonly string[] = [],
    plane: Plane = 'loopback',
  ): Promise<RawAnswer> {
    return exchange(agent, fillIn(agent, rawRequest(line, [...headersOf(wishes), ...more])), plane);
  }

  it('of an allowed origin is told that it may ask, without a token', async () => {
    const agent = allowing();
    for (const origin of ['http://localhost:3000', 'https://app.example']) {
      const wishes = { origins: [origin], ...withoutToken };
      const { status, headers, body } = await ask(agent, 'OPTIONS /v1/messages HTTP/1.1', wishes, preflight);
      expect(status).toBe(204);
      expect(body).toBe('');
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['vary']?.toLowerCase()).toContain('origin');
      expect(headers['access-control-allow-methods']?.split(/, */)).toEqual(
        expect.arrayContaining(['GET', 'POST', 'DELETE']),
      );
      expect(headers['access-control-allow-headers']?.toLowerCase().split(/, */)).toEqual(
        expect.arrayContaining(['authorization', 'content-type', 'last-event-id']),
      );
      // The token goes where the page puts it; a browser's own credentials play no part.
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it('of another origin is told nothing', async () => {
    const agent = shared();
    const line = 'OPTIONS /v1/messages HTTP/1.1';
    for (const origin of badOrigins) {
      const answer = await ask(agent, line, { origins: [origin], ...withoutToken }, preflight);
      expect([origin, verdict(answer)]).toEqual([origin, refusals.origin]);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const rebound = { hosts: ['evil.example'], origins: ['http://localhost'], ...withoutToken };
    expect(verdict(await ask(agent, line, rebound, preflight))).toBe(refusals.host);
  });

  it('gets no way around the token by OPTIONS', async () => {
    const agent = shared();
    const wishes = { origins: ['http://localhost'], ...withoutToken };
    expect(verdict(await ask(agent, 'OPTIONS /v1/status HTTP/1.1', wishes))).toBe(refusals.token);
    expect(verdict(await ask(agent, 'OPTIONS /v1/status HTTP/1.1', withoutToken, preflight))).toBe(
      refusals.token,
    );
    expect(verdict(await ask(agent, 'OPTIONS /v1/status HTTP/1.1', { origins: ['http://localhost'] }))).toBe(
      '405 method_not_allowed',
    );
  });

  it('may read answers, also those of errors, only if its origin is allowed', async () => {
    const agent = allowing();
    const line = 'GET /v1/status HTTP/1.1';
    const allowed = async (wishes: Attempt) =>
      (await ask(agent, line, wishes)).headers['access-control-allow-origin'];
    expect(await allowed({ origins: ['http://localhost:3000'] })).toBe('http://localhost:3000');
    expect(await allowed({ origins: ['https://app.example'] })).toBe('https://app.example');
    expect(await allowed({ origins: ['https://app.example'], ...withoutToken })).toBe('https://app.example');
    expect(await allowed({})).toBeUndefined();
    expect(await allowed({ origins: ['https://evil.example'] })).toBeUndefined();
    expect(await allowed({ origins: ['null'] })).toBeUndefined();
    const local = await ask(agent, line, { origins: ['https://evil.example'] }, [], 'local');
    expect(local.status).toBe(200);
    expect(local.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the token', () => {
  it('stands in no answer and no log line', async () => {
    const agent = await startAgent({ flags: ['--log-level', 'debug'] });
    const { token } = agent;
    const bad = `${token.slice(0, -1)}~`;
    const answers = [
      await exchange(agent, rawRequest(`GET /v1/status?token=${token} HTTP/1.1`, ['Host: localhost'])),
      await exchange(agent, rawRequest(`GET /nothing?token=${token} HTTP/1.1`, ['Host: localhost'])),
      await exchange(agent, rawRequest(`GET /v1/status?token=${bad} HTTP/1.1`, ['Host: localhost'])),
      await exchange(
        agent,
        rawRequest(`GET /v1/events?token=${token}&colour=1 HTTP/1.1`, ['Host: localhost', ...upgradeHeaders]),
      ),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 400]);
    expect(answers[2]?.headers['www-authenticate']).toMatch(/^Bearer\b/);
    expect(await attempt(agent, 'upgrade', { ...withoutToken, query: '?token=TOKEN&name=page' })).toBe(letIn);
    await agent.stop();
    for (const { body, headers } of answers) {
      expect(body).not.toContain(token.slice(0, -1));
      expect(JSON.stringify(headers)).not.toContain(token.slice(0, -1));
    }
    const log = readFileSync(join(agent.state, `${agent.name}.log`), 'utf8');
    expect(log).toContain('"name":"page"');
    expect(log).not.toContain(token.slice(0, -1));
    expect(agent.stderr).not.toContain(token.slice(0, -1));
  });

  it('of an earlier start is the token of the next', async () => {
    const first = await startAgent();
    const { token, runtime, state, roots } = first;
    await first.stop();
    const second = await startAgent({ runtime, state, roots });
    expect(second.token).toBe(token);
    expect(await attempt(second, 'request', { authorization: `Bearer ${token}` })).toBe(letIn);
  });
});

describe('--host', () => {
  it('beyond loopback is refused unless --allow-remote is said as well', async () => {
    const byFlag = await startAgent({ flags: ['--host', '0.0.0.0'], ready: false });
    const byVariable = await startAgent({ env: { AGENT_HOST: '::' }, ready: false });
    expect([await byFlag.exited, await byVariable.exited]).toEqual([
      { code: 2, signal: null },
      { code: 2, signal: null },
    ]);
    expect(byFlag.stderr).toMatch(/--host.*0\.0\.0\.0.*--allow-remote/);
    expect(byVariable.stderr).toMatch(/AGENT_HOST.*::.*--allow-remote/);
  });

  it('0.0.0.0 with --allow-remote listens, as guarded as ever', async () => {
    const agent = await startAgent({ flags: ['--host', '0.0.0.0', '--allow-remote'] });
    await expectTable(agent, 'request', [
      ['loopback', {}, letIn],
      ['0.0.0.0', { hosts: ['0.0.0.0:PORT'] }, refusals.host],
      ['another name', { hosts: ['dev.example'] }, refusals.host],
      ['another origin', { origins: ['http://dev.example'] }, refusals.origin],
      ['no token', withoutToken, refusals.token],
    ]);
  });

  // Only Linux has all of 127.0.0.0/8 without being told.
  (process.platform === 'linux' ? it : it.skip)(
    '127.0.0.2 is answered at the URL that it gives',
    async () => {
      const agent = await startAgent({ flags: ['--host', '127.0.0.2'] });
      const { url } = agent.runFile;
      expect(new URL(url).hostname).toBe('127.0.0.2');
      const response = await fetch(new URL('/v1/status', url), {
        headers: { authorization: `Bearer ${agent.token}` },
      });
      expect(response.status).toBe(200);
    },
  );
});
