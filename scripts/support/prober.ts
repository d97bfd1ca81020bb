// How long a program keeps those waiting who ask it something.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ToProber } from './prober-process.ts';

/** Asks an agent again and again whether it is well, from a process of its own. */
export class Prober {
  private readonly child: ChildProcess = fork(new URL('./prober-process.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
  });

  /** Asks the agent at this Unix socket from now on; undefined: nobody. What is under way counts no more. */
  ask(socketPath: string | undefined): void {
    this.tell({ ask: socketPath ?? '' });
  }

  /** The longest wait for an answer since this was asked last, in ms. */
  async takeWorstMs(): Promise<number> {
    const answer = once(this.child, 'message');
    this.tell('take');
    const [worstMs] = (await answer) as [number, unknown];
    return worstMs;
  }

  /** Ends the process. */
  close(): void {
    this.child.kill();
  }

  private tell(message: ToProber): void {
    this.child.send(message);
  }
}
