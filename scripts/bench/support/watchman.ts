// The Watchman that is installed, as a daemon of its own.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

export const watchmanProgram = 'watchman';

/** Version of the Watchman that is installed; undefined for none. */
export function watchmanVersion(): string | undefined {
  try {
    // Without --no-spawn it would leave a daemon running.
    return execFileSync(watchmanProgram, ['--version', '--no-spawn'], { encoding: 'utf8' }).trim();
  } catch {
    // Not installed, or not to be run: either way it is no peer.
    return undefined;
  }
}

/** A daemon that was started; it does not listen yet. */
export interface WatchmanDaemon {
  readonly pid: number;
  readonly socket: string;
  stop(): Promise<void>;
}

/** Starts a daemon with directories of its own. */
export function launchWatchman(bench: Bench): WatchmanDaemon {
  const { path: home, remove } = bench.cleanups.directory(bench.diskDirectory);
  const socket = join(home, 'sock');
  const files = ['--sockname', socket, '--statefile', join(home, 'state'), '--logfile', join(home, 'log')];
  const child = spawn(
    watchmanProgram,
    ['--foreground', '--no-save-state', '--pidfile', join(home, 'pid'), ...files],
    { stdio: 'ignore' },
  );
  const end = bench.cleanups.process(child);
  return {
    pid: child.pid ?? 0,
    socket,
    stop: async () => {
      await end('SIGTERM');
      await remove();
    },
  };
}
