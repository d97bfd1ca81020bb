// `agent-cli serve`, as its answers on the wire: what of a folder is served and what is not, and to whom.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type BackgroundPlace, backgroundPlace } from './support/background.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import type { CliProcess } from './support/cli-process.ts';
import { connectPage, openPage } from './support/page-client.ts';
import { SiteClient } from './support/site.ts';
import { until } from './support/wait.ts';
import { startWriter } from './support/writer.ts';

interface Served {
  readonly place: BackgroundPlace;
  readonly cli: CliProcess;
  readonly site: SiteClient;
  readonly url: string;
}

/** Serves the root of a fresh place, which `files` are written to first. */
async function serve(
  files: Readonly<Record<string, string | Buffer>>,
  flags: readonly string[] = [],
  place = backgroundPlace(),
): Promise<Served> {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(place.root, name, '..'), { recursive: true });
    writeFileSync(join(place.root, name), content);
  }
  const cli = place.start(['serve', '--json', '--port', '0', ...flags]);
  await cli.line('where it serves', (line) => line.startsWith('{'));
  const [{ url, root }] = cli.json<{ url: string; root: string }>() as [{ url: string; root: string }];
  expect(root).toBe(place.root);
  await place.connected(1);
  return { place, cli, url, site: new SiteClient(url) };
}

/** The snippet's own state in a page, which the client says in its hello. */
function snippetOf(page: string): string {
  return /snipver=([^&]+)&amp;/.exec(page)?.[1] ?? '';
}

function socketUrl(url: string): string {
  return `${url.replace('http', 'ws')}.devagent/livereload`;
}

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const itWithIPv6 = hasIPv6 ? it : it.skip;

