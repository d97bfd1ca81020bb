// What a page gets in a real browser: the client that nobody has to write.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type ClientInfo, type JournalEvent, parseCursor, type ServerFrame } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { type BrowserPage, describeInBrowser, servePage } from './support/browser.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { isEvent, range, seqOf } from './support/stream-events.ts';
import { until } from './support/wait.ts';

/** A name that leads to this machine, and that no agent was told of. */
const foreignHost = 'evil.test';

/** Where a page finds the stream. */
function pageUrl(agent: TestAgent, scheme: 'http' | 'ws', query: string): string {
  return `${scheme}://127.0.0.1:${agent.port}/v1/events?token=${agent.token}&${query}`;
}

/** A frame as a page got it; `id` is what EventSource calls `lastEventId`. */
type PageFrame = ServerFrame & { readonly id?: string };

/** A stream that a page reads. */
class PageStream {
  private readonly page: BrowserPage;

  constructor(page: BrowserPage) {
    this.page = page;
  }

  frames(): Promise<PageFrame[]> {
    return this.page.run('return frames;');
  }

  async events(): Promise<(JournalEvent & { readonly id?: string })[]> {
    return (await this.frames()).filter(isEvent);
  }

  /** Waits until a message with this data has come. */
  async waitForMessage(data: unknown): Promise<void> {
    let frames: PageFrame[] = [];
    await until(
      () => `the message ${JSON.stringify(data)}; got ${JSON.stringify(frames.slice(-5))}`,
      async () => {
        frames = await this.frames();
        return frames.some((frame) => frame.type === 'message' && frame.data === data);
      },
    );
  }
}

/** Opens an EventSource in the page, and waits for hello. */
async function openEventSource(agent: TestAgent, page: BrowserPage, query = ''): Promise<PageStream> {
  await page.run(`
    globalThis.frames = [];
    globalThis.source = new EventSource(${JSON.stringify(pageUrl(agent, 'http', query))});
    source.onmessage = ({ data, lastEventId }) => frames.push({ ...JSON.parse(data), id: lastEventId });
  `);
  const stream = new PageStream(page);
  await until('hello', async () => (await stream.frames())[0]?.type === 'hello');
  return stream;
}

