// Who gets to see the dashboard, and what its session opens, to whom. It is asked byte by byte: what a browser would
// say of itself is the point. What a real one does with it: dashboard-session-browser.test.ts.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import {
  acceptsHtml,
  ask,
  cookieIn,
  forge,
  logIn,
  makeLink,
  secondsFromNow,
  verdict,
} from './support/dashboard-requests.ts';
import { openRaw, type RawAnswer, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

function expectPageHeaders({ headers }: RawAnswer, agent: TestAgent): void {
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
      `connect-src 'self' ws://127.0.0.1:${agent.port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(headers).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
}

const shared = sharedAgent();

describe('a link', () => {
  it('is exchanged for a session once, and leads to the page without itself in the address', async () => {
    const agent = shared();
    const link = await makeLink(agent);
    const first = await ask(agent, `GET ${link}`, [acceptsHtml, 'Sec-Fetch-Site: none']);
    expect(first.status).toBe(303);
    expect(first.headers).toMatchObject({ location: '/', 'cache-control': 'no-store' });
    expect(first.headers['set-cookie']).toMatch(
      new RegExp(
        `^devagent_${agent.port}=\\d+\\.[\\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`,
      ),
    );
    expect(first.body).toBe('');
    expectPageHeaders(first, agent);

    const again = await ask(agent, `GET ${link}`, [acceptsHtml]);
    expect(again.status).toBe(401);
    expect(again.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(again.headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
    expect(again.headers['set-cookie']).toBeUndefined();
    expect(again.body).toContain('agent-cli url --open');
    expect(verdict(await ask(agent, `GET ${link}`))).toBe('401 link_expired');

    const withSession = await ask(agent, `GET ${link}`, [cookieIn(first)]);
    expect([withSession.status, withSession.headers['location']]).toEqual([303, '/']);
    expect(withSession.headers['set-cookie']).toBeUndefined();
  });

  it('is not used up by what is no visit', async () => {
    const agent = shared();
    const link = await makeLink(agent);
    const tries: readonly (readonly [line: string, headers: readonly string[], expected: string])[] = [
      [`POST ${link}`, [], '401 token_required'],
      [`GET ${link}`, ['Sec-Purpose: prefetch;prerender'], '401 token_required'],
      [`GET ${link}`, ['Purpose: prefetch'], '401 token_required'],
      [`GET ${link}`, upgradeHeaders, '401 token_required'],
      [`GET ${link}`, ['Origin: http://evil.test'], '403 origin_refused'],
      [`GET ${link.replace('/?', '/v1/status?')}`, [], '401 token_required'],
      [`CONNECT ${link}`, [], '401 token_required'],
    ];
    for (const [line, headers, expected] of tries)
      expect([line, headers, verdict(await ask(agent, line, headers))]).toEqual([line, headers, expected]);
    expect((await ask(agent, `HEAD ${link}`)).status).toBe(401);
    expect((await ask(agent, `GET ${link}`)).status).toBe(303);
  });

  it('is made by the token or on the local plane, not by a session', async () => {
    const agent = shared();
    const own = `Origin: http://127.0.0.1:${agent.port}`;
    const byToken = await ask(agent, 'POST /v1/links', [`Authorization: Bearer ${agent.token}`]);
    expect(byToken.status).toBe(200);
    expect(verdict(await ask(agent, 'POST /v1/links', [await logIn(agent), own]))).toBe('401 token_required');
    expect(verdict(await ask(agent, 'POST /v1/links'))).toBe('401 token_required');
  });
});

