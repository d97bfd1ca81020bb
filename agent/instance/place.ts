// The place where an agent is found: its socket and its run file, kept as long as it lives. What cleans up temporary
// directories takes them away from agents that live; and another agent may have come in the meantime.
import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { DevagentError, type InstancePaths, type RunFile } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import { type ClaimOptions, claimSocket } from './claim-socket.ts';
import type { HeldSocket } from './held-socket.ts';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { directoryUnusable } from './unusable.ts';

/** Two looks, and an agent that can't be found any more has ended, within 5 s; a look is two lstat(2). */
const lookEveryMs = 2_000;
/** What keeps an agent from its place may pass, as a full disk does; what stays is told by its end. */
const attempts = 2;

/** What a place needs from the agent that has it. */
export interface PlaceUser {
  /** Makes a server for the socket, which does not listen yet; also one in the place of a former one. */
  server(): Server;
  /** What the run file says. */
  runFile(): RunFile;
  /** Called when the place is lost for good: the agent can't be found, or another one has its name. */
  lost(error: DevagentError): void;
}

/** The place of one agent. */
export class Place {
  readonly #paths: InstancePaths;
  readonly #user: PlaceUser;
  readonly #log: Log;
  #held: HeldSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether there is a run file to keep. */
  #announced = false;
  #failures = 0;
  #closed = false;

  constructor(paths: InstancePaths, user: PlaceUser, log: Log) {
    this.#paths = paths;
    this.#user = user;
    this.#log = log;
  }

  /** Listens at the socket, as the only agent that does. @throws DevagentError as claimSocket does */
  async claim(options?: ClaimOptions): Promise<void> {
    this.#held = await claimSocket(this.#user.server(), this.#paths, options);
  }

  /**
   * Writes the run file, and keeps it and the socket from then on.
   * @throws DevagentError `directory_unusable`
   */
  announce(): void {
    try {
      writeRunFile(this.#paths.runFile, this.#user.runFile());
    } catch (error) {
      throw directoryUnusable('runtime', this.#paths.runtime, 'write its run file', error);
    }
    this.#announced = true;
    // Node's own timer: an agent that only waits for this has nothing to live for.
    this.#timer ??= setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  /** Writes the run file anew, for it says something else now; that it can't be is no fault of who changed it. */
  update(): void {
    try {
      this.announce();
    } catch (error) {
      this.#log.warn('run file not written', { file: this.#paths.runFile, error });
    }
  }

  /** Closes and removes the socket. Resolves when the last connection to it has ended. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    return this.#held?.close() ?? Promise.resolve();
  }

  /** Removes the run file. */
  withdraw(): void {
    if (this.#announced) removeRunFile(this.#paths.runFile);
  }

  /** For a process that ends at once: removes the files by which others would look for it, and nobody else's. */
  abandon(): void {
    this.#closed = true;
    this.withdraw();
    if (this.#held === undefined || this.#held.state() === 'other') return;
    this.#held.abandon();
    rmSync(this.#paths.cookieDirectory, { recursive: true, force: true });
  }

  async #look(): Promise<void> {
    try {
      await this.#keep();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const lost = asLoss(error);
      this.#log.warn('place not kept', { socket: this.#paths.socket, error: lost });
      if (lost.code === 'agent_running' || this.#failures >= attempts) {
        this.#user.lost(lost);
        return;
      }
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  async #keep(): Promise<void> {
    const { socket, runFile } = this.#paths;
    if (this.#held?.state() !== 'own') {
      this.#log.warn('socket is gone, listening again', { socket });
      // Nobody can connect to it any more; those who have are served on.
      void this.#held?.close();
      await this.claim();
      if (this.#closed) {
        void this.#held?.close();
        return;
      }
      this.#log.info('listening', { pid: process.pid, socket });
    }
    if (readRunFile(runFile)?.pid === process.pid) return;
    this.#log.warn('run file is gone, writing it again', { file: runFile });
    this.announce();
  }
}

function asLoss(error: unknown): DevagentError {
  if (error instanceof DevagentError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DevagentError('internal', `its socket and run file can't be kept: ${message}`, { cause: error });
}
