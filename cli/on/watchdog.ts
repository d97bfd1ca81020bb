// Ends the command when agent-cli was killed outright, as by a time limit or for want of memory: nobody else would.
import { type ChildProcess, spawn } from 'node:child_process';
import { hasGroups } from './process-group.ts';

/** In the environment of a command while it is not known yet which process it is. */
const runVariable = 'AGENT_RUN';

/**
 * It reads which process group there is to end, a line whenever that changes: `group N`, `run ID` for one that is being
 * started, and an empty line for none. The end of its input is our own, however it came. A shell, as it starts in a
 * millisecond and takes no memory to speak of. Not every `sleep` knows fractions.
 *
 * If we end while a command is being started, it is found by its environment, which only Linux shows. While anything is
 * left in a group its number can't become another's, so that no stranger is hit as long as it is looked at this often.
 */
const script = `
while read -r kind name; do what=$kind; which=$name; done
pause() { sleep 0.1 || sleep 1; }
tries=0
while [ "$what" = run ] && [ "$((tries += 1))" -le 10 ]; do
  each=$(grep -lF "${runVariable}=$which" /proc/[0-9]*/environ | head -n 1)
  [ -n "$each" ] && read -r stat <"\${each%/environ}/stat" && set -- "$1" \${stat##*) } && what=group which=$4
  [ "$what" = group ] || pause
done
[ "$what" = group ] && kill -TERM -"$which" || exit 0
kill -CONT -"$which"
polls=0
while [ "$1" -ge "$((polls += 1))" ] && kill -0 -"$which"; do pause; done
kill -KILL -"$which"
`;
const pollsPerSecond = 10;

/** A process that waits for the end of this one. */
export class Watchdog {
  readonly #polls: number;
  #process: ChildProcess | undefined;
  #runs = 0;

  /** @param killAfterMs how long what is left may take to end after SIGTERM */
  constructor(killAfterMs: number) {
    this.#polls = Math.ceil((killAfterMs / 1_000) * pollsPerSecond);
  }

  /**
   * A command is about to be started.
   * @returns what has to be in its environment
   */
  prepare(): Record<string, string> {
    if (hasGroups) this.#process ??= this.#start();
    this.#runs++;
    // With an end, so that none begins as another does.
    const run = `${process.pid}-${this.#runs};`;
    this.#say(`run ${run}`);
    return { [runVariable]: run };
  }

  /** From now on this group is to be ended with us. */
  guard(group: number): void {
    this.#say(`group ${group}`);
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