const page = '<!doctype html><head><title>p</title></head><body>ü</body>';

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

  it('refuses what leads out of the folder, however it is written, and what it hides', async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, 'secret.txt'), 'secret');
    const { place, site } = await serve({
      'index.html': page,
      '.env': 'secret',
      '.git/config': 'secret',
      'sub/.hidden/a.txt': 'secret',
      'sub/a.txt': 'a',
      '.well-known/security.txt': 'contact',
    });
    const { root } = place;
    symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
    symlinkSync(outside, join(root, 'link'));
    symlinkSync(join(outside, 'nothing'), join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('.env', join(root, 'env.txt'));
    symlinkSync('sub/a.txt', join(root, 'inside.txt'));
    symlinkSync(root, join(root, 'sub', 'up'));
    spawnSync('mkfifo', [join(root, 'fifo')]);
    const name = encodeURIComponent(outside.split('/').at(-1) ?? '');
    const up = (dots: string) => `/${`${dots}/`.repeat(12)}etc/passwd`;
    const expected: Record<string, number> = {
      [up('..')]: 400,
      [up('%2e%2e')]: 400,
      [up('%2E.')]: 400,
      [up('%252e%252e')]: 404,
      [up('%c0%ae%c0%ae')]: 400,
      [up('..%00')]: 400,
      [up('....')]: 404,
      '/..%2f..%2fetc%2fpasswd': 400,
      '/..%252f..%252fetc/passwd': 404,
      '/..\\..\\etc\\passwd': 400,
      '/..%5c..%5cetc%5cpasswd': 400,
      [`/sub/../../${name}/secret.txt`]: 400,
      '/sub/..': 400,
      '/index.html%00': 400,
      '/index.html%00.txt': 400,
      '//etc/passwd': 404,
      '/%2fetc/passwd': 400,
      'http://127.0.0.1/index.html': 400,
      '/link.txt': 403,
      '/link': 403,
      '/link/': 403,
      '/link/secret.txt': 403,
      '/dangling': 404,
      '/loop': 404,
      '/fifo': 403,
      '/.env': 404,
      '/%2eenv': 404,
      '/env.txt': 404,
      '/.git/config': 404,
      '/.git/': 404,
      '/sub/.hidden/a.txt': 404,
      '/.devagent/x': 404,
      '/index.html/': 404,
      [`/${'x'.repeat(300)}`]: 404,
      '/inside.txt': 200,
      '/sub/up/sub/a.txt': 200,
      '/.well-known/security.txt': 200,
      '/': 200,
    };
    const found: Record<string, number> = {};
    for (const path of Object.keys(expected)) {
      const { status, body } = await site.ask(path);
      found[path] = status;
      expect(body.toString()).not.toContain('secret');
      expect(body.toString()).not.toContain('root:');
    }
    expect(found).toEqual(expected);
  });

  it('answers ranges, conditions, HEAD and types as browsers expect them', async () => {
    const { site } = await serve({
      'a.txt': '0123456789',
      'empty.txt': '',
      'm.mjs': '',
      'w.wasm': '',
      's.svg': '',
      'm.webmanifest': '{}',
      'i.html': page,
      'b.unknown': '',
    });
    const part = async (range: string) => {
      const { status, headers, body } = await site.ask('/a.txt', { headers: { range } });
      return [status, headers['content-range'], body.toString().slice(0, 10)];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=8-')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=8-100')).toEqual([206, 'bytes 8-9/10', '89']);
    expect((await part('bytes=10-')).slice(0, 2)).toEqual([416, 'bytes */10']);
    expect(await part('lines=1-2')).toEqual([200, undefined, '0123456789']);

    const whole = await site.ask('/a.txt');
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', 'cache-control': 'no-cache' });
    const { etag = '' } = whole.headers;
    const again = await site.ask('/a.txt', { headers: { 'if-none-match': etag } });
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag]);
    expect((await site.ask('/a.txt', { headers: { 'if-match': '"other"' } })).status).toBe(412);
    const stale = await site.ask('/a.txt', { headers: { range: 'bytes=0-1', 'if-range': '"other"' } });
    expect(stale.status).toBe(200);

    const pages = await Promise.all(['GET', 'HEAD'].map((method) => site.ask('/i.html', { method })));
    expect(pages.map(({ headers, body }) => [headers['content-length'], body.length])).toEqual([
      [String(pages[0]?.body.length), pages[0]?.body.length],
      [String(pages[0]?.body.length), 0],
    ]);
    expect((await site.ask('/a.txt', { method: 'HEAD' })).headers['content-length']).toBe('10');
    expect((await site.ask('/empty.txt')).body.length).toBe(0);
    const post = await site.ask('/a.txt', { method: 'POST' });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);

    const typeOf = async (path: string) => (await site.ask(path)).headers['content-type'];
    expect(await typeOf('/m.mjs')).toBe('text/javascript; charset=utf-8');
    expect(await typeOf('/w.wasm')).toBe('application/wasm');
    expect(await typeOf('/s.svg')).toBe('image/svg+xml');
    expect(await typeOf('/m.webmanifest')).toMatch('application/manifest+json');
    expect(await typeOf('/b.unknown')).toBe('application/octet-stream');
  });

  it('says which encoding a file is in as the file does, and UTF-8 of one that says nothing', async () => {
    const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8]);
    const named = (name: string) => Buffer.concat([Buffer.from(`<head><meta ${name}></head>`), cyrillic]);
    const wide = Buffer.from('\ufeff<html><p>ü</p></html>', 'utf16le');
    const { site } = await serve({
      'meta.html': named('charset=windows-1251'),
      'equiv.html': named('http-equiv="Content-Type" content="text/html; charset=euc-kr"'),
      'comment.html': named('name=a><!-- <meta charset=koi8-r> --'),
      'wide.html': wide,
      'plain.html': '<p>ü',
      'old.css': Buffer.concat([Buffer.from('@charset "koi8-r";\np::after{content:"'), cyrillic]),
      'wide.css': wide,
      'late.css': ' @charset "koi8-r";',
      'plain.txt': 'ü',
    });
    const headers = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' };
    const answer = (path: string) => site.ask(`/${path}`, { headers });
    const typeOf = async (path: string) => (await answer(path)).headers['content-type'];
    expect(await typeOf('meta.html')).toBe('text/html; charset=windows-1251');
    expect(await typeOf('equiv.html')).toBe('text/html; charset=euc-kr');
    expect(await typeOf('comment.html')).toBe('text/html; charset=utf-8');
    expect(await typeOf('wide.html')).toBe('text/html');
    expect(await typeOf('plain.html')).toBe('text/html; charset=utf-8');
    expect(await typeOf('old.css')).toBe('text/css; charset=koi8-r');
    expect(await typeOf('wide.css')).toBe('text/css');
    expect(await typeOf('late.css')).toBe('text/css; charset=utf-8');
    expect(await typeOf('plain.txt')).toBe('text/plain; charset=utf-8');
    const { body } = await answer('meta.html');
    expect(body.subarray(-3)).toEqual(cyrillic);
    const text = (await answer('wide.html')).body.toString('utf16le');
    expect(text.replace(/<script.*<\/script>/s, '')).toBe(wide.toString('utf16le'));
    expect(text).toContain('/.devagent/livereload.js?');
  });

  it('says of a file that is stored compressed by what', async () => {
    const packed = gzipSync('x');
    const { site, cli } = await serve({
      'a.svgz': packed,
      'not.svgz': '<svg/>',
      'a.js.gz': packed,
      'a.css.br': brotliCompressSync('x'),
      'a.wasm.gz': packed,
      'tile.pbf': packed,
      'a.html.gz': gzipSync(page),
      'a.tar.gz': packed,
      'a.tgz': packed,
      'data.csv.gz': packed,
    });
    const headers = { accept: 'text/html' };
    const found: Record<string, unknown> = {};
    for (const name of ['a.svgz', 'not.svgz', 'a.js.gz', 'a.css.br', 'a.wasm.gz', 'tile.pbf', 'a.html.gz'])
      found[name] = await site
        .ask(`/${name}`, { headers })
        .then((answer) => [answer.headers['content-type'], answer.headers['content-encoding']]);
    expect(found).toEqual({
      'a.svgz': ['image/svg+xml', 'gzip'],
      'not.svgz': ['image/svg+xml', undefined],
      'a.js.gz': ['text/javascript; charset=utf-8', 'gzip'],
      'a.css.br': ['text/css; charset=utf-8', 'br'],
      'a.wasm.gz': ['application/wasm', 'gzip'],
      'tile.pbf': ['application/octet-stream', 'gzip'],
      'a.html.gz': ['text/html; charset=utf-8', 'gzip'],
    });
    for (const name of ['a.tar.gz', 'a.tgz', 'data.csv.gz'])
      expect((await site.ask(`/${name}`)).headers['content-encoding']).toBeUndefined();
    await cli.said('a.html.gz will not reload by itself: it is stored compressed');
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

  it('sends what it has checked, while a file and a folder become links that lead out', async () => {
    const outside = temporaryDirectory();
    for (const name of ['a.txt', 'index.html']) writeFileSync(join(outside, name), 'secret');
    const { place, site } = await serve({ 'a.txt': 'fine', 'sub/a.txt': 'fine', 'sub/index.html': page });
    const script = `
      const fs = require('node:fs');
      const [root, outside] = process.argv.slice(1);
      process.stdout.write('on');
      for (;;) {
        fs.symlinkSync(outside + '/a.txt', root + 'new');
        fs.renameSync(root + 'new', root + 'a.txt');
        fs.renameSync(root + 'sub', root + 'away');
        fs.symlinkSync(outside, root + 'sub');
        fs.writeFileSync(root + 'new', 'fine');
        fs.renameSync(root + 'new', root + 'a.txt');
        fs.unlinkSync(root + 'sub');
        fs.renameSync(root + 'away', root + 'sub');
      }
    `;
    const turner = spawn(process.execPath, ['-e', script, `${place.root}/`, outside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanUpWith(() => void turner.kill('SIGKILL'));
    await once(turner.stdout, 'data');
    const counts = new Map<string, number>();
    const ask = async (path: string): Promise<void> => {
      const { status, body } = await site.ask(path);
      expect(body.toString()).not.toContain('secret');
      counts.set(`${status}`, (counts.get(`${status}`) ?? 0) + 1);
    };
    // Many at once, so that there is time between a look at a file and its opening.
    const paths = ['/a.txt', '/sub/a.txt', '/sub/', '/sub/index.html'];
    const many = Array.from({ length: 16 }, (_, index) => paths[index % paths.length] ?? '/');
    // Until both happened: the file, and a link that leads out.
    const isSeen = () => counts.has('200') && counts.has('403');
    for (let round = 0; round < 40 || !isSeen(); round++) await Promise.all(many.map(ask));
  });

  it('lists a directory without an index: directories first, names made harmless, nothing hidden', async () => {
    const place = backgroundPlace();
    symlinkSync('/etc', join(place.root, 'etc'));
    const files = {
      'file10.txt': '',
      'file9.txt': '',
      '<img src=x onerror=alert(1)>.txt': '',
      'a "b" & c%2f.txt': 'found',
      '.env': '',
      'zeta/index.html': page,
      'alpha/x.txt': '',
    };
    const { site, url } = await serve(files, [], place);
    const { status, headers, body } = await site.ask('/');
    const text = body.toString();
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    const items = [...text.matchAll(/<a href="([^"]*)">([^<]*)</g)].map(([, href = '', name]) => [
      href,
      name,
    ]);
    expect(items.map(([, name]) => name)).toEqual([
      'alpha/',
      'zeta/',
      '&lt;img src=x onerror=alert(1)&gt;.txt',
      'a &quot;b&quot; &amp; c%2f.txt',
      'file9.txt',
      'file10.txt',
    ]);
    expect((await site.ask(items[3]?.[0] ?? '')).body.toString()).toBe('found');
    const moved = await site.ask('/zeta?q=1');
    expect([moved.status, moved.headers.location]).toEqual([301, '/zeta/?q=1']);
    expect((await site.ask('//evil.test/%2e%2e')).status).toBe(400);
    expect((await site.ask('//alpha')).headers.location).toBe('/alpha/');
    expect((await site.ask('/zeta/')).body.toString()).toContain('<title>p</title>');
    // A list is a page, and shows what is new.
    const open = await openPage(socketUrl(url), { snippet: snippetOf(text) });
    writeFileSync(join(place.root, 'new.css'), '');
    expect(await open.commands(1)).toMatchObject([{ path: 'new.css', liveCSS: false }]);
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

  it('answers 10,000 requests while files come and go, each with the whole of a file', async () => {
    const big = Buffer.alloc(300_000, 'big');
    const { place, site } = await serve({ 'index.html': page, 'big.bin': big, 'a.txt': '0123456789' });
    startWriter(join(place.root, 'storm'));
    const wrong: unknown[] = [];
    let asked = 0;
    // Half of a line may be there while it is written.
    const inLines = /^(?:\d+\n)*\d*$/;
    const checks: Record<string, (body: Buffer, status: number) => boolean> = {
      '/': (body) => body.includes('<title>p</title>'),
      '/a.txt': (body) => body.toString() === '0123456789',
      '/big.bin': (body) => body.equals(big),
      '/storm/': (_body, status) => status === 200,
    };
    for (let name = 0; name < 10; name += 1) {
      checks[`/storm/w${name}`] = (body, status) => status === 404 || inLines.test(body.toString());
      checks[`/storm/v${name}.tmp`] = (body, status) => status === 404 || inLines.test(body.toString());
    }
    // Larger ones would make it a test of how fast this process reads.
    const paths = Object.keys(checks).filter((path) => path !== '/big.bin');
    const ask = async (path: string): Promise<void> => {
      try {
        const { status, body } = await site.ask(path);
        if (![200, 404].includes(status) || !checks[path]?.(body, status)) {
          wrong.push([path, status, body.toString().slice(0, 100)]);
        }
      } catch (error) {
        wrong.push([path, error]);
      }
    };
    const worker = async (): Promise<void> => {
      while (asked < 10_000) {
        const path = asked % 100 === 0 ? '/big.bin' : paths[asked % paths.length];
        asked += 1;
        await ask(path ?? '/');
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(wrong).toEqual([]);
  });

  it('breaks off a large file that becomes shorter than was said, and sends a small one as it is then', async () => {
    const { place, site } = await serve({ 'a.txt': 'a'.repeat(65_536) });
    const large = join(place.root, 'large.bin');
    writeFileSync(large, '');
    // More than fits into any socket's buffers.
    truncateSync(large, 512 * 1024 * 1024);
    const asked = request({ host: '127.0.0.1', port: site.port, path: '/large.bin' }).end();
    cleanUpWith(() => void asked.destroy());
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    truncateSync(large, 1024 * 1024);
    await expect(response.resume().toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
    truncateSync(join(place.root, 'a.txt'), 10);
    expect((await site.ask('/a.txt')).body.toString()).toBe('a'.repeat(10));
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
