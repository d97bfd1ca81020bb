// How long a program keeps those waiting who ask it something.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Asked, ToProber } from './prober-process.ts';

/** Asks an agent again and again whether it is well, from a process of its own. */
export class Prober {
  private readonly child: ChildProcess = fork(new URL('./prober-process.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
  });

  /** Asks this agent from now on; null: nobody. What is under way counts no more. */
  ask(agent: Asked | null): void {
    this.tell({ ask: agent });
  }

  /** The longest wait for an answer since this was asked last, in ms, without what others kept the processor for. */
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
