import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { DevagentError, type FileRecord } from '../../shared/index.ts';
import { cleanUpWith } from '../../test/support/cleanup.ts';
import { until } from '../../test/support/wait.ts';
import type { ViewRequest, WideView } from '../watch/index.ts';
import { holdView, whileOpen } from './views.ts';

/** A watcher that has one view, ready when the test says so. */
class OneView {
  ready = true;
  isCrawled = true;
  held = 0;
  settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} };
  readonly requests: ViewRequest[] = [];
  private readonly view: WideView;

  constructor() {
    const ready = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.view = { id: 'view-1', ready };
  }

  openView(request: ViewRequest): WideView {
    this.requests.push(request);
    this.held += 1;
    return this.view;
  }

  release(): void {
    this.held -= 1;
  }

  async withIndexes<T>(
    _root: string | undefined,
    use: (indexes: ReadonlyMap<string, () => Generator<FileRecord>>) => Promise<T>,
  ): Promise<T> {
    await until('the first crawl', () => this.isCrawled);
    return use(new Map());
  }
}

const never = new AbortController().signal;

describe('holdView', () => {
  it('opens nothing for a filter that names no place', () => {
    const watcher = new OneView();
    for (const spec of [{}, { match: ['**/*.ts', '*', '!dist/**'] }, { ignored: false }]) {
      expect(holdView(watcher, spec, never)).toBeUndefined();
    }
    expect(watcher.requests).toEqual([]);
  });

  it('resolves when the view is crawled, and is released once', async () => {
    const watcher = new OneView();
    const held = holdView(watcher, { root: '/r', match: ['dist/**'] }, never);
    expect(watcher.requests).toEqual([{ root: '/r', ignored: false, match: ['dist/**'] }]);
    watcher.settle.resolve();
    const hold = await held;
    expect(watcher.held).toBe(1);
    hold?.release();
    expect(watcher.held).toBe(0);
  });

  it('releases the view when whoever asked has left, or when it is refused', async () => {
    const leaving = new OneView();
    const gone = new AbortController();
    const held = holdView(leaving, { ignored: true }, gone.signal);
    gone.abort();
    await expect(held).rejects.toThrow('left');
    const refused = new OneView();
    const other = holdView(refused, { ignored: true }, never);
    refused.settle.reject(new DevagentError('watch_limit', 'too few watches'));
    await expect(other).rejects.toMatchObject({
      status: 503,
      code: 'watch_limit',
      message: 'too few watches',
    });
    expect([leaving.held, refused.held]).toEqual([0, 0]);
  });

  it('decides which places are ignored once the roots are crawled', async () => {
    const watcher = Object.assign(new OneView(), { ready: false, isCrawled: false });
    const held = holdView(watcher, { match: ['dist/**'] }, never);
    expect(watcher.requests).toEqual([]);
    watcher.isCrawled = true;
    await until('the request', () => watcher.requests.length === 1);
    watcher.settle.resolve();
    expect(await held).toBeDefined();
  });
});

describe('whileOpen', () => {
  async function pair(): Promise<{ here: Socket; there: Socket }> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    cleanUpWith(() => void server.close());
    await once(server, 'listening');
    const there = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [here] = (await once(server, 'connection')) as [Socket];
    cleanUpWith(() => {
      here.destroy();
      there.destroy();
    });
    return { here, there };
  }

  it('keeps what comes meanwhile', async () => {
    const { here, there } = await pair();
    let finish = (): void => {};
    const wait = new Promise<string>((resolve) => {
      finish = () => resolve('done');
    });
    const waited = whileOpen(here, wait, new AbortController());
    there.write('early');
    await until('it to come', () => here.bytesRead === 5);
    finish();
    const { value, early } = await waited;
    expect([value, String(early)]).toEqual(['done', 'early']);
    here.once('data', (data) => here.end(`late: ${data}`));
    there.write('x');
    const [data] = (await once(there, 'data')) as [Buffer];
    expect(String(data)).toBe('late: x');
  });

  it('notices that the client leaves', async () => {
    const { here, there } = await pair();
    const gone = new AbortController();
    const wait = new Promise<never>((_resolve, reject) => {
      gone.signal.addEventListener('abort', () => reject(new Error('gone')));
    });
    const waited = whileOpen(here, wait, gone);
    there.end();
    await expect(waited).rejects.toThrow('gone');
    expect(here.destroyed).toBe(true);
  });
});
