// Pages in a real browser, with the reference client as it is: on the agent's port, and as agent-cli serve puts it in.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { backgroundPlace } from './support/background.ts';
import { type BrowserPage, describeInBrowser, servePage } from './support/browser.ts';
import { placeBuild, scriptNames } from './support/build-output.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { until } from './support/wait.ts';

/** A name that leads to this machine, and that nobody was told of. */
const foreignHost = 'evil.test';

/** A page that is what it was until it is loaded anew. */
class WatchedPage {
  private readonly page: BrowserPage;

  constructor(page: BrowserPage) {
    this.page = page;
  }

  /** Runs something in whichever document there is. */
  async run<T>(body: string): Promise<T | undefined> {
    // While one document takes the other's place, there is none.
    return this.page.run<T>(body).catch(() => undefined);
  }

  /** Waits until the client has connected, and marks the document. */
  async mark(mark: string): Promise<void> {
    await until(`the client to connect before ${mark}`, () =>
      this.run(`
        if (globalThis.LiveReload?.connector?.protocol !== 7) return false;
        globalThis.mark = ${JSON.stringify(mark)};
        return true;
      `),
    );
  }

  /** The mark of the document that there is; undefined for one that is new. */
  marked(): Promise<string | undefined> {
    return this.run('return globalThis.mark;');
  }

  /** Waits until the text is this. */
  async shows(text: string): Promise<void> {
    await until(
      `"${text}" in the page`,
      async () => (await this.run('return document.body?.innerText;')) === text,
    );
  }

  /** Waits until the style sheets make the text so. */
  async isColored(color: string): Promise<void> {
    await until(
      `the colour ${color}`,
      async () => (await this.run('return getComputedStyle(document.body).color;')) === color,
    );
  }
}

const red = ['body { color: red }', 'rgb(255, 0, 0)'] as const;
const green = ['body { color: green }', 'rgb(0, 128, 0)'] as const;
const blue = ['body { color: blue }', 'rgb(0, 0, 255)'] as const;

/** A site of two files, as a dev server of any kind serves it; counts how often the page was asked for. */
class PlainSite {
  text = 'one';
  style: string = red[0];
  loads = 0;
  private readonly script: string;

  constructor(script: string) {
    this.script = script;
  }

  get html(): string {
    return `<!doctype html><head><link rel="stylesheet" href="a.css"></head><body>${this.text}<script src="${this.script}"></script></body>`;
  }

  /** @returns its address */
  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      const isStyle = request.url?.startsWith('/a.css') === true;
      if (request.url === '/') this.loads += 1;
      response.setHeader('content-type', isStyle ? 'text/css' : 'text/html');
      response.end(isStyle ? this.style : this.html);
    });
    cleanUpWith(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1');
    await until('it to listen', () => server.listening);
    return `http://localhost:${(server.address() as AddressInfo).port}/`;
  }
}

