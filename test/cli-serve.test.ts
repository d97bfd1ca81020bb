// `agent-cli serve`: how its pages come to reload, by which addresses it answers, and the agent behind it.
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { backgroundPlace } from './support/background.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connectPage, openPage } from './support/page-client.ts';
import { page, serve, snippetOf, socketUrl } from './support/serve.ts';
import { SiteClient } from './support/site.ts';
import { until } from './support/wait.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const itWithIPv6 = hasIPv6 ? it : it.skip;

describe('agent-cli serve', () => {
  it('puts the client into pages, and has them reload for what changed, before they connected, too', async () => {
    const { place, site, url } = await serve({
      'index.html': page,
      'fragment.html': '<p>f</p>',
      'a.css': '',
    });
    const { headers, body } = await site.ask('/');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(body.length),
      'cache-control': 'no-store',
    });
    const text = body.toString();
    const snippet = snippetOf(text);
    const script = text.slice(text.indexOf('<script'), text.indexOf('<title>'));
    expect(text).toBe(page.replace('<title>', `${script}<title>`));
    const address = /src="([^"]+)"/.exec(script)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const client = await site.ask(address);
    expect(client.body.equals(readFileSync('node_modules/livereload-js/dist/livereload.js'))).toBe(true);
    expect((await site.ask('/fragment.html')).body.toString()).toBe('<p>f</p>');
    expect((await site.ask('/', { headers: { 'sec-fetch-dest': 'empty' } })).body.toString()).toBe(page);

    const connected = await openPage(socketUrl(url), { snippet });
    writeFileSync(join(place.root, 'a.css'), 'p{}');
    expect(await connected.commands(1)).toEqual([
      { command: 'reload', path: 'a.css', liveCSS: true, liveImg: true },
    ]);
    // A page that was made before that, and connects only now.
    const late = await openPage(socketUrl(url), { snippet });
    expect(await late.commands(1)).toMatchObject([{ path: 'a.css', liveCSS: false }]);
    const fresh = await openPage(socketUrl(url), {
      snippet: snippetOf((await site.ask('/')).body.toString()),
    });
    expect(await place.run(['broadcast', '--topic', 'livereload.alert', 'the end'])).toMatchObject({
      code: 0,
    });
    expect(await fresh.commands(1)).toEqual([{ command: 'alert', message: 'the end' }]);
    expect(connected.told).toHaveLength(3);
  });

  it('has every page that a browser shows reload, or says once which does not and why', async () => {
    const policies = {
      nonce: "script-src 'nonce-x' 'strict-dynamic'",
      none: "default-src 'none'; style-src 'self'",
      connect: "default-src 'self'; connect-src https://api.test",
      unread: 'default-src&Tab;x',
    };
    const withPolicy = (policy: string) =>
      `<head><meta http-equiv="Content-Security-Policy" content="${policy}"><title>p</title></head>`;
    const pages = Object.entries(policies).map(([name, policy]) => [`${name}.html`, withPolicy(policy)]);
    const { site, cli } = await serve({
      ...Object.fromEntries(pages),
      'empty.html': '',
      'fragment.html': '<p>f',
      'half.html': '<!doctype html><script>let a = "',
      'large.html': Buffer.alloc(8 * 1024 * 1024 + 1, '<p>'),
    });
    const ask = async (name: string, headers: Record<string, string>) =>
      (await site.ask(`/${name}.html`, { headers })).body.toString();
    const shown = { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' };
    const script = /<script async src="\/\.devagent\/[^"]*"><\/script>/;
    for (const name of ['empty', 'fragment', 'half', ...Object.keys(policies)])
      expect([name, await ask(name, shown)]).toEqual([name, expect.stringMatching(script)]);
    expect(await ask('half', shown)).toMatch(/^<!doctype html><script async/);
    expect((await ask('none', shown)).replace(script, '')).toBe(
      withPolicy("connect-src 'self'; default-src 'none'; style-src 'self'"),
    );
    for (const headers of [{ 'sec-fetch-dest': 'empty' }, { 'x-requested-with': 'XMLHttpRequest' }, {}])
      for (const name of ['empty', 'fragment']) expect(await ask(name, headers)).not.toMatch(script);
    for (const name of ['large', 'unread', 'large', 'unread']) await ask(name, shown);
    await cli.said(
      'unread.html will not reload by itself: its own Content-Security-Policy, in a meta element',
    );
    await cli.said('large.html will not reload by itself: it is larger than 8 MiB');
    expect(cli.stderr.match(/will not reload/g)).toHaveLength(2);
  });

  it('answers to the names of this machine alone, and tells only its own pages', async () => {
    const { site, url } = await serve({ 'a.txt': 'a' }, ['--allow-host', 'app.test']);
    const statusOf = async (host: string) => (await site.ask('/a.txt', { headers: { host } })).status;
    for (const host of ['localhost', `127.0.0.1:${site.port}`, '[::1]:1', 'App.test:1']) {
      expect([host, await statusOf(host)]).toEqual([host, 200]);
    }
    for (const host of ['evil.test', 'localhost.evil.test', '192.168.1.1']) {
      expect([host, await statusOf(host)]).toEqual([host, 421]);
    }
    const outcomeOf = (headers: Record<string, string>) => connectPage(socketUrl(url), headers).outcome();
    expect(await outcomeOf({ origin: url.slice(0, -1) })).toBeUndefined();
    expect(await outcomeOf({ origin: `http://localhost:${site.port}` })).toBe(403);
    expect(await outcomeOf({ origin: 'http://evil.test' })).toBe(403);
    expect(await outcomeOf({ origin: 'null' })).toBe(403);
    expect(await outcomeOf({ host: 'evil.test' })).toBe(421);
  });

  it('--spa answers navigations with the first page, and nothing else', async () => {
    const { site } = await serve({ 'index.html': page, 'a.js': '' }, ['--spa']);
    const html = { accept: 'text/html,application/xhtml+xml' };
    const first = await site.ask('/users/jane.doe', { headers: html });
    expect([first.status, first.body.toString().includes('<title>p</title>')]).toEqual([200, true]);
    expect((await site.ask('/users/', { headers: { ...html, 'sec-fetch-mode': 'navigate' } })).status).toBe(
      200,
    );
    expect((await site.ask('/nope.js', { headers: { accept: '*/*' } })).status).toBe(404);
    expect((await site.ask('/nope', { headers: { ...html, 'sec-fetch-mode': 'cors' } })).status).toBe(404);
    expect((await site.ask('/%2e%2e/x', { headers: html })).status).toBe(400);
    expect((await site.ask('/.env', { headers: html })).body.toString()).toContain('<title>p</title>');
  });

  it('takes the default port or a free one, and ends quietly', async () => {
    const other = createServer().listen(5500, '127.0.0.1');
    cleanUpWith(() => void other.close());
    const isTaken = new Promise((resolve) => other.on('listening', resolve).on('error', resolve));
    await isTaken;
    const place = backgroundPlace();
    const cli = place.start(['serve']);
    const line = await cli.line('where it serves', (text) => text.startsWith('serving'));
    expect(line).toMatch(new RegExp(`^serving ${place.root} at http://127\\.0\\.0\\.1:(?!5500/)\\d+/$`));
    const { port } = new URL(line.split(' at ')[1] ?? '') as unknown as AddressInfo;
    const taken = await place.run(['serve', '--port', String(port)]);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toContain(
      `port ${port} is taken: choose another with --port, or 0 for any free one`,
    );
    const { stderr } = cli;
    cli.child.kill('SIGINT');
    expect(await cli.exited).toEqual({ code: 130, signal: null });
    expect(cli.stderr).toBe(stderr);
  });

  itWithIPv6('is found by localhost as well, or says that another program is', async () => {
    const place = backgroundPlace();
    writeFileSync(join(place.root, 'a.txt'), 'ours');
    const cli = place.start(['serve', '--port', '0', '--json']);
    await cli.line('where it serves', (line) => line.startsWith('{'));
    const port = new URL(cli.json<{ url: string }>()[0]?.url ?? '').port;
    expect(await (await fetch(`http://[::1]:${port}/a.txt`)).text()).toBe('ours');

    const other = createServer().listen(0, '::1');
    cleanUpWith(() => void other.close());
    await once(other, 'listening');
    const taken = (other.address() as AddressInfo).port;
    const second = place.start(['serve', '--port', String(taken), '--json']);
    await second.said(`localhost:${taken} is another program's, at [::1]: use http://127.0.0.1:${taken}/`);
  });

  it.each<[string, string[], string]>([
    ['a host that others can reach', ['--host', '0.0.0.0'], 'add --allow-remote'],
    ['a folder that is not there', ['nope'], "nope can't be watched"],
    ['two folders', ['.', '.'], '"serve" takes one directory'],
    ['a port that is none', ['--port', '70000'], '--port takes a whole number from 0 to 65535'],
  ])('refuses %s', async (_what, args, words) => {
    const place = backgroundPlace();
    const result = await place.run(['serve', ...args]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
    expect(place.agents()).toEqual([]);
  });

  it('--allow-remote answers by any address, and --open shows it', async () => {
    const place = backgroundPlace();
    const bin = temporaryDirectory();
    const opened = join(bin, 'opened');
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(
        join(bin, name),
        `#!/bin/sh\necho "$@" > '${opened}.tmp' && mv '${opened}.tmp' '${opened}'\n`,
      );
      chmodSync(join(bin, name), 0o755);
    }
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    const flags = ['--port', '0', '--host', '0.0.0.0', '--allow-remote', '--open', '--json'];
    const cli = place.start(['serve', ...flags], { env });
    await cli.line('where it serves', (line) => line.startsWith('{'));
    const { url = '' } = cli.json<{ url: string }>()[0] ?? {};
    const text = await until('the browser', () => {
      try {
        return readFileSync(opened, 'utf8');
      } catch {
        return undefined;
      }
    });
    expect(text).toBe(`${url}\n`);
    const site = new SiteClient(url);
    expect((await site.ask('/', { headers: { host: '192.168.1.5:1' } })).status).toBe(200);
    expect((await site.ask('/', { headers: { host: 'evil.test' } })).status).toBe(421);
  });
});

