// LiveReload 7 on the agent's port, as its messages on the wire: what is told, to whom, and what is not.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { placeBuild, scriptNames } from './support/build-output.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { clientHello, connectPage, openPage, type PageClient } from './support/page-client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const on = { flags: ['--livereload'] };

function socketUrl(agent: TestAgent, port = agent.port): string {
  return `ws://127.0.0.1:${port}/livereload`;
}

/** Where the listener of `--livereload-port` is. */
function pagePort(agent: TestAgent): number {
  const line = agent.logLines.find((entry) => entry['event'] === 'listening for LiveReload');
  return Number(new URL(String(line?.['url'])).port);
}

/** Has every batch so far be told, as the last command that the page gets. */
async function barrier(agent: TestAgent, page: PageClient): Promise<void> {
  writeFileSync(join(agent.root, 'barrier.html'), String(page.told.length));
  await until('the barrier', () => page.told.some(({ path }) => path === 'barrier.html'));
}

const shared = sharedAgent(on);

describe('LiveReload', () => {
  it('shakes hands by protocol 7, and tells a change with its path and liveCSS', async () => {
    const agent = shared();
    const page = await openPage(socketUrl(agent));
    expect(page.told[0]).toMatchObject({
      command: 'hello',
      protocols: ['http://livereload.com/protocols/official-7'],
    });
    page.socket.send('{"command":"info","plugins":{},"url":"http://localhost/secret"}');
    mkdirSync(join(agent.root, 'a'));
    writeFileSync(join(agent.root, 'a', 'b.html'), '');
    expect(await page.commands(1)).toEqual([
      { command: 'reload', path: 'a/b.html', liveCSS: true, liveImg: true },
    ]);
  });

  it("makes a build's hundred files one reload, and of style sheets one each", async () => {
    const agent = shared();
    const page = await openPage(socketUrl(agent));
    placeBuild(agent.root, 'dist', ['a.css', 'b.css', ...scriptNames(98)]);
    await page.commands(1);
    for (const name of ['a.css', 'b.css']) writeFileSync(join(agent.root, 'dist', name), 'p{}');
    await page.commands(3);
    await barrier(agent, page);
    const [build, ...rest] = page.told.slice(1);
    expect(build).toMatchObject({ path: expect.stringMatching(/\.js$/) });
    expect(rest.map(({ path }) => path)).toEqual(['dist/a.css', 'dist/b.css', 'barrier.html']);
  });

  it('tells nothing of hidden files and of what editors leave behind', async () => {
    const agent = shared();
    const page = await openPage(socketUrl(agent));
    for (const name of ['.env', 'a.html~', '.a.html.swp']) writeFileSync(join(agent.root, name), 'x');
    await agent.sync();
    await barrier(agent, page);
    expect(page.told.map(({ path }) => path)).toEqual([undefined, 'barrier.html']);
  });

  it('tells of those files alone that --livereload-match names', async () => {
    const agent = await startAgent({ flags: ['--livereload-match', 'dist/**', '--livereload-match=*.html'] });
    const page = await openPage(socketUrl(agent));
    mkdirSync(join(agent.root, 'dist'));
    writeFileSync(join(agent.root, 'a.js'), '');
    await agent.sync();
    writeFileSync(join(agent.root, 'dist', '.b.js'), '');
    await page.commands(1);
    await barrier(agent, page);
    expect(page.told.map(({ path }) => path)).toEqual([undefined, 'dist/.b.js', 'barrier.html']);
  });

  it('shows the messages of its topic, and no others', async () => {
    const agent = shared();
    const page = await openPage(socketUrl(agent));
    await agent.broadcast('secret');
    await agent.broadcast('secret', 'livereload.alert.not');
    await agent.broadcast('The build failed', 'livereload.alert');
    await agent.broadcast({ errors: 2 }, 'livereload.alert');
    await agent.broadcast('x'.repeat(100_000), 'livereload.alert');
    expect(await page.commands(3)).toEqual([
      { command: 'alert', message: 'The build failed' },
      { command: 'alert', message: '{"errors":2}' },
      { command: 'alert', message: 'x'.repeat(4096) },
    ]);
  });

  it("serves the reference client's own file", async () => {
    const agent = shared();
    const { status, headers, text } = await agent.request('/livereload.js', {
      plane: 'loopback',
      headers: { authorization: '' },
    });
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/javascript; charset=utf-8',
    });
    expect(text).toBe(readFileSync('node_modules/livereload-js/dist/livereload.js', 'utf8'));
    const statusOf = async (path: string, method = 'GET') =>
      (await agent.request(path, { plane: 'loopback', method, headers: { authorization: '' } })).status;
    expect(await statusOf('/livereload.js', 'HEAD')).toBe(200);
    expect(await statusOf('/livereload.js', 'POST')).toBe(405);
    expect(await statusOf('/livereload')).toBe(426);
    expect(await statusOf('/v1/status')).toBe(401);
  });

  it('closes its connections with 1001 when the agent stops, and counts as use of one that would end', async () => {
    const agent = await startAgent({ flags: ['--livereload', '--idle-exit', '1000'] });
    const page = await openPage(socketUrl(agent));
    const end = performance.now() + 1_500;
    // Here time itself is what is waited for: longer than the agent waits without use.
    await until('that time to pass', () => performance.now() > end);
    expect(agent.child.exitCode).toBeNull();
    void agent.stop();
    expect(await page.closed()).toBe(1001);
    expect(await agent.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a port of its own', () => {
  it('has LiveReload and nothing else, on loopback', async () => {
    const agent = await startAgent({ flags: ['--livereload-port', '0'] });
    const port = pagePort(agent);
    const page = await openPage(socketUrl(agent, port), { headers: { origin: 'http://localhost:3000' } });
    writeFileSync(join(agent.root, 'a.html'), '');
    expect(await page.commands(1)).toMatchObject([{ path: 'a.html' }]);
    const statusOf = async (path: string) => {
      const headers = { authorization: `Bearer ${agent.token}`, accept: 'text/html' };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      // Nothing of the dashboard, not even its word that it is not there.
      expect(answer.headers.get('content-type')).not.toContain('html');
      return answer.status;
    };
    expect(await statusOf('/livereload.js')).toBe(200);
    const link = (await agent.request('/v1/links', { method: 'POST' })).json<{ url: string }>();
    const dashboard = ['/', `/?token=${agent.token}`, new URL(link.url).search, '/dashboard/app.js'];
    for (const path of [...dashboard, '/v1/links', '/v1/status', '/healthz', '/metrics'])
      expect(await statusOf(path.replace(/^\?/, '/?'))).toBe(404);
    const stream = connectPage(`ws://127.0.0.1:${port}/v1/events?token=${agent.token}`);
    expect(await stream.outcome()).toBe(404);
  });

  it('that is taken ends the start, saying what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    cleanUpWith(() => void other.close());
    await until('it to listen', () => other.listening);
    const { port } = other.address() as AddressInfo;
    const agent = await startAgent({ flags: ['--livereload-port', String(port)], ready: false });
    expect((await agent.exited).code).toBe(1);
    expect(agent.stderr).toContain(`agentd: the LiveReload port ${port} is taken: end what listens there`);
  });
});