describeInBrowser('a page', [foreignHost], (browser) => {
  async function open(url: string): Promise<WatchedPage> {
    return new WatchedPage(await browser().open(url));
  }

  it('with livereload-js reloads for its HTML, once for a batch, and swaps its style sheet in place', async () => {
    const agent = await startAgent({ flags: ['--livereload'] });
    const site = new PlainSite(`http://127.0.0.1:${agent.port}/livereload.js`);
    writeFileSync(join(agent.root, 'a.css'), red[0]);
    await agent.sync();
    const page = await open(await site.listen());
    await page.mark('first');
    expect(site.loads).toBe(1);

    site.text = 'two';
    writeFileSync(join(agent.root, 'index.html'), 'two');
    await page.shows('two');
    await page.mark('second');

    // A build of a hundred files.
    site.text = 'three';
    placeBuild(agent.root, 'dist', ['a.css', ...scriptNames(99)]);
    await page.shows('three');
    await page.mark('third');

    // After which a second reload would have come: the connection has an order.
    for (const [style, color] of [green, blue]) {
      site.style = style;
      writeFileSync(join(agent.root, 'a.css'), style);
      await page.isColored(color);
    }
    expect(await page.marked()).toBe('third');
    expect(site.loads).toBe(3);
  });

  it('on disk reloads as well', async () => {
    const root = temporaryDirectory();
    const agent = await startAgent({ roots: [root], flags: ['--livereload'] });
    const site = new PlainSite(`http://127.0.0.1:${agent.port}/livereload.js`);
    writeFileSync(join(root, 'a.css'), red[0]);
    writeFileSync(join(root, 'index.html'), site.html);
    await agent.sync();
    const page = await open(pathToFileURL(join(root, 'index.html')).href);
    await page.mark('first');
    writeFileSync(join(root, 'a.css'), green[0]);
    await page.isColored(green[1]);
    expect(await page.marked()).toBe('first');
    site.text = 'two';
    writeFileSync(join(root, 'index.html'), site.html);
    await page.shows('two');
    expect(await page.marked()).toBeUndefined();
  });

  it('of a foreign origin gets nothing, also in a sandboxed frame, or by a name made to lead here', async () => {
    const agent = await startAgent({ flags: ['--livereload', '--livereload-port', '0'] });
    const line = agent.logLines.find((entry) => entry['event'] === 'listening for LiveReload');
    // Something is told all the while.
    let stopped = false;
    const storm = (async () => {
      for (let round = 0; !stopped; round += 1) {
        writeFileSync(join(agent.root, 'storm.js'), String(round));
        await delay(20);
      }
    })();
    cleanUpWith(() => {
      stopped = true;
    });
    const ports = [agent.port, Number(new URL(String(line?.['url'])).port)];
    const foreign = await browser().open(`http://${foreignHost}:${await servePage()}/`);
    for (const port of ports) {
      expect(await attempt(foreign, `127.0.0.1:${port}`)).toEqual(nothing);
      expect(await attempt(foreign, `${foreignHost}:${port}`)).toEqual(nothing);
      const rebound = await browser().open(`http://${foreignHost}:${port}/livereload.js`);
      expect(await attempt(rebound, `${foreignHost}:${port}`)).toEqual(nothing);
      expect(await rebound.run('return document.body.innerText;')).toContain('host_refused');
    }
    // From this machine the same attempts succeed.
    const friendly = await browser().open(`http://localhost:${await servePage()}/`);
    const { frame, ...got } = await attempt(friendly, `127.0.0.1:${agent.port}`);
    expect(got).toEqual({ socket: 'storm.js', script: 'loaded', text: 'read' });
    expect(frame).toBeNull();
    stopped = true;
    await storm;
  });

  it('that agent-cli serve serves reloads, swaps its style sheet, and outlives the agent', async () => {
    const place = backgroundPlace();
    const write = (name: string, text: string): void => writeFileSync(join(place.root, name), text);
    const html = (text: string) =>
      `<!doctype html><head><link rel="stylesheet" href="css/a.css"></head><body>${text}</body>`;
    mkdirSync(join(place.root, 'css'));
    write('css/a.css', red[0]);
    write('index.html', html('one'));
    const serve = place.start(['serve', '--json', '--port', '0']);
    await serve.line('where it serves', (line) => line.startsWith('{'));
    const { url = '' } = serve.json<{ url: string }>()[0] ?? {};
    await place.connected(1);
    const page = await open(url);
    await page.mark('first');
    write('css/a.css', green[0]);
    await page.isColored(green[1]);
    expect(await page.marked()).toBe('first');
    write('index.html', html('two'));
    await page.shows('two');
    await page.mark('second');

    expect(await place.run(['stop'])).toMatchObject({ code: 0 });
    await serve.said('lost the agent');
    write('index.html', html('three'));
    expect(await place.run(['start'])).toMatchObject({ code: 0 });
    await page.shows('three');

    const foreign = await browser().open(`http://${foreignHost}:${await servePage()}/`);
    const { host } = new URL(url);
    expect(await attempt(foreign, host, '.devagent/')).toEqual(nothing);
    expect(await attempt(foreign, `${foreignHost}:${new URL(url).port}`, '.devagent/')).toEqual(nothing);
  });

  it('that agent-cli serve serves reloads whatever its policy, its tags and its encoding', async () => {
    const place = backgroundPlace();
    const write = (name: string, content: Buffer | string): void =>
      writeFileSync(join(place.root, name), content);
    const withPolicy = (policy: string) => (text: string) =>
      `<!doctype html><head><meta http-equiv="Content-Security-Policy" content="${policy}"></head><body>${text}`;
    const pages: Record<string, (text: string) => Buffer | string> = {
      none: withPolicy("default-src 'none'"),
      nonce: withPolicy("script-src 'nonce-x' 'strict-dynamic'; connect-src https://a.test"),
      fragment: (text) => `<p>${text}`,
      wide: (text) => Buffer.from(`\ufeff<html>${text}`, 'utf16le'),
      // "да" in windows-1251.
      cyrillic: (text) => Buffer.from(`<meta charset=windows-1251><p>${text} \xe4\xe0`, 'latin1'),
    };
    const shown = (name: string, text: string) => (name === 'cyrillic' ? `${text} да` : text);
    for (const [name, content] of Object.entries(pages)) write(`${name}.html`, content('one'));
    write('emptied.html', 'one');
    const serve = place.start(['serve', '--json', '--port', '0']);
    await serve.line('where it serves', (line) => line.startsWith('{'));
    const { url = '' } = serve.json<{ url: string }>()[0] ?? {};
    await place.connected(1);
    for (const [name, content] of Object.entries(pages)) {
      const page = await open(`${url}${name}.html`);
      await page.shows(shown(name, 'one'));
      await page.mark('first');
      write(`${name}.html`, content('two'));
      await page.shows(shown(name, 'two'));
    }
    const emptied = await open(`${url}emptied.html`);
    await emptied.mark('first');
    write('emptied.html', '');
    await emptied.shows('');
    await emptied.mark('second');
    write('emptied.html', 'two');
    await emptied.shows('two');
  });
});

