// Watchers that are libraries: chokidar, @parcel/watcher and Node's own, each in a small process.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import type { LibraryKey, Question, Reply } from './child-protocol.ts';
import type { Observed, Tally } from './observer.ts';
import type { Peer, RunningPeer } from './peer.ts';

type Ask = Question extends infer Each ? (Each extends Question ? Omit<Each, 'id'> : never) : never;

/** What is said of each in the tables. */
const details: Readonly<Record<LibraryKey, { name: string; settle: string }>> = {
  chokidar: { name: 'chokidar', settle: 'none' },
  parcel: { name: '@parcel/watcher', settle: '50 ms, built in' },
  'fs.watch': { name: 'fs.watch recursive', settle: 'none' },
};

/**
 * A watcher that is a library.
 * @param childFile the bundled child.ts
 * @param version of the library
 */
export function libraryPeer(bench: Bench, key: LibraryKey, childFile: string, version: string): Peer {
  return {
    key,
    ...details[key],
    version,
    latencyOnly: false,
    async start(root) {
      const startedMs = monotonicMs();
      const child = spawn(process.execPath, [childFile, key, root], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      const running = new RunningLibrary(child, bench.cleanups.process(child));
      await running.ready;
      return Object.assign(running, { readyMs: monotonicMs() - startedMs });
    },
  };
}

class RunningLibrary implements Omit<RunningPeer, 'readyMs'> {
  readonly pid: number;
  readonly ready: Promise<void>;
  private readonly child: ChildProcess;
  private readonly end: (signal: NodeJS.Signals) => Promise<void>;
  private readonly open = new Map<number, (answer: unknown) => void>();
  private readonly died: Promise<never>;
  private questions = 0;

  constructor(child: ChildProcess, end: (signal: NodeJS.Signals) => Promise<void>) {
    this.child = child;
    this.end = end;
    this.pid = child.pid ?? 0;
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-2000);
    });
    this.died = new Promise((_resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const [message = ''] = /\w*Error\b.*$/m.exec(errors) ?? [errors.trim()];
        reject(new Error(`its process ended with ${code ?? signal}: ${message}`));
      });
    });
    // It ends in any case; only who waits for an answer is to hear of it.
    this.died.catch(() => {});
    const ready = new Promise<void>((resolve) => {
      child.on('message', (reply: Reply) => {
        if ('ready' in reply) resolve();
        else {
          this.open.get(reply.id)?.(reply.answer);
          this.open.delete(reply.id);
        }
      });
    });
    this.ready = Promise.race([ready, this.died]);
  }

  private ask(question: Ask): Promise<unknown> {
    const id = ++this.questions;
    const answered = new Promise<unknown>((resolve) => this.open.set(id, resolve));
    // A callback, so that a channel that is closed already does not throw; `died` tells of it.
    this.child.send({ ...question, id } satisfies Question, () => {});
    return Promise.race([answered, this.died]);
  }

  async observe(observed: Observed): Promise<void> {
    await this.ask({ ask: 'observe', observed });
  }

  async told(): Promise<Tally> {
    return (await this.ask({ ask: 'told' })) as Tally;
  }

  async arrivalsMs(): Promise<ReadonlyMap<string, number>> {
    return new Map((await this.ask({ ask: 'arrivals' })) as [string, number][]);
  }

  async paths(): Promise<ReadonlySet<string>> {
    return new Set((await this.ask({ ask: 'paths' })) as string[]);
  }

  async losses(): Promise<readonly string[]> {
    return (await this.ask({ ask: 'losses' })) as string[];
  }

  async troubles(): Promise<readonly string[]> {
    return (await this.ask({ ask: 'troubles' })) as string[];
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
  }
}
