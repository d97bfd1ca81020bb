// The clients of a run, spread over processes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from '../support/bench.ts';
import type { Endpoint } from './server.ts';
import type { Delivered, News, Order } from './swarm-protocol.ts';

const processes = 4;
/** Longer, and the server is taken for stuck. */
const patienceMs = 60_000;

/** What became of a replay. */
export interface Completed {
  readonly seconds: number;
  readonly bytes: number;
}

/** All clients. Opened and closed as often as needed. */
export class Swarm {
  private readonly bench: Bench;
  private readonly children: ChildProcess[] = [];
  private readonly inUse = new Map<ChildProcess, Delivered[]>();
  private readonly news = new Set<(child: ChildProcess, news: News) => void>();
  private failure: Error | undefined;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** Starts the processes; once. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL('client-process.ts', import.meta.url));
    for (let started = 0; started < processes; started++) {
      const child = fork(file, [], { execArgv: ['--import', 'tsx'] });
      this.bench.cleanups.process(child);
      const begun = once(child, 'message');
      this.children.push(child);
      await begun;
      child.on('message', (news: News) => this.hear(child, news));
    }
  }

  /** Connects `clients`; resolves when they all are. */
  async open(endpoint: Endpoint, clients: number): Promise<void> {
    this.spread(endpoint, clients);
    await this.allTell('opened');
  }

  /** Connects `clients` and waits until each has got `expect` messages. */
  async replay(endpoint: Endpoint, clients: number, expect: number): Promise<Completed> {
    const opened = this.allTell('opened');
    const completed = this.allTell('complete');
    this.spread(endpoint, clients, expect);
    const [begins, ends] = await Promise.all([opened, completed]);
    const firstMs = Math.min(...begins.map((news) => (news.type === 'opened' ? news.firstMs : 0)));
    const lastMs = Math.max(...ends.map((news) => (news.type === 'complete' ? news.lastMs : 0)));
    const bytes = ends.reduce((sum, news) => sum + (news.type === 'complete' ? news.bytes : 0), 0);
    return { seconds: (lastMs - firstMs) / 1000, bytes };
  }

  /** Waits until `count` more messages were delivered to every client; gives the latency of each to the last, in ms. */
  async delivered(count: number): Promise<number[]> {
    const lists = [...this.inUse.values()];
    await this.until(() => lists.every((list) => list.length >= count));
    const parts = lists.map((list) => list.splice(0, count));
    return (parts[0] ?? []).map(
      ([sentMs], n) => Math.max(...parts.map((part) => part[n]?.[1] ?? 0)) - sentMs,
    );
  }

  /** Disconnects all. */
  async close(): Promise<void> {
    if (this.inUse.size === 0) return;
    const closed = this.allTell('closed');
    for (const child of this.inUse.keys()) this.order(child, { type: 'close' });
    await closed;
    this.inUse.clear();
    // What was told of connections that are no more does not bear on the next ones.
    this.failure = undefined;
  }

  private spread(endpoint: Endpoint, clients: number, expect?: number): void {
    let left = clients;
    this.children.forEach((child, n) => {
      const share = Math.ceil(left / (processes - n));
      left -= share;
      if (share === 0) return;
      this.inUse.set(child, []);
      this.order(child, {
        type: 'open',
        endpoint,
        clients: share,
        ...(expect === undefined ? {} : { expect }),
      });
    });
  }

  private order(child: ChildProcess, order: Order): void {
    child.send(order);
  }

  private hear(child: ChildProcess, news: News): void {
    if (news.type === 'delivered') this.inUse.get(child)?.push(...news.messages);
    if (news.type === 'failed') this.failure ??= new Error(news.why);
    for (const listener of [...this.news]) listener(child, news);
  }

  private async allTell(type: News['type']): Promise<News[]> {
    const told: News[] = [];
    const listener = (_: ChildProcess, news: News): void => {
      if (news.type === type) told.push(news);
    };
    this.news.add(listener);
    try {
      await this.until(() => told.length >= this.inUse.size);
    } finally {
      this.news.delete(listener);
    }
    return told;
  }

  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.news.delete(check);
        clearTimeout(patience);
        this.bench.interrupted.removeEventListener('abort', stop);
        act();
      };
      const check = (): void => {
        const { failure } = this;
        if (failure !== undefined) settle(() => reject(failure));
        else if (condition()) settle(resolve);
      };
      const stop = (): void => settle(() => reject(this.bench.interrupted.reason as Error));
      const patience = setTimeout(
        () => settle(() => reject(new Error(`nothing came for ${patienceMs / 1000} s`))),
        patienceMs,
      );
      this.bench.interrupted.addEventListener('abort', stop);
      this.news.add(check);
      // With no client in use there is no news to wait for; an order given in this turn comes first.
      setImmediate(check);
    });
  }
}