/** What a page got of each way to ask; null where it was refused. */
const nothing = { socket: null, script: null, text: null, frame: null };

/** Tries everything that leads to LiveReload in the page. */
function attempt(page: BrowserPage, host: string, folder = ''): Promise<Record<string, string | null>> {
  return page.run(`
    if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve));
    const orNull = (promise) => promise.catch(() => null);
    const opened = (url) => new Promise((resolve) => {
      const socket = new WebSocket(url);
      const official7 = 'http://livereload.com/protocols/official-7';
      socket.onopen = () => {
        socket.send(JSON.stringify({ command: 'hello', protocols: [official7] }));
        socket.send(JSON.stringify({ command: 'info', plugins: {}, url: location.href }));
      };
      socket.onmessage = ({ data }) => { if (!/hello/.test(data)) resolve(JSON.parse(data).path); };
      socket.onclose = () => resolve(null);
    });
    const socketUrl = 'ws://${host}/${folder}livereload';
    const scriptUrl = 'http://${host}/${folder}livereload.js';
    const [socket, script, text, frame] = await Promise.all([
      opened(socketUrl),
      new Promise((resolve) => {
        const element = document.createElement('script');
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve(null);
        element.src = scriptUrl;
        document.head.append(element);
      }),
      orNull(fetch(scriptUrl).then((answer) => answer.text().then(() => (answer.ok ? 'read' : null)))),
      new Promise((resolve) => {
        const element = document.createElement('iframe');
        element.sandbox = 'allow-scripts';
        element.srcdoc = '<script>(' + opened + ')("' + socketUrl + '").then((got) => parent.postMessage(got, "*"))</' + 'script>';
        addEventListener('message', ({ data }) => resolve(data), { once: true });
        document.body.append(element);
      }),
    ]);
    return { socket, script, text, frame };
  `);
}
