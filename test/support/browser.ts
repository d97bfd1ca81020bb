// A headless Chromium, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe } from '@jest/globals';
import { cleanUpWith, forAllTests } from './cleanup.ts';
import { findProgram } from './find-program.ts';

interface Reply {
  readonly id?: number;
  /** Of what nobody asked for. */
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly sessionId?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** What a page's console shows in red or yellow: what was thrown, refused, or not found. */
export interface Complaint {
  /** `exception`, `console`, or the browser's own word: `security`, `network`, … */
  readonly source: string;
  readonly text: string;
}

/** Keys by their names in DOM's `key` that are not what they print. */
const namedKeys: Readonly<Record<string, { readonly code: number; readonly text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: '\r' },
  Escape: { code: 27 },
  ' ': { code: 32, text: ' ' },
};

/** A page of its own. */
export class BrowserPage {
  /** All so far. */
  readonly complaints: Complaint[] = [];
  private readonly browser: Browser;
  private readonly session: string;

  constructor(browser: Browser, session: string) {
    this.browser = browser;
    this.session = session;
  }

  /** Runs the body of an async function in the page; gives what it returns, as JSON can say it. */
  async run<T>(body: string): Promise<T> {
    const { result, exceptionDetails } = (await this.browser.send(
      'Runtime.evaluate',
      { expression: `(async () => { ${body} })()`, awaitPromise: true, returnByValue: true },
      this.session,
    )) as { result: { value: T }; exceptionDetails?: unknown };
    if (exceptionDetails !== undefined) {
      // Code that was given as an address would be all that is seen of it.
      const details = JSON.stringify(exceptionDetails).replaceAll(/base64,[\w+/=]+/g, 'base64,…');
      throw new Error(`in the page: ${details}`);
    }
    return result.value;
  }

  /** Presses keys one after the other, each a character or a name such as `Tab`, as a keyboard would. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      // Those of letters and digits are their characters; of others these would be other keys'.
      const ownCode = /^[a-z0-9]$/i.test(key) ? key.toUpperCase().charCodeAt(0) : 0;
      const { code = ownCode, text = key.length === 1 ? key : undefined } = namedKeys[key] ?? {};
      const params = { key, windowsVirtualKeyCode: code };
      await this.browser.send(
        'Input.dispatchKeyEvent',
        { ...params, type: text === undefined ? 'rawKeyDown' : 'keyDown', text },
        this.session,
      );
      await this.browser.send('Input.dispatchKeyEvent', { ...params, type: 'keyUp' }, this.session);
    }
  }

  /** Shows it again after another page was opened: one that nobody sees draws nothing. */
  async bringToFront(): Promise<void> {
    await this.browser.send('Page.bringToFront', {}, this.session);
  }

  /** Takes in what the browser tells of it by itself. */
  notify(method: string, params: Record<string, unknown>): void {
    if (method === 'Runtime.exceptionThrown') {
      const { exceptionDetails } = params as { exceptionDetails: unknown };
      this.complaints.push({ source: 'exception', text: JSON.stringify(exceptionDetails) });
    } else if (method === 'Runtime.consoleAPICalled') {
      const { type, args } = params as { type: string; args: unknown };
      if (type === 'error' || type === 'warning' || type === 'assert')
        this.complaints.push({ source: 'console', text: JSON.stringify(args) });
    } else if (method === 'Log.entryAdded') {
      const { source, level, text } = (params as { entry: { source: string; level: string; text: string } })
        .entry;
      if (level === 'error' || level === 'warning') this.complaints.push({ source, text });
    }
  }
}

/** A running browser; whoever starts it closes it. */
export class Browser {
  private readonly child: ChildProcess;
  private readonly profile: string;
  private readonly closed: Promise<unknown>;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private readonly pages = new Map<string, BrowserPage>();
  private lastId = 0;
  private rest = '';
  private stderr = '';

