// Another process that keeps a directory busy.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { cleanUpWith } from './cleanup.ts';

/**
 * Writes, renames and removes twenty files over and over, with pauses in which others get a turn: on a machine
 * of one or two processors it shall be a load, not a standstill.
 */
const script = `
cd "$1" || exit
round=0
while :; do
  for name in 0 1 2 3 4 5 6 7 8 9; do
    echo "$round" > "w$name"
    echo "$round" > "v$name.tmp"
    [ -e "v$name.tmp" ] && echo "$round" >> "w$name"
  done
  mkdir -p "d$((round % 3))" && echo "$round" > "d$((round % 3))/in"
  mv v0.tmp "v$((round % 5))"
  [ "$((round % 7))" = 0 ] && rm -rf d0 v1.tmp v2.tmp
  round=$((round + 1))
  sleep 0.02
done`;

/** A process that writes. */
export interface Writer {
  /** Ends it; resolves when nothing more will be written. */
  stop(): Promise<void>;
}

/** Begins to write in a directory, which is made if it is not there; ends with the test at the latest. */
export function startWriter(directory: string): Writer {
  mkdirSync(directory, { recursive: true });
  const child: ChildProcess = spawn('sh', ['-c', script, 'sh', directory], {
    stdio: 'ignore',
    // With all that it runs, so that it can be ended as one.
    detached: true,
  });
  const exited = once(child, 'exit');
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    stopped = true;
    await exited;
  };
  cleanUpWith(stop);
  return { stop };
}
