// Who gets to see the dashboard, and what its session opens, to whom. Most of it is asked byte by byte: what a
// browser would say of itself is the point. What a real one does with it comes at the end.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { type BrowserPage, describeInBrowser, servePage } from './support/browser.ts';
import { temporaryDirectory } from './support/cleanup.ts';
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

describe('a link', () => {
  it('is exchanged for a session once, and leads to the page without itself in the address', async () => {
    const agent = await startAgent();
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
    const agent = await startAgent();
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
    const agent = await startAgent();
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
    const agent = await startAgent();
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
    const agent = await startAgent();
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
    const agent = await startAgent();
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
    const agent = await startAgent();
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

describe('agent-cli url --open', () => {
  /** A program in place of the one that opens a browser. */
  function opener(script: string): Record<string, string> {
    const bin = temporaryDirectory();
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    return { PATH: `${bin}:${process.env['PATH']}` };
  }

  it('shows the dashboard in the browser, by a link that it prints as well', async () => {
    const agent = await startAgent();
    const opened = join(temporaryDirectory(), 'opened');
    const env = { ...agent.env, ...opener(`echo "$@" >> '${opened}'`) };
    const text = await runCli(['url', '--open'], { env });
    expect(text).toMatchObject({ code: 0, stderr: '' });
    const json = await runCli(['url', '--open', '--json'], { env });
    const printed = JSON.parse(json.stdout) as Record<string, unknown>;
    expect(printed).toEqual({ url: expect.any(String), expiresInMs: 60_000 });
    expect(readFileSync(opened, 'utf8')).toBe(`${text.stdout}${String(printed['url'])}\n`);
    for (const url of [text.stdout.trim(), String(printed['url'])]) {
      const answer = await fetch(url, { redirect: 'manual' });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([303, expect.any(String)]);
    }
  });

  it('says so where no browser can be opened, and prints the link all the same', async () => {
    const agent = await startAgent();
    const result = await runCli(['url', '--open'], { env: { ...agent.env, ...opener('exit 3') } });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?link=[\w-]{43}\n$/);
    expect(result.stderr).toMatch(/the browser could not be opened: \S+ ended with 3\n/);
  });
});

/** A server of its own on this machine, with the cookies that browsers send it; it allows itself anything. */
async function startOtherServer(): Promise<{ port: number; cookies: string[] }> {
  const cookies: string[] = [];
  const port = await servePage((request) => cookies.push(request.headers.cookie ?? ''));
  return { port, cookies };
}

/** Everything that a page can try on the agent with the cookies of its browser; gives what came through. */
async function attack(page: BrowserPage, agent: TestAgent): Promise<Record<string, unknown>> {
  return page.run(`
    const origin = 'http://127.0.0.1:${agent.port}';
    const credentials = 'include';
    const outcome = (promise) => promise.then((value) => value, () => 'nothing');
    const load = (name, attributes) => new Promise((resolve) => {
      const element = Object.assign(document.createElement(name), attributes);
      element.onload = () => resolve('loaded');
      element.onerror = () => resolve('nothing');
      document.head.append(element);
    });
    const open = (socket) => new Promise((resolve) => {
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('nothing');
    });
    return {
      read: await outcome(fetch(origin + '/v1/status', { credentials }).then((answer) => answer.text())),
      blindRead: await outcome(fetch(origin + '/v1/status', { credentials, mode: 'no-cors' }).then(({ type }) => type)),
      blindWrite: await outcome(fetch(origin + '/v1/messages', {
        method: 'POST', body: 'hostile', credentials, mode: 'no-cors',
      }).then(({ type }) => type)),
      script: await load('script', { src: origin + '/dashboard/app.js' }),
      style: await load('link', { rel: 'stylesheet', href: origin + '/dashboard/app.css' }),
      webSocket: await open(new WebSocket(origin.replace('http', 'ws') + '/v1/events?name=hostile')),
    };
  `);
}

/** Waits until what the page shows has this in its title, and gives its address. */
async function shown(page: BrowserPage, title: RegExp): Promise<string> {
  let found = '';
  await until(
    () => `the page ${title}; got ${found}`,
    async () => {
      // Between two documents there is nothing to run in.
      found = await page.run<string>('return document.title').catch(() => '');
      return title.test(found);
    },
  );
  return page.run('return location.href');
}

const foreignHost = 'evil.test';

describeInBrowser('in a browser', [foreignHost], (browser) => {
  it('the session opens everything to the dashboard, and nothing to any other page', async () => {
    const agent = await startAgent();
    const origin = `http://127.0.0.1:${agent.port}`;
    const own = await browser().open(origin + (await makeLink(agent)));
    expect(await shown(own, /devagent/)).toBe(`${origin}/`);
    const asked = await own.run(`
      const opens = (stream) => new Promise((resolve) => {
        stream.onmessage = () => resolve('open');
        stream.onerror = () => resolve('nothing');
      });
      return [
        await opens(new WebSocket(location.origin.replace('http', 'ws') + '/v1/events?name=own')),
        await opens(new EventSource('/v1/events?name=own')),
        (await fetch('/v1/status')).status,
        (await fetch('/v1/messages', { method: 'POST', body: 'own' })).status,
        document.cookie,
      ];
    `);
    expect(asked).toEqual(['open', 'open', 200, 200, '']);

    const other = await startOtherServer();
    const { cursor } = (await agent.request('/v1/status')).json<{ cursor: string }>();
    for (const host of ['127.0.0.1', 'localhost', foreignHost]) {
      const page = await browser().open(`http://${host}:${other.port}/`);
      expect([host, await attack(page, agent)]).toEqual([
        host,
        {
          read: 'nothing',
          // Of these a page sees only that there was an answer, and not even that with this policy.
          blindRead: expect.stringMatching(/^(?:opaque|nothing)$/),
          blindWrite: expect.stringMatching(/^(?:opaque|nothing)$/),
          script: 'nothing',
          style: 'nothing',
          webSocket: 'nothing',
        },
      ]);
    }
    // The attack is a real one: the browser sends the cookie to every port of its host name.
    expect(other.cookies[0]).toMatch(new RegExp(`devagent_${agent.port}=`));
    expect((await agent.request('/v1/status')).json()).toMatchObject({ cursor });
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    expect(clients.map(({ name }) => name)).not.toContain('hostile');
  });

  it('a page that leads to the dashboard has the user asked first', async () => {
    const agent = await startAgent();
    const origin = `http://127.0.0.1:${agent.port}`;
    const dashboard = /^devagent|· devagent$/;
    await shown(await browser().open(origin + (await makeLink(agent))), dashboard);
    const other = await startOtherServer();
    for (const host of ['127.0.0.1', 'localhost', foreignHost]) {
      const page = await browser().open(`http://${host}:${other.port}/`);
      await page.run(`location.href = ${JSON.stringify(`${origin}/`)}; return true;`);
      expect(await shown(page, /^Open the dashboard\?/)).toBe(`${origin}/`);
      await page.run(`document.querySelector('a').click(); return true;`);
      await until('the dashboard', async () =>
        page.run<boolean>(`return document.querySelector('script') !== null`).catch(() => false),
      );
    }
  });
});
