// A terminal of a given size, by tmux, and what is to be seen on it.
import { execFileSync } from 'node:child_process';
import { binaries } from './agent.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { findProgram } from './find-program.ts';
import { until } from './wait.ts';

/** Where tmux is; undefined where there is none. */
export const tmux = findProgram('tmux');

/**
 * Runs its arguments and says how they ended. tmux knows that itself, but in 3.3 not always; and the shell
 * stays, because tmux moves the screen when its program ends. Ctrl-C is for the command alone.
 */
const script = 'trap : INT; "$@"; echo "[exit code $?]"; while :; do sleep 60; done';
// Behind the ^C that a terminal shows for the key, if there is one.
const endMark = /\[exit code (\d+)\]\s*$/m;

/** How a terminal is made. */
export interface TerminalOptions {
  readonly columns: number;
  readonly env: Readonly<Record<string, string>>;
}

/** A terminal on which agent-cli is run, one command after the other. */
export class Terminal {
  readonly #tmux: (...args: string[]) => string;

  constructor({ columns, env }: TerminalOptions) {
    // A server of its own, so that no other session and no configuration of the user's is touched.
    const directory = temporaryDirectory();
    const environment = { PATH: process.env['PATH'] ?? '', HOME: directory, LANG: 'C.UTF-8', ...env };
    this.#tmux = (...args) =>
      execFileSync(tmux ?? 'tmux', ['-S', `${directory}/tmux`, '-u', '-f', '/dev/null', ...args], {
        encoding: 'utf8',
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', '60', 'sleep infinity');
    cleanUpWith(() => void this.#tmux('kill-server'));
  }

  /** Starts agent-cli on the empty screen, in the place of what ran there. */
  start(...args: string[]): void {
    const command = [process.execPath, binaries.cli, ...args];
    this.#tmux('clear-history', ';', 'respawn-pane', '-k', 'sh', '-c', script, 'sh', ...command);
  }

  /** Runs agent-cli to its end, and gives the lines that it showed. */
  async run(...args: string[]): Promise<string[]> {
    this.start(...args);
    await this.exitCode();
    return this.lines();
  }

  /** Waits until what runs has ended. */
  async exitCode(): Promise<number> {
    const [, code] = await until(
      () => `the end of the command; it shows\n${this.lines().join('\n')}`,
      () => endMark.exec(this.#capture()),
    );
    return Number(code);
  }

  /** Presses a key by the name that tmux has for it, as `C-c`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  /** Waits until the screen shows this text. */
  async shows(text: string): Promise<void> {
    await until(
      () => `"${text}" on the terminal; it shows\n${this.lines().join('\n')}`,
      () => this.lines().some((line) => line.includes(text)),
    );
  }

  /** The rows that were shown, to the last that holds anything. */
  lines(): string[] {
    return rowsOf(this.#capture());
  }

  /** The same, but rows are put together that the terminal broke because the line was too long. */
  unbrokenLines(): string[] {
    return rowsOf(this.#capture('-J'));
  }

  /** The screen with the escape sequences that paint it. */
  painted(): string {
    return this.#capture('-e');
  }

  #capture(...flags: string[]): string {
    return this.#tmux('capture-pane', '-p', '-S', '-', ...flags);
  }
}

function rowsOf(screen: string): string[] {
  const rows = screen.replace(endMark, '').trimEnd().split('\n');
  return rows.map((row) => row.trimEnd());
}
