// `agent-cli serve`, as its answers on the wire: what of a folder is served, how, and what is not.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { backgroundPlace } from './support/background.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { times } from './support/long.ts';
import { openPage } from './support/page-client.ts';
import { page, serve, snippetOf, socketUrl } from './support/serve.ts';
import { startWriter } from './support/writer.ts';

describe('what agent-cli serve sends', () => {
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

  const requests = times(2_000, 10_000);
  it(`answers ${requests} requests while files come and go, each with the whole of a file`, async () => {
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
      while (asked < requests) {
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
});