describeInBrowser('a page', [foreignHost], (browser) => {
  const shared = sharedAgent();

  it('gets hello, messages and file events over WebSocket, and publishes', async () => {
    const agent = shared();
    const page = await browser().open(`http://localhost:${await servePage()}/`);
    await page.run(`
      globalThis.frames = [];
      globalThis.socket = new WebSocket(${JSON.stringify(pageUrl(agent, 'ws', 'name=page'))});
      socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
      await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    `);
    const stream = new PageStream(page);
    writeFileSync(join(agent.root, 'a.txt'), 'a');
    await agent.sync();
    await agent.broadcast('zwölf "Boxkämpfer" \u{1f98a}\n');
    await page.run(`socket.send('{"type":"publish","id":"p","topic":"build.done","data":"from the page"}');`);
    await stream.waitForMessage('from the page');
    const frames = await stream.frames();
    expect(frames[0]).toMatchObject({ type: 'hello', protocol: 1, roots: [agent.root] });
    expect(frames.filter(isEvent)).toMatchObject([
      { type: 'file', root: agent.root, changes: [{ event: 'add', path: 'a.txt', kind: 'file', size: 1 }] },
      { type: 'message', topic: 'message', from: 'http', data: 'zwölf "Boxkämpfer" \u{1f98a}\n' },
      { type: 'message', topic: 'build.done', from: 'page', data: 'from the page' },
    ]);
    await until('the answer', async () =>
      (await stream.frames()).some((frame) => frame.type === 'ack' && frame.id === 'p'),
    );
  });

  it('learns from the close code why its WebSocket was ended', async () => {
    const agent = shared();
    const page = await browser().open(`http://127.0.0.1:${await servePage()}/`);
    await page.run(`
      globalThis.socket = new WebSocket(${JSON.stringify(pageUrl(agent, 'ws', ''))});
      globalThis.ended = new Promise((resolve) => { socket.onclose = resolve; });
      await new Promise((resolve) => { socket.onmessage = resolve; });
    `);
    const [client] = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    await agent.request(`/v1/clients/${client?.id}`, { method: 'DELETE' });
    const ended = 'const { code, wasClean } = await ended; return { code, wasClean };';
    expect(await page.run(ended)).toEqual({ code: 1008, wasClean: true });
  });

  it('gets the same over EventSource, which comes back by itself and misses nothing', async () => {
    const agent = await startAgent();
    const page = await browser().open(`http://127.0.0.1:${await servePage()}/`);
    const stream = await openEventSource(agent, page, 'name=page');
    let sent = 0;
    for (const cut of range(1, 2)) {
      for (; sent < cut * 10; sent += 1) await agent.broadcast(sent);
      await stream.waitForMessage(sent - 1);
      const [client] = (await agent.request('/v1/clients')).json<ClientInfo[]>();
      const { status } = await agent.request(`/v1/clients/${client?.id}`, { method: 'DELETE' });
      expect(status).toBe(200);
      // While nobody listens.
      writeFileSync(join(agent.root, `${cut}.txt`), '');
      await agent.sync();
      for (; sent < cut * 10 + 5; sent += 1) await agent.broadcast(sent);
      await stream.waitForMessage(sent - 1);
    }
    const hellos = (await stream.frames()).filter((frame) => frame.type === 'hello');
    expect(hellos.map(({ resumed }) => resumed)).toEqual([false, true, true]);
    const events = await stream.events();
    expect(events.map(seqOf)).toEqual(range(1, events.length));
    expect(events.flatMap((event) => (event.type === 'message' ? [event.data] : []))).toEqual(
      range(0, sent - 1),
    );
    expect(
      events.flatMap((event) => (event.type === 'file' ? event.changes.map(({ path }) => path) : [])),
    ).toEqual(['1.txt', '2.txt']);
    expect(events.every(({ id, cursor }) => id === cursor)).toBe(true);
  });

  it('is told of a gap when the agent that its EventSource comes back to is another one', async () => {
    const first = await startAgent();
    const page = await browser().open(`http://127.0.0.1:${await servePage()}/`);
    const stream = await openEventSource(first, page);
    await first.broadcast('before');
    await stream.waitForMessage('before');
    const { port } = first;
    await first.stop();
    const second = await startAgent({
      roots: first.roots,
      runtime: first.runtime,
      state: first.state,
      // After the --port 0 that every test's agent has: the last one counts.
      flags: ['--port', String(port), '--no-store'],
    });
    await second.broadcast('after');
    await stream.waitForMessage('after');
    const [before, gap, after] = await stream.events();
    expect(before).toMatchObject({ data: 'before' });
    expect(gap).toMatchObject({ type: 'gap', reason: 'epoch' });
    expect(after).toMatchObject({ data: 'after' });
  });

  it('of another origin gets nothing, whatever it tries and even with the token', async () => {
    const agent = shared();
    const port = await servePage();
    const { cursor } = await agent.broadcast('secret');
    const page = await browser().open(`http://${foreignHost}:${port}/`);
    expect(await page.run('return location.origin;')).toBe(`http://${foreignHost}:${port}`);
    const since = `since=${cursor.replace(/:.*/, ':0')}`;
    expect(await attempt(page, agent, '127.0.0.1', since)).toEqual(nothing);
    expect((await agent.request('/v1/clients')).json()).toEqual([]);
    expect((await agent.request('/v1/status')).json()).toMatchObject({ cursor });

    // The same page at an agent that was told of it: what failed above failed for its origin alone.
    const friendly = await startAgent({ flags: ['--allow-origin', `http://${foreignHost}:${port}`] });
    await friendly.broadcast('public');
    const got = await attempt(page, friendly, '127.0.0.1', 'since=other:0');
    expect(got.socket).toMatchObject([{ type: 'hello' }, { type: 'gap' }, { data: 'public' }]);
    expect(got.source).toMatchObject([{ type: 'hello' }, { type: 'gap' }, { data: 'public' }]);
    expect(got.status).toMatchObject({ pid: friendly.pid });
    await until('both of its messages', async () => {
      const { cursor } = (await friendly.request('/v1/status')).json<{ cursor: string }>();
      return parseCursor(cursor)?.seq === 3;
    });
  });

  it('whose name was made to lead to the agent gets nothing either', async () => {
    const agent = shared();
    const { cursor } = await agent.broadcast('secret');
    // DNS rebinding: for the browser page and agent are of one origin now, and it reads the answer.
    const page = await browser().open(`http://${foreignHost}:${agent.port}/healthz`);
    expect(await page.run('return JSON.parse(document.body.innerText).code;')).toBe('host_refused');
    const since = `since=${cursor.replace(/:.*/, ':0')}`;
    const { status, ...streams } = await attempt(page, agent, foreignHost, since);
    expect({ ...streams, status: null }).toEqual(nothing);
    expect(status).toMatchObject({ status: 421, code: 'host_refused' });
    expect((await agent.request('/v1/clients')).json()).toEqual([]);
    expect((await agent.request('/v1/status')).json()).toMatchObject({ cursor });
  });
});

/** What a page got of each way to ask; null where it was refused. */
interface Gotten {
  readonly socket: readonly unknown[] | null;
  readonly source: readonly unknown[] | null;
  readonly status: unknown;
  readonly lines: string | null;
}

const nothing: Gotten = { socket: null, source: null, status: null, lines: null };

/** Tries everything in the page; of a stream that opens, its first three frames. */
function attempt(page: BrowserPage, agent: TestAgent, host: string, query: string): Promise<Gotten> {
  const place = `${host}:${agent.port}/v1`;
  const token = `token=${agent.token}`;
  return page.run(`
    const firstOf = (stream, refused) => new Promise((resolve) => {
      const frames = [];
      stream.onmessage = ({ data }) => {
        frames.push(JSON.parse(data));
        if (frames.length === 3) { stream.close(); resolve(frames); }
      };
      stream.onerror = () => { if (refused(stream)) resolve(null); };
    });
    const orNull = (promise) => promise.catch(() => null);
    const [socket, source, status, lines] = await Promise.all([
      firstOf(new WebSocket('ws://${place}/events?${token}&${query}'), () => true),
      firstOf(
        new EventSource('http://${place}/events?${token}&${query}'),
        ({ readyState }) => readyState === EventSource.CLOSED,
      ),
      orNull(fetch('http://${place}/status?${token}').then((answer) => answer.json())),
      // Opaque: nothing of it can be read, and nothing may come of it.
      orNull(fetch('http://${place}/status?${token}', { mode: 'no-cors' }).then((answer) =>
        answer.type === 'opaque' ? null : answer.text().then((text) => answer.ok ? text : null))),
      // A form's request, which no preflight goes before, and one that needs a preflight.
      orNull(fetch('http://${place}/messages?${token}', { method: 'POST', mode: 'no-cors', body: 'forged' })),
      orNull(fetch('http://${place}/messages', {
        method: 'POST',
        headers: { authorization: 'Bearer ${agent.token}', 'content-type': 'application/json' },
        body: '{"data":"forged"}',
      })),
    ]);
    return { socket, source, status, lines };
  `);
}
