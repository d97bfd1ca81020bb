// agentd as a user starts it: the built binary in a process of its own, with directories of its own.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { monotonicMs } from './clock.ts';

/** A started agentd. */
export interface AgentProcess {
  readonly pid: number;
  /** How a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when every root is ready, with the time since the start. Rejects when it ends before. */
  readonly readyMs: Promise<number>;
  /** Where it listens. */
  readonly socketPath: string;
  /** Where its WebSocket stream is; `query` without the question mark. */
  streamUrl(query: string): string;
  /** Log lines that are warnings or errors. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** Starts agentd on a root; answers at once. */
export function launchAgent(bench: Bench, root: string, flags: readonly string[] = []): AgentProcess {
  const { path: home, remove } = bench.cleanups.directory(bench.diskDirectory);
  const runtime = join(home, 'run');
  const socketPath = join(runtime, 'default.sock');
  const env = { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: join(home, 'state') };
  const startedMs = monotonicMs();
  const child = spawn(process.execPath, [bench.build.agentd, root, '--port', '0', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const end = bench.cleanups.process(child);
  const complaints: string[] = [];
  let log = '';
  const readyMs = new Promise<number>((resolve, reject) => {
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-2000);
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [, level, event] = /^\S+ (\w+) +(\w+(?: \w+)*)/.exec(line) ?? [];
        // The log, and not /healthz: asking again and again would take time from the crawl.
        if (event === 'ready') resolve(monotonicMs() - startedMs);
        if (level === 'warn' || level === 'error') complaints.push(line.replace(/^\S+ /, ''));
      }
    });
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`agentd ended with ${code}: ${log}`)));
  });
  // Whoever never asks whether it got ready is not to fail for it.
  readyMs.catch(() => {});
  return {
    pid: child.pid ?? 0,
    env,
    readyMs,
    complaints,
    socketPath,
    streamUrl: (query) => `ws+unix:${socketPath}:/v1/events?${query}`,
    stop: async () => {
      await end('SIGTERM');
      await remove();
    },
  };
}