describe('who is told', () => {
  const allowing = sharedAgent({ flags: ['--livereload', '--allow-origin', 'https://app.example'] });

  it.each<[string, Record<string, string>, number | undefined]>([
    ['a page of loopback', { origin: 'http://localhost:5173' }, undefined],
    ['a page of an allowed origin', { origin: 'https://app.example' }, undefined],
    ['a page on disk', { origin: 'file://' }, undefined],
    ['a program', {}, undefined],
    ['a page without an origin, which has to say where it lies', { origin: 'null' }, undefined],
    ['a page from elsewhere', { origin: 'http://evil.test' }, 403],
    ['a page that looks like one on disk', { origin: 'file://evil.test' }, 403],
    ['a name that was made to lead here', { host: 'evil.test' }, 421],
  ])('%s', async (_who, headers, outcome) => {
    expect(await connectPage(socketUrl(allowing()), headers).outcome()).toBe(outcome);
  });

  it('of pages without an origin, those that lie in a root alone', async () => {
    const agent = await startAgent(on);
    const outside = temporaryDirectory();
    for (const folder of [outside, agent.root]) writeFileSync(join(folder, 'a b.html'), '');
    symlinkSync(agent.root, join(outside, 'link'));
    await agent.sync();
    const says = async (url: string): Promise<PageClient> => {
      const page = await openPage(socketUrl(agent), { headers: { origin: 'null' } });
      page.socket.send(JSON.stringify({ command: 'info', plugins: {}, url }));
      return page;
    };
    const address = (...path: string[]) => pathToFileURL(join(...path)).href;
    const silent = await openPage(socketUrl(agent), { headers: { origin: 'null' } });
    const told = [
      await says(`${address(agent.root, 'a b.html')}?q#h`),
      await says(address(outside, 'link', 'a b.html')),
    ];
    // By a page that was let in, it is known that the others were looked at, too.
    for (const url of [
      address(outside, 'a b.html'),
      address(agent.root, 'nope.html'),
      address(agent.root),
      address(agent.root).replace('file://', 'file://evil.test'),
      'http://localhost/a.html',
      'about:srcdoc',
    ]) {
      expect([url, await (await says(url)).closed()]).toEqual([url, 1008]);
    }
    writeFileSync(join(agent.root, 'c.html'), '');
    for (const page of told) expect(await page.commands(1)).toMatchObject([{ path: 'c.html' }]);
    expect(silent.told).toHaveLength(1);
    // Guessing is made slow: the right answer does not help any more.
    for (let guess = 0; guess < 4; guess += 1)
      expect(await (await says(`file:///${guess}`)).closed()).toBe(1008);
    expect(await (await says(address(agent.root, 'a b.html'))).closed()).toBe(1008);
  });

  it('nobody, where it is not switched on', async () => {
    const agent = await startAgent();
    expect(await connectPage(socketUrl(agent)).outcome()).toBe(401);
    expect((await agent.request('/livereload.js', { plane: 'loopback' })).status).toBe(404);
    const off = await startAgent({ flags: ['--livereload-port', '0', '--livereload=false'] });
    expect(await connectPage(socketUrl(off)).outcome()).toBe(401);
    expect(off.stderr).not.toContain('listening for LiveReload');
  });

  it('nobody that does not say hello, that says too much, or that is one too many', async () => {
    const agent = await startAgent(on);
    const says = async (text: string | Buffer): Promise<number> => {
      const page = connectPage(socketUrl(agent));
      await page.outcome();
      page.socket.send(text);
      return page.closed();
    };
    expect(await says('GET / HTTP/1.1')).toBe(1002);
    expect(await says('{"command":"hello","protocols":["http://livereload.com/protocols/official-6"]}')).toBe(
      1002,
    );
    expect(await says(Buffer.from(JSON.stringify(clientHello)))).toBe(1002);
    expect(await says(`"${'x'.repeat(70_000)}"`)).toBe(1009);
    const outcomes = await Promise.all(
      Array.from({ length: 101 }, () => connectPage(socketUrl(agent)).outcome()),
    );
    expect(outcomes.filter((outcome) => outcome !== undefined)).toEqual([503]);
  });
});

it('a config file can switch it on', async () => {
  const root = temporaryDirectory();
  const file = join(temporaryDirectory(), 'config.json');
  writeFileSync(file, '{"livereload":true,"livereloadMatch":["*.css"]}');
  const agent = await startAgent({ roots: [root], flags: ['--config', file] });
  const page = await openPage(socketUrl(agent));
  writeFileSync(join(root, 'a.html'), '');
  await agent.sync();
  writeFileSync(join(root, 'a.css'), '');
  expect(await page.commands(1)).toEqual([
    { command: 'reload', path: 'a.css', liveCSS: false, liveImg: false },
  ]);
});
