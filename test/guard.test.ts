// Who is let in on the loopback plane: Host, then Origin, then the token. What pages are told of it, and where the token
// goes, is in guard-pages.test.ts.
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { connect } from './support/client.ts';
import {
  type Attempt,
  attempt,
  expectTable,
  type Kind,
  letIn,
  type Row,
  refusals,
  withoutToken,
  withToken,
} from './support/guard-attempts.ts';
import { badHosts, badOrigins, goodHosts, goodOrigins } from './support/hosts-and-origins.ts';
import { sharedAgent } from './support/shared-agent.ts';

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
