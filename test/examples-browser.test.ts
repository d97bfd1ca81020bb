// The recipes of examples/ that are for pages, run by the commands of their READMEs and looked at in a real browser.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { type BrowserPage, describeInBrowser } from './support/browser.ts';
import { cleanUpWith } from './support/cleanup.ts';
import type { CliProcess } from './support/cli-process.ts';
import { interrupt, startExample } from './support/example.ts';
import { inotifyWatches, processesOf } from './support/procfs.ts';
import { until } from './support/wait.ts';

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** Waits until the page shows a text, doing something again and again before it is looked at. */
async function shows(page: BrowserPage, text: string, job: CliProcess, again = () => {}): Promise<void> {
  let shown = '';
  await until(
    () => `"${text}"; the page shows "${shown}"; ${job.stdout} ${job.stderr}`,
    async () => {
      again();
      // While it is being loaded anew there may be no page to ask.
      shown = await page.run<string>("return document.body?.innerText ?? '';").catch(String);
      return shown.includes(text);
    },
  );
}

/** Marks the page: a page that was loaded anew has no mark. */
const mark = 'globalThis.mark = true;';
const isMarked = 'return globalThis.mark === true;';

describeInBrowser('in a page', ['foreign.test'], (browser) => {
  it('data is fetched again when it changes, the page itself being left alone', async () => {
    const example = startExample('page');
    const job = example.start(example.block(0), { PORT: await freePort() });
    const line = await job.line('the address', (it) => it.startsWith('open '));
    await job.said('Local:');
    const page = await browser().open(line.slice('open '.length));
    await shows(page, '3 apples', job);
    expect(await page.run('return location.href;')).not.toContain('token');
    await page.run(mark);
    await example.place.connected(1);
    example.save('data.json', '[{ "name": "apples", "count": 4 }]');
    await shows(page, '4 apples', job);
    example.save('data.json', '[{ "name": "app');
    await shows(page, 'SyntaxError', job);
    await shows(page, '4 apples', job);
    await example.replaceAgent(() => example.save('data.json', '[{ "name": "apples", "count": 5 }]'));
    await shows(page, '5 apples', job);
    example.save('data.json', '[]');
    await until(
      'the last apple to be gone',
      async () => (await page.run('return items.children.length;')) === 0,
    );
    expect(await page.run(isMarked)).toBe(true);
    await interrupt(job);
  });

  it('modules are replaced by Vite, which hears of changes from the agent alone', async () => {
    const example = startExample('vite');
    writeFileSync(example.path('.gitignore'), 'node_modules\n*.local\n');
    const greet = (text: string) => example.save('src/greeting.js', `export const greeting = '${text}';\n`);
    const job = example.start();
    const line = await job.line('the address', (it) => it.includes('Local:'));
    const url = line.trim().split(/\s+/).at(-1) ?? '';
    const page = await browser().open(url);
    await shows(page, 'Hello!', job);
    // Again and again, since the page may not be connected for updates yet.
    const comes = (text: string) => shows(page, text, job, () => greet(text));
    const told = hotUpdates(url);
    await until('the hot updates to be connected', () => told.length > 0);
    await page.run(mark);
    await comes('Hi!');
    expect(await page.run(isMarked)).toBe(true);
    await until('the update', () => told.length > 1);
    expect(told.slice(0, 2)).toMatchObject([
      { type: 'connected' },
      { type: 'update', updates: [{ path: '/src/main.js', acceptedPath: '/src/greeting.js' }] },
    ]);

    const processes = process.platform === 'linux' ? processesOf(job.child.pid as number) : [];
    expect(processes.map(inotifyWatches)).toEqual(processes.map(() => 0));

    // An agent that knows nothing of it: everything is read anew, and goes on from there.
    await example.replaceAgent(() => greet('Good day!'), example.place.runtime);
    await shows(page, 'Good day!', job);
    expect(await page.run(isMarked)).toBe(false);
    await page.run(mark);
    await comes('Good night!');
    expect(await page.run(isMarked)).toBe(true);

    // What .gitignore has counts where Vite says so.
    example.save('.env.local', 'VITE_NAME=x\n');
    await job.line('the server to start again', (it) => it.includes('.env.local changed'));
    await interrupt(job);
  });
});

/** What Vite's server tells a client of its hot updates. */
function hotUpdates(url: string): unknown[] {
  const told: unknown[] = [];
  const socket = new WebSocket(url.replace('http', 'ws'), 'vite-hmr');
  socket.on('message', (data) => told.push(JSON.parse(data.toString())));
  socket.on('error', () => {});
  cleanUpWith(() => socket.terminate());
  return told;
}
