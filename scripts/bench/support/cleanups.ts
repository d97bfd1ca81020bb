// What a run opens is closed when it is over, or interrupted: no daemon and no tree outlives it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

type Close = () => void | Promise<void>;

/** Collects what is to be closed. */
export class Cleanups {
  private readonly pending = new Set<Close>();
  private closing: Promise<void> | undefined;

  /**
   * Has `close` called by `closeAll`, unless the function that is returned has called it before. Calls it at
   * once and throws when everything is being closed already: nothing is opened any more.
   */
  add(close: Close): () => Promise<void> {
    const entry: Close = () => close();
    if (this.closing !== undefined) {
      this.closing = Promise.all([this.closing, entry()]).then(() => {});
      throw new Error('the run was interrupted');
    }
    this.pending.add(entry);
    return async () => {
      if (this.pending.delete(entry)) await entry();
    };
  }

  /** Closes everything that is still open, newest first: processes go before the trees that they watch. */
  closeAll(): Promise<void> {
    this.closing ??= this.closePending();
    return this.closing;
  }

  private async closePending(): Promise<void> {
    for (const close of [...this.pending].reverse()) {
      this.pending.delete(close);
      try {
        await close();
      } catch (error) {
        // The others are to be closed all the same.
        process.stderr.write(`could not clean up: ${(error as Error).message}\n`);
      }
    }
  }

  /** A fresh directory, by its real path, with the function that removes it. */
  directory(parent: string): { path: string; remove: () => Promise<void> } {
    const path = realpathSync(mkdtempSync(join(parent, 'devagent-bench-')));
    return { path, remove: this.add(() => rm(path, { recursive: true, force: true, maxRetries: 5 })) };
  }

  /** Takes charge of a child; the function that is returned ends it with `signal`, and waits for its end. */
  process(child: ChildProcess): (signal: NodeJS.Signals) => Promise<void> {
    const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (gone() || child.pid === undefined) return;
      const exited = once(child, 'exit');
      // One that is stopped would not see any other signal than SIGKILL.
      child.kill('SIGCONT');
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(patience);
    };
    const forget = this.add(() => end('SIGKILL'));
    return async (signal) => {
      await end(signal);
      await forget();
    };
  }
}