describe('the page', () => {
  const built = fileURLToPath(new URL('../dist/dashboard/', import.meta.url));

  it('is opened by a session, the token in its address, or a header, and by nothing else', async () => {
    const agent = await startAgent({ flags: ['--log-level', 'debug'] });
    const link = await makeLink(agent);
    const cookie = cookieIn(await ask(agent, `GET ${link}`));
    const index = readFileSync(join(built, 'index.html'), 'utf8');
    const page = await ask(agent, 'GET /', [cookie, acceptsHtml, 'Sec-Fetch-Site: none']);
    expect([page.status, page.body]).toEqual([200, index]);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
    expectPageHeaders(page, agent);
    const head = await ask(agent, 'HEAD /', [cookie]);
    expect([head.status, head.headers['content-length']]).toEqual([200, String(Buffer.byteLength(index))]);

    const byToken = await ask(agent, `GET /?token=${agent.token}`, [acceptsHtml]);
    expect([byToken.status, byToken.headers['location']]).toEqual([303, '/']);
    expect(byToken.headers['referrer-policy']).toBe('no-referrer');
    expect((await ask(agent, 'GET /', [cookieIn(byToken)])).body).toBe(index);
    const byHeader = await ask(agent, 'GET /', [`Authorization: Bearer ${agent.token}`]);
    expect([byHeader.body, byHeader.headers['set-cookie']]).toEqual([index, undefined]);
    expect((await agent.request('/')).text).toBe(index);

    for (const path of ['/', '/?token=x', '/?token=', '/?link=', '/?link=x']) {
      const person = await ask(agent, `GET ${path}`, [acceptsHtml]);
      expect([path, person.status, person.headers['content-type']]).toEqual([
        path,
        401,
        'text/html; charset=utf-8',
      ]);
      expect(person.body).toContain('agent-cli url --open');
      expect(person.headers['set-cookie']).toBeUndefined();
      expect(verdict(await ask(agent, `GET ${path}`))).toMatch(/^401 (?:token_required|link_expired)$/);
    }
    expect(verdict(await ask(agent, 'GET /?colour=1', [cookie]))).toBe('400 unknown_parameter');
    expect(verdict(await ask(agent, 'POST /', [`Authorization: Bearer ${agent.token}`]))).toBe(
      '405 method_not_allowed',
    );

    // Nothing that lets anybody in was written down.
    await agent.stop();
    const log = readFileSync(join(agent.state, 'default.log'), 'utf8');
    expect(log).toContain('dashboard opened');
    for (const secret of [agent.token, link.replace('/?link=', ''), cookie.split('=')[1] as string]) {
      expect(log).not.toContain(secret);
      expect(agent.stderr).not.toContain(secret);
      expect(secret).toMatch(/[\w-]{43}$/);
    }
  });

  it('gets its files, and none but those, by the same session', async () => {
    const agent = shared();
    const cookie = await logIn(agent);
    const names = readdirSync(built).filter((name) => name !== 'index.html');
    expect(names).toEqual(expect.arrayContaining(['app.css', 'app.js']));
    for (const name of names) {
      const file = await ask(agent, `GET /dashboard/${name}`, [cookie, 'Sec-Fetch-Site: same-origin']);
      expect([name, file.status, file.body]).toEqual([name, 200, readFileSync(join(built, name), 'utf8')]);
      expectPageHeaders(file, agent);
      expect(verdict(await ask(agent, `GET /dashboard/${name}`))).toBe('401 token_required');
    }
    expect((await ask(agent, 'GET /dashboard/app.js', [cookie])).headers['content-type']).toBe(
      'text/javascript; charset=utf-8',
    );
    for (const name of ['nope.js', '..%2fagentd.js', '..%2f..%2fpackage.json', '%00', 'APP.JS', 'index.html'])
      expect(verdict(await ask(agent, `GET /dashboard/${name}`, [cookie]))).toBe('404 not_found');
    for (const path of ['/dashboard', '/dashboard/', '/dashboard/../agentd.js', '//'])
      expect(verdict(await ask(agent, `GET ${path}`, [cookie]))).toBe('404 not_found');
  });
});

