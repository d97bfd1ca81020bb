// What a signal does to agent-cli: it ends it at once, unless a command has taken the signals over.
import { constants } from 'node:os';

/** What becomes of a signal. */
export type SignalHandler = (signal: NodeJS.Signals) => void;

/** They end agent-cli with an exit code. Others do what the system has them do. */
const endings: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** The process's signals, of which there is one owner at a time. */
export class Signals {
  constructor() {
    this.#listen();
  }

  /**
   * Gives the signals to a command that has something to bring to an end first.
   * @param signals those that it wants, SIGINT and SIGTERM among them
   * @returns hands them back
   */
  take(signals: readonly NodeJS.Signals[], handler: SignalHandler): () => void {
    // In this order there is no moment at which a signal has no listener and does what the system has it do.
    for (const signal of signals) process.on(signal, handler);
    for (const signal of endings) process.off(signal, exitBySignal);
    return () => {
      this.#listen();
      for (const signal of signals) process.off(signal, handler);
    };
  }

  /** Leaves them to a program that runs in this process from here on. */
  release(): void {
    for (const signal of endings) process.off(signal, exitBySignal);
  }

  #listen(): void {
    for (const signal of endings) process.on(signal, exitBySignal);
  }
}

function exitBySignal(signal: NodeJS.Signals): void {
  process.exit(exitCodeOf(signal));
}

/** The exit code that shells give a process which a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
