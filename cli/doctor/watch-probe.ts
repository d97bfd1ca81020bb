// Tries out whether events come from a directory, and how soon: makes, changes and removes a file in it.
import { randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentEvent } from '../../shared/client/index.ts';
import {
  type ChangeEvent,
  type FileEvent,
  formatDuration,
  type InstancePaths,
  type RootStatus,
} from '../../shared/index.ts';
import { Connection } from '../agent/index.ts';
import { exitCodeOf, programName } from '../outcome/index.ts';
import { innermostRoot } from '../paths/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** What was measured; a member of `ms` is null where no event came. */
export interface WatchMeasure {
  readonly directory: string;
  readonly root: string;
  /** Whether the running agent watches it, or one was started for the purpose. */
  readonly agent: 'running' | 'private';
  readonly backend: string;
  readonly ms: {
    readonly add: number | null;
    readonly change: number | null;
    readonly unlink: number | null;
  };
}

/** Polling tells within half a second; whoever waits longer for an event takes the tool for broken. */
const slowMs = 1_000;

const check = 'events';

function rootOf(directory: string, agent: AgentState): RootStatus | undefined {
  if (agent.kind !== 'running') return undefined;
  const { roots } = agent.status;
  const innermost = innermostRoot(
    roots.map(({ path }) => path),
    directory,
  );
  return roots.find(({ path }) => path === innermost);
}

/** Waits for one event of one path at a time. */
class EventWaiter {
  readonly #root: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  #wanted: ChangeEvent | undefined;
  #told: ((atMs: number) => void) | undefined;

  constructor(root: string, path: string, timeoutMs: number) {
    this.#root = root;
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  take(event: AgentEvent): void {
    if (event.type === 'file' && this.#isWanted(event)) this.#told?.(performance.now());
  }

  /** Does something to the file, and gives the milliseconds until its event came, or null. */
  async after(event: ChangeEvent, act: () => void): Promise<number | null> {
    this.#wanted = event;
    const told = new Promise<number>((resolve) => {
      this.#told = resolve;
    });
    const stop = new AbortController();
    const beganMs = performance.now();
    act();
    const timeout = delay(this.#timeoutMs, undefined, { signal: stop.signal }).catch(() => undefined);
    const toldMs = await Promise.race([told, timeout]);
    stop.abort();
    return toldMs === undefined ? null : Math.round((toldMs - beganMs) * 10) / 10;
  }

  #isWanted({ root, changes }: FileEvent): boolean {
    return (
      root === this.#root && changes.some(({ path, event }) => path === this.#path && event === this.#wanted)
    );
  }
}

async function measure(
  instance: InstancePaths,
  root: string,
  directory: string,
  timeoutMs: number,
): Promise<WatchMeasure['ms']> {
  const { LiveStream } = await import('../stream/index.ts');
  const file = join(directory, `devagent-doctor-${randomBytes(6).toString('hex')}`);
  const waiter = new EventWaiter(root, relative(root, file).replaceAll('\\', '/'), timeoutMs);
  let made = false;
  const make = (): void => {
    writeFileSync(file, 'made', { flag: 'wx', mode: 0o600 });
    made = true;
  };
  const remove = (): void => {
    if (made) rmSync(file, { force: true });
    made = false;
  };
  let connected = (): void => {};
  const hello = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const query = { topic: ['file'], root, name: 'agent-cli doctor' };
  const stream = new LiveStream(new Connection(instance), query, (event) => {
    if (event.type === 'connected') connected();
    else waiter.take(event);
  });
  // Also on a signal: SIGINT and SIGTERM end this process at once, and a terminal that closes shall, too.
  const hangUp = (): void => process.exit(exitCodeOf('SIGHUP'));
  process.once('exit', remove);
  process.once('SIGHUP', hangUp);
  const running = stream.ended;
  try {
    await Promise.race([hello, running]);
    const add = await waiter.after('add', make);
    if (add === null) return { add, change: null, unlink: null };
    const change = await waiter.after('change', () => appendFileSync(file, ' and changed'));
    const unlink = await waiter.after('unlink', remove);
    return { add, change, unlink };
  } finally {
    process.off('SIGHUP', hangUp);
    stream.stop();
    await running;
    remove();
    process.off('exit', remove);
  }
}

/** What a measurement says. */
function judge({ directory, agent, backend, ms }: WatchMeasure, timeoutMs: number): Finding {
  const times = [ms.add, ms.change, ms.unlink];
  const by = `${agent === 'running' ? 'the running agent' : 'an agent of its own'}, backend ${backend}`;
  const told = (time: number | null): string => (time === null ? 'never' : `${time} ms`);
  const found = `add after ${told(ms.add)}, change ${told(ms.change)}, unlink ${told(ms.unlink)} (${by})`;
  if (times.includes(null)) {
    const limit = formatDuration(timeoutMs);
    return problem({
      check,
      found: ms.add === null ? `none within ${limit} (${by})` : `not all within ${limit}: ${found}`,
      means: `A file was made in ${directory}, and the agent did not tell of it. Either it leaves the directory out, or the file system gives no events, or the agent is far behind.`,
      remedy: `Look whether a .gitignore or --ignore names what lies there; if not, run ${programName} doctor for the limits and file systems, and start the agent with --backend polling.`,
    });
  }
  if (times.every((time) => time !== null && time <= slowMs)) return ok(check, found);
  return warning({
    check,
    found,
    means: 'Events come, and late: the tree is polled and large, the machine is busy, or --settle is long.',
    remedy: `Leave out what need not be watched, by .gitignore or --ignore; look with ${programName} doctor at the limits.`,
  });
}

function cannotWrite(directory: string): Finding {
  return problem({
    check,
    found: `no file can be made in ${directory}`,
    means: 'Nothing could be measured.',
    remedy: 'Name a directory that you may write in.',
  });
}

/**
 * Measures how long events take, through the running agent if it watches the directory, else through one
 * that is started for it and ended again. Nothing stays in the directory.
 * @param timeoutMs how long to wait for each event
 * @throws CliError when no agent can watch it
 */
export async function probeWatch(
  { instance, directory, mayWrite }: Machine,
  agent: AgentState,
  timeoutMs: number,
): Promise<{ findings: Finding[]; measure: WatchMeasure | null }> {
  if (!mayWrite(directory)) return { findings: [cannotWrite(directory)], measure: null };
  const root = rootOf(directory, agent);
  const { startPrivateAgent } = await import('./private-agent.ts');
  const own = root === undefined ? await startPrivateAgent(directory) : undefined;
  try {
    const rootPath = root?.path ?? directory;
    const ms = await measure(own?.instance ?? instance, rootPath, directory, timeoutMs);
    const measured: WatchMeasure = {
      directory,
      root: rootPath,
      agent: own === undefined ? 'running' : 'private',
      backend: root?.backend ?? own?.backend ?? '',
      ms,
    };
    return { findings: [judge(measured, timeoutMs)], measure: measured };
  } catch (error) {
    // The directory may be writable and its disk full, or mounted read-only.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return { findings: [cannotWrite(directory)], measure: null };
  } finally {
    await own?.close();
  }
}