  constructor(child: ChildProcess, profile: string) {
    this.child = child;
    this.profile = profile;
    this.closed = once(child, 'close');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    const replies = child.stdio[4] as Readable;
    replies.setEncoding('utf8').on('data', (text: string) => this.take(text));
    // A browser that ends answers nobody.
    child.on('close', () => {
      for (const answer of this.waiting.values()) answer({ error: { message: `it ended: ${this.stderr}` } });
    });
  }

  /** Calls a method of the DevTools protocol, of one session if it is given. */
  async send(method: string, params: unknown = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.lastId;
    const { result, error } = await new Promise<Reply>((resolve) => {
      this.waiting.set(id, resolve);
      (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
    if (error !== undefined) throw new Error(`the browser, at ${method}: ${error.message}`);
    return result ?? {};
  }

  /** Opens a page, waits until it is loaded, and closes it after the test. */
  async open(url: string): Promise<BrowserPage> {
    // Empty at first: a page that is being replaced would lose what is run in it.
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    cleanUpWith(async () => void (await this.send('Target.closeTarget', { targetId })));
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const session = sessionId as string;
    const page = new BrowserPage(this, session);
    this.pages.set(session, page);
    for (const domain of ['Runtime', 'Log']) await this.send(`${domain}.enable`, {}, session);
    // Answered when the new document has taken the place of the empty one.
    const { errorText } = await this.send('Page.navigate', { url }, session);
    if (errorText !== undefined) throw new Error(`${url} was not loaded: ${errorText}`);
    return page;
  }

  /** Ends it, with all of its processes. */
  async close(): Promise<void> {
    // It is the head of a process group, which its renderers and the rest are in.
    if (this.child.exitCode === null && this.child.signalCode === null) {
      process.kill(-(this.child.pid as number), 'SIGKILL');
    }
    await this.closed;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  private take(text: string): void {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop() ?? '';
    for (const message of messages) {
      const reply = JSON.parse(message) as Reply;
      if (reply.id === undefined) {
        this.pages.get(reply.sessionId ?? '')?.notify(reply.method ?? '', reply.params ?? {});
        continue;
      }
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    }
  }
}

/**
 * Starts a browser, for which `hosts` are this machine.
 * @param program where Chromium is
 */
async function startBrowser(program: string, hosts: readonly string[]): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'devagent-test-browser-'));
  const flags = [
    '--headless=new',
    // It loads nothing but this test's own pages, and in a container there may be no sandbox to be had.
    '--no-sandbox',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    `--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(', ')}`,
    '--disable-background-networking',
    '--disable-breakpad',
    '--disable-component-update',
    '--disable-crash-reporter',
    '--disable-dev-shm-usage',
    '--disable-extensions',
    '--disable-gpu',
    '--disable-sync',
    '--no-first-run',
    '--no-proxy-server',
  ];
  const child = spawn(program, flags, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const browser = new Browser(child, profile);
  await browser.send('Browser.getVersion');
  return browser;
}

/**
 * Describes what happens in a browser, one for all of these tests; without Chromium they are skipped, which is said.
 * @param hosts names that lead to this machine
 * @param tests are given what gives the browser to a test
 */
export function describeInBrowser(
  what: string,
  hosts: readonly string[],
  tests: (browser: () => Browser) => void,
): void {
  const program = findProgram('chromium', 'chromium-browser', 'google-chrome');
  if (program === undefined) {
    console.warn(`chromium is not installed (Debian: chromium): skipped are the tests of ${what}`);
    describe.skip(what, () => tests(() => undefined as never));
    return;
  }
  describe(what, () => {
    const browser = forAllTests(async () => {
      const started = await startBrowser(program, hosts);
      cleanUpWith(() => started.close());
      return started;
    });
    tests(browser);
  });
}

/**
 * Serves an empty page on loopback, whatever it is called by, until the test is over; gives its port.
 * @param asked called with each request
 */
export async function servePage(asked: (request: IncomingMessage) => void = () => {}): Promise<number> {
  const server = createServer((request, response) => {
    asked(request);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><title>a page</title>');
  });
  cleanUpWith(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
