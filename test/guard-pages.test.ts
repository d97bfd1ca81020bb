// What the guard tells pages and those that look after an agent, where its token may stand, and at which addresses it
// guards. Whom it lets in is in guard.test.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import {
  type Attempt,
  attempt,
  expectTable,
  fillIn,
  headersOf,
  letIn,
  type Row,
  refusals,
  verdict,
  withoutToken,
} from './support/guard-attempts.ts';
import { badOrigins } from './support/hosts-and-origins.ts';
import { exchange, type Plane, type RawAnswer, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';

const shared = sharedAgent({ flags: ['--allow-origin', 'https://app.example'] });

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
    const agent = shared();
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
    const agent = shared();
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
