// The socket that this process listens at, told from whatever else may be at its path by now.
import { lstatSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { temporaryName } from './exclusive-file.ts';

/** What is at the path: our socket, nothing, or something that somebody else put there. */
export type PathState = 'own' | 'gone' | 'other';

/** A server that listens at a path, and what it may remove there: its own socket, and nothing else. */
export class HeldSocket {
  readonly #server: Server;
  readonly #path: string;
  /** While it is bound, the kernel keeps the inode, and its number with it. */
  readonly #identity: string | undefined;
  #closed: Promise<void> | undefined;

  /** @param server that has just begun to listen at `path` */
  constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    this.#identity = identityAt(path);
  }

  /** Looks at the path. */
  state(): PathState {
    // A named pipe is in no directory, and ends with its process.
    if (process.platform === 'win32') return this.#closed === undefined ? 'own' : 'gone';
    const identity = identityAt(this.#path);
    if (identity === undefined) return 'gone';
    return this.#closed === undefined && identity === this.#identity ? 'own' : 'other';
  }

  /** Listens no longer, and removes the socket. Resolves when the last connection has ended. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const close = (): void => void this.#server.close(() => resolve());
      if (this.state() === 'other') this.#keepingOther(close);
      else close();
    });
    return this.#closed;
  }

  /** For a process that ends at once. */
  abandon(): void {
    if (this.state() === 'own') rmSync(this.#path, { force: true });
  }

  /**
   * libuv removes whatever is at the path of a socket that it closes, so what is somebody else's is out of the way for
   * that moment. (To leave the socket open does not help: it is closed when the process ends.)
   */
  #keepingOther(close: () => void): void {
    const aside = temporaryName(this.#path);
    try {
      renameSync(this.#path, aside);
    } catch {
      // Nobody's may be removed for ours: then it is closed without a look back when the process ends.
      this.#server.unref();
      return;
    }
    try {
      close();
    } finally {
      renameSync(aside, this.#path);
    }
  }
}

function identityAt(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    return stats && `${stats.dev}:${stats.ino}`;
  } catch {
    // Its directory was made into something else, or closed: as good as gone.
    return undefined;
  }
}