describe('the agent behind agent-cli serve', () => {
  it('watches the folder as a root of its own, also one that the root around it leaves out', async () => {
    const place = backgroundPlace();
    writeFileSync(join(place.root, '.gitignore'), 'dist\n');
    mkdirSync(join(place.root, 'dist'));
    expect(await place.run(['start'])).toMatchObject({ code: 0 });
    const cli = place.start(['serve', 'dist', '--json', '--port', '0']);
    await cli.line('where it serves', (line) => line.startsWith('{'));
    const [{ url, root }] = cli.json<{ url: string; root: string }>() as [{ url: string; root: string }];
    expect(root).toBe(realpathSync(join(place.root, 'dist')));
    await place.connected(1);
    const page = await openPage(socketUrl(url));
    // As a bundler does that begins with an empty folder.
    rmSync(join(place.root, 'dist'), { recursive: true });
    mkdirSync(join(place.root, 'dist'));
    writeFileSync(join(place.root, 'dist', 'index.html'), '');
    expect(await page.commands(1)).toMatchObject([{ path: 'index.html' }]);
  });

  it('follows a link that was named to where it leads, whenever it is turned', async () => {
    const place = backgroundPlace();
    const current = join(place.root, 'current');
    for (const release of ['1', '2', '3']) {
      mkdirSync(join(place.root, release));
      writeFileSync(join(place.root, release, 'index.html'), `<title>${release}</title>`);
    }
    symlinkSync('1', current);
    const cli = place.start(['serve', 'current', '--json', '--port', '0']);
    await cli.line('where it serves', (line) => line.startsWith('{'));
    const [{ url, root }] = cli.json<{ url: string; root: string }>() as [{ url: string; root: string }];
    expect(root).toBe(join(place.root, '1'));
    await place.connected(1);
    const site = new SiteClient(url);
    const page = await openPage(socketUrl(url));
    const title = async () => (await site.ask('/')).body.toString();
    expect(await title()).toBe('<title>1</title>');
    // In one step, and with nothing there for a while.
    symlinkSync('2', `${current}.new`);
    renameSync(`${current}.new`, current);
    // Once for the link, and once more when the folder is followed.
    expect(await page.commands(2)).toMatchObject([{ path: '/', liveCSS: false }, { path: '/' }]);
    expect(await title()).toBe('<title>2</title>');
    writeFileSync(join(place.root, '1', 'a.css'), '');
    writeFileSync(join(place.root, '2', 'b.css'), '');
    expect((await page.commands(3))[2]).toMatchObject({ path: 'b.css' });
    rmSync(current);
    expect(await title()).toBe('<title>2</title>');
    symlinkSync('3', current);
    await page.commands(5);
    expect(await title()).toBe('<title>3</title>');
    expect(cli.stderr).toContain(`${current} leads to ${join(place.root, '3')} now`);
  });

  it('may end and come back for other folders: pages reload if anything changed, and only then', async () => {
    const { place, url, cli } = await serve({ 'index.html': '', 'a.css': '' });
    const page = await openPage(socketUrl(url));
    const other = temporaryDirectory();
    const restart = async (whileAway: () => void): Promise<void> => {
      const found = cli.stderr.split('found the agent').length;
      expect(await place.run(['stop'])).toMatchObject({ code: 0 });
      await until('it to be missed', () => cli.stderr.split('lost the agent').length > found);
      whileAway();
      expect(await place.run(['start', other])).toMatchObject({ code: 0 });
      await place.connected(1);
    };
    await restart(() => {});
    await restart(() => writeFileSync(join(place.root, 'a.css'), 'p{}'));
    expect(await page.commands(1)).toEqual([
      { command: 'reload', path: 'a.css', liveCSS: true, liveImg: true },
    ]);
    await restart(() => writeFileSync(join(place.root, 'index.html'), page.told.join()));
    expect(await page.commands(2)).toMatchObject([{}, { path: 'index.html' }]);
    // Names that are not UTF-8 look the same, and are two.
    const named = (byte: number): Buffer =>
      Buffer.concat([Buffer.from(`${place.root}/`), Buffer.from([byte]), Buffer.from('.html')]);
    await restart(() => {
      for (const byte of [0xfe, 0xff]) {
        writeFileSync(named(byte), '');
        utimesSync(named(byte), 1, 1);
      }
    });
    expect(await page.commands(3)).toMatchObject([{}, {}, { path: '\ufffd.html' }]);
    await restart(() => rmSync(named(0xfe)));
    expect(await page.commands(4)).toMatchObject([{}, {}, {}, { path: '\ufffd.html' }]);
  });
});
