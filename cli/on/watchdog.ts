// Ends the command when agent-cli was killed outright, as by a time limit or for want of memory: nobody else would.
import { type ChildProcess, spawn } from 'node:child_process';
import { hasGroups } from './process-group.ts';

/**
 * It reads which process group there is to end, a line whenever that changes, and an empty one for none. The end of
 * its input is our own, however it came. A shell, as it starts in a millisecond and takes no memory to speak of. Not
 * every `sleep` knows fractions. While anything is left in the group its number can't become another's, so that no
 * stranger is hit as long as it is looked at this often.
 */
const script = `
while read -r line; do group=$line; done
[ -n "$group" ] && kill -TERM -"$group" || exit 0
kill -CONT -"$group"
while [ "$1" -gt "$((i += 1))" ] && kill -0 -"$group"; do sleep 0.1 || sleep 1; done
kill -KILL -"$group"
`;
const pollsPerSecond = 10;

/** A process that waits for the end of this one. */
export class Watchdog {
  readonly #polls: number;
  #process: ChildProcess | undefined;

  /** @param killAfterMs how long what is left may take to end after SIGTERM */
  constructor(killAfterMs: number) {
    this.#polls = Math.ceil((killAfterMs / 1_000) * pollsPerSecond);
  }

  /** Gets ready, so that as little time as possible is between the start of a command and {@link guard}. */
  prepare(): void {
    if (hasGroups) this.#process ??= this.#start();
  }

  /** From now on this group is to be ended with us. */
  guard(group: number): void {
    this.#say(String(group));
  }

  /** The group is gone. */
  release(): void {
    this.#say('');
  }

  #start(): ChildProcess {
    // Out of our process group and session: what kills those must not reach it. It holds nothing of ours, neither a
    // directory nor an output that somebody waits to be closed.
    const child = spawn('/bin/sh', ['-c', script, 'agent-cli-watchdog', String(this.#polls)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      detached: true,
    });
    // Where there is no shell, as in some containers, nobody watches; and one that was killed is started again.
    const forget = (): void => {
      this.#process = undefined;
    };
    child.on('error', forget);
    child.on('exit', forget);
    child.stdin?.on('error', () => {});
    child.unref();
    return child;
  }

  #say(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}
