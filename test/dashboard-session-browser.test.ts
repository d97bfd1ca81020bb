// What a real browser makes of the dashboard's session: whom it opens the agent to, and how it outlives the loss of
// its cookie. Byte by byte the same is asked in dashboard-access.test.ts and dashboard-pass.test.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { type BrowserPage, describeInBrowser, servePage } from './support/browser.ts';
import { connect } from './support/client.ts';
import { makeLink } from './support/dashboard-requests.ts';
import { openDashboard } from './support/open-dashboard.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

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
  const shared = sharedAgent();

  it('the session opens everything to the dashboard, and nothing to any other page', async () => {
    const agent = shared();
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
    const agent = shared();
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

  it('goes on when a page on another port takes its cookie away, also after a restart and a reload', async () => {
    const agent = await startAgent();
    const dashboard = await openDashboard(browser(), agent);
    const cookies: string[] = [];
    const otherPort = await servePage(({ headers }) => cookies.push(headers.cookie ?? ''));
    const name = `devagent_${agent.port}`;
    const visit = () => browser().open(`http://127.0.0.1:${otherPort}/`);
    /** Fills the jar of this host name, and puts a cookie of its own in the place of the dashboard's. */
    const evict = async (): Promise<void> => {
      const page = await visit();
      expect(cookies.at(-1)).toMatch(new RegExp(`${name}=\\d+\\.`));
      for (let round = 0; round < 5; round += 1) {
        await page.run(`
          for (let n = 0; n < 250; n += 1) document.cookie = 'fill' + n + '=${round}; path=/; max-age=600';
          document.cookie = '${name}=evil; path=/';
        `);
      }
      await until('the cookie to be gone', async () => {
        await visit();
        return !new RegExp(`${name}=\\d`).test(cookies.at(-1) ?? '');
      });
      // Room for others, as the user's own visits make it.
      await page.run(`
        for (let n = 0; n < 250; n += 1) document.cookie = 'fill' + n + '=; path=/; max-age=0';
      `);
      expect(await page.run('return document.cookie')).toBe(`${name}=evil`);
      await dashboard.page.bringToFront();
    };
    const works = async (text: string): Promise<void> => {
      writeFileSync(join(agent.root, `${text}.txt`), text);
      await dashboard.endsWith(`add | ${text}.txt | ${text.length} B`);
      await dashboard.page.run(`
        const composer = document.querySelector('.composer');
        composer.elements.data.value = 'sent ${text}';
        composer.querySelector('[type=submit]').click();
      `);
      await dashboard.endsWith(`message | message | from http | sent ${text}`);
      await connect(agent, `name=${text}`);
      await dashboard.shows('.side', new RegExp(`${text} c\\d`));
    };
    await evict();
    await works('evicted');

    const { port, runtime, state, roots } = agent;
    await agent.stop();
    await dashboard.shows('.state', /^reconnecting…/);
    const second = await startAgent({ roots, runtime, state, flags: ['--port', String(port)] });
    await dashboard.shows('.state', 'connected');
    await second.broadcast('restarted');
    await dashboard.endsWith('message | message | from http | restarted');

    await dashboard.page.run('setTimeout(() => location.reload());');
    await until('the page after the reload', async () => {
      const text = dashboard.page.run<string>(`return document.querySelector('.state')?.textContent ?? ''`);
      return (await text.catch(() => '')) === 'connected';
    });
    await second.broadcast('reloaded');
    await dashboard.endsWith('message | message | from http | reloaded');
    expect(await dashboard.page.run('return location.search + document.cookie')).toBe('');
    // The refusal alone, which browsers log by themselves; no error, and not a word of a policy that was broken.
    expect(dashboard.page.complaints.filter(({ source }) => source !== 'network')).toEqual([]);
  });
});
