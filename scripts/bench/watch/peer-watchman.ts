// Watchman, a daemon of its own for each start, and a subscription of its client in this process.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import { launchWatchman } from '../support/watchman.ts';
import { ObservedPeer } from './observed-peer.ts';
import type { Observed } from './observer.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { type Pdu, WatchmanConnection } from './watchman-connection.ts';

/** How long a daemon may take until it listens. */
const listenMs = 10_000;

/** The installed Watchman. */
export function watchmanPeer(bench: Bench, installed: string): Peer {
  return {
    key: 'watchman',
    name: 'watchman',
    version: installed,
    settle: '20 ms, its default',
    latencyOnly: false,
    start: (root) => startWatchman(bench, root),
  };
}

/** A daemon that has crawled `root`, and a connection to it. */
export async function openWatchman(
  bench: Bench,
  root: string,
): Promise<{ pid: number; readyMs: number; connection: WatchmanConnection; stop: () => Promise<void> }> {
  const startedMs = monotonicMs();
  const { pid, socket, stop } = launchWatchman(bench);
  let connection: WatchmanConnection | undefined;
  while (connection === undefined) {
    try {
      connection = await WatchmanConnection.open(socket);
    } catch (error) {
      if (monotonicMs() - startedMs > listenMs) throw error;
      // It does not listen yet.
      await delay(2);
    }
  }
  const watched = await connection.command('watch-project', root);
  if (watched['watch'] !== root) throw new Error(`watchman watches ${watched['watch']} instead of ${root}`);
  // Answered when the crawl is done. One path, so that what is measured is not the output.
  await connection.command('query', root, { path: [{ path: 'none', depth: 0 }], fields: ['name'] });
  return { pid, readyMs: monotonicMs() - startedMs, connection, stop };
}

async function startWatchman(bench: Bench, root: string): Promise<RunningPeer> {
  const { pid, readyMs, connection, stop } = await openWatchman(bench, root);
  return new RunningWatchman(pid, readyMs, root, connection, stop);
}

interface WatchmanFile {
  readonly name: string;
  readonly exists: boolean;
}

class RunningWatchman extends ObservedPeer {
  readonly pid: number;
  readonly readyMs: number;
  private readonly root: string;
  private readonly connection: WatchmanConnection;
  private readonly end: () => Promise<void>;

  constructor(
    pid: number,
    readyMs: number,
    root: string,
    connection: WatchmanConnection,
    end: () => Promise<void>,
  ) {
    super();
    this.pid = pid;
    this.readyMs = readyMs;
    this.root = root;
    this.connection = connection;
    this.end = end;
  }

  async observe(observed: Observed): Promise<void> {
    const { clock } = await this.connection.command('clock', this.root);
    this.connection.onUnasked = (pdu, atMs) => this.take(pdu, atMs);
    this.observer.begin(observed, this.root);
    const wanted = { fields: ['name', 'exists'], since: clock };
    await this.connection.command('subscribe', this.root, 'bench', wanted);
  }

  private take(pdu: Pdu, atMs: number): void {
    if (typeof pdu['warning'] === 'string') this.observer.losses.push(`warning: ${pdu['warning']}`);
    if (pdu['is_fresh_instance'] === true) {
      // What was told before is void, and all that exists follows.
      this.observer.losses.push('is_fresh_instance');
      this.observer.forget();
    }
    for (const { name, exists } of (pdu['files'] ?? []) as WatchmanFile[]) {
      this.observer.told(name, atMs, () => exists);
    }
  }

  async troubles(): Promise<readonly string[]> {
    return [];
  }

  async stop(): Promise<void> {
    this.connection.close();
    await this.end();
  }
}