describe('a session', () => {
  it("counts for the agent's own page, and for no other that the browser sends it for", async () => {
    const agent = shared();
    const cookie = await logIn(agent);
    const own = `Origin: http://127.0.0.1:${agent.port}`;
    const refused = '403 origin_refused';
    const lines = {
      page: 'GET /',
      read: 'GET /v1/status',
      act: 'POST /v1/messages?topic=from.page',
      upgrade: 'GET /v1/events',
    } as const;
    type Expected = Readonly<Record<keyof typeof lines, string>>;
    const all: Expected = { page: '200', read: '200', act: '200', upgrade: '101' };
    const reads: Expected = { page: '200', read: '200', act: refused, upgrade: refused };
    const none: Expected = { page: refused, read: refused, act: refused, upgrade: refused };
    const rows: readonly (readonly [headers: readonly string[], expected: Expected])[] = [
      [[own, 'Sec-Fetch-Site: same-origin'], all],
      [[own, 'Sec-Fetch-Site: none'], all],
      // A browser that does not say from where it asks.
      [[own], all],
      [[], reads],
      [['Sec-Fetch-Site: same-origin'], reads],
      [['Sec-Fetch-Site: none'], reads],
      [['Sec-Fetch-Site: same-site'], none],
      [['Sec-Fetch-Site: cross-site'], none],
      [['Sec-Fetch-Site: '], none],
      [['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'], none],
      [['Sec-Fetch-Site: whatever'], none],
      [[own, 'Sec-Fetch-Site: same-site'], none],
      [[own, own], none],
      ...[
        'http://127.0.0.1:1',
        'http://127.0.0.1',
        `http://localhost:${agent.port}`,
        `http://[::1]:${agent.port}`,
        `https://127.0.0.1:${agent.port}`,
        `HTTP://127.0.0.1:${agent.port}`,
        `http://127.0.0.1:${agent.port}/`,
        'http://evil.test',
        `http://evil.test:${agent.port}`,
        'null',
        'file://',
        '',
      ].map((origin) => [[`Origin: ${origin}`], none] as const),
    ];
    for (const [headers, expected] of rows) {
      const found: Record<string, string> = {};
      for (const [what, line] of Object.entries(lines)) {
        const upgrade =
          what === 'upgrade' ? upgradeHeaders : ['Content-Type: text/plain', 'Content-Length: 0'];
        const answer = await ask(agent, line, [cookie, ...headers, ...upgrade]);
        found[what] = verdict(answer);
        if (answer.status === 403) expect(answer.body).not.toContain(agent.root);
        // Whoever asked: another page's browser is to keep it from that page.
        if (answer.status === 200) {
          expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin');
          expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        }
      }
      expect([headers, found]).toEqual([headers, expected]);
    }
    // Where another page led here, a person is asked before anything is shown.
    for (const site of ['same-site', 'cross-site']) {
      const led = await ask(agent, 'GET /', [cookie, acceptsHtml, `Sec-Fetch-Site: ${site}`]);
      expect([led.status, led.body.includes('<a href="/">')]).toEqual([403, true]);
    }
    // With the token another page may come, session or not.
    const byToken = ['Origin: http://127.0.0.1:1', `Authorization: Bearer ${agent.token}`];
    expect(verdict(await ask(agent, lines.act, [cookie, ...byToken, 'Content-Type: text/plain']))).toBe(
      '200',
    );
  });

  it('is none that was made up, is over, or is of another agent', async () => {
    const agent = shared();
    const good = forge(agent, secondsFromNow(3600));
    const value = good.slice(good.indexOf('=') + 1);
    expect(verdict(await ask(agent, 'GET /v1/status', [good]))).toBe('200');
    for (const cookie of [
      forge(agent, secondsFromNow(-10)),
      forge(agent, secondsFromNow(13 * 3600)),
      forge(agent, secondsFromNow(3600), 'web'),
      forge(agent, secondsFromNow(3600), 'default', 'x'.repeat(43)),
      good.replace(/=\d+/, `=${secondsFromNow(7200)}`),
      good.replace(/=.*/, '='),
      good.replace(/=.*/, `=${agent.token}`),
      `Cookie: devagent=${value}`,
      `Cookie: devagent_1=${value}`,
      `Cookie: "${good.slice('Cookie: '.length)}"`,
    ])
      expect([cookie, verdict(await ask(agent, 'GET /v1/status', [cookie]))]).toEqual([
        cookie,
        '401 token_required',
      ]);
    // What another server of this host name sets beside it takes it from nobody.
    const beside = `Cookie: devagent_${agent.port}=other; ${good.slice('Cookie: '.length)}`;
    expect(verdict(await ask(agent, 'GET /v1/status', [beside]))).toBe('200');
  });

  it('ends with everything that was begun by it', async () => {
    const agent = shared();
    const cookie = forge(agent, secondsFromNow(1));
    const [webSocket, stream] = [await openRaw(agent), await openRaw(agent)];
    const own = [`Host: 127.0.0.1:${agent.port}`, `Origin: http://127.0.0.1:${agent.port}`, cookie];
    webSocket.write(rawRequest('GET /v1/events HTTP/1.1', [...own, ...upgradeHeaders]));
    stream.write(rawRequest('GET /v1/events HTTP/1.1', own));
    expect((await webSocket.answer()).status).toBe(101);
    expect((await stream.answer()).status).toBe(200);
    await webSocket.end();
    await stream.end();
    expect(verdict(await ask(agent, 'GET /v1/status', [cookie]))).toBe('401 token_required');
    await until('the agent to know', async () => (await agent.request('/v1/clients')).text === '[]\n');
  });

  it('outlives a restart of the agent, and not its token', async () => {
    const first = await startAgent();
    const { runtime, state, roots, port } = first;
    const cookie = await logIn(first);
    // Under the same address, as by the usual port.
    const answerOf = async (agent: TestAgent): Promise<string> => {
      const connection = await openRaw(agent);
      connection.write(rawRequest('GET /v1/status HTTP/1.1', [`Host: 127.0.0.1:${port}`, cookie]));
      return verdict(await connection.answer());
    };
    await first.stop();
    const second = await startAgent({ runtime, state, roots });
    expect(await answerOf(second)).toBe('200');
    await second.stop();
    rmSync(join(state, 'token'));
    expect(await answerOf(await startAgent({ runtime, state, roots }))).toBe('401 token_required');
  });

  // Only Linux has all of 127.0.0.0/8 without being told.
  (process.platform === 'linux' ? it : it.skip)('goes by the same rules at another --host', async () => {
    const agent = await startAgent({ flags: ['--host', '127.0.0.2'] });
    const { url } = (await agent.request('/v1/links', { method: 'POST' })).json<{ url: string }>();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.2:\d+\/\?link=/);
    const opened = await fetch(url, { redirect: 'manual' });
    expect(opened.status).toBe(303);
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { origin } = new URL(url);
    const publish = (from: string) =>
      fetch(`${origin}/v1/messages`, { method: 'POST', body: 'x', headers: { cookie, origin: from } });
    expect((await publish(origin)).status).toBe(200);
    expect((await publish('http://127.0.0.2')).status).toBe(403);
    expect((await publish('http://localhost')).status).toBe(403);
  });
});
