// How many connections there may be. Each takes a file descriptor, and the watcher, the log and the agent's own tools
// need some as well: strangers who do nothing but connect must not get them all.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Log } from '../log/index.ts';
import { ProblemError } from './problem.ts';

/** Enough for the largest crowd that was ever measured, three times over; a silent one costs some 10 KiB. */
const mostLoopback = 16_384;
/** Kept for the agent itself, and again for the local plane; a quarter each where there are few. */
const mostReserved = 256;
/** Where the system does not say how many files may be open. */
const assumedFiles = 8_192;
/** One that has not shown a credential by then is closed: time for a slow hand, and not for a crowd of them. */
const unprovenMs = 15_000;
const checkMs = 1_000;
/** Surplus connections that are still told why they are refused; the rest are closed without a word. */
const mostTold = 32;
const toldMs = 1_000;
const logEveryMs = 60_000;

/** How many connections each side may have. */
export interface ConnectionLimits {
  /** On the local plane and on the loopback plane together. */
  readonly all: number;
  readonly loopback: number;
  /** Of those, the ones that have not shown a credential. */
  readonly unproven: number;
}

/** @param openFiles how many files the process may have open */
function connectionLimits(openFiles: number): ConnectionLimits {
  const reserved = Math.min(mostReserved, Math.floor(openFiles / 4));
  const loopback = Math.min(mostLoopback, openFiles - 2 * reserved);
  return { all: openFiles - reserved, loopback, unproven: Math.ceil(loopback / 2) };
}

/** How many files this process may have open; Node has raised the limit as far as it may by now. */
function openFilesLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined || soft === 'unlimited' ? assumedFiles : Number(soft);
  } catch {
    // No Linux.
    return assumedFiles;
  }
}

/** Counts the connections of all planes, WebSockets included, and closes those that are too many. */
export class Connections {
  private readonly limits: ConnectionLimits;
  private readonly log: Log;
  private all = 0;
  private loopback = 0;
  /** Those on the loopback plane that have shown no credential, by when they came or were answered last. */
  private readonly unproven = new Map<Socket, number>();
  private readonly surplus = new Set<Socket>();
  private checker: NodeJS.Timeout | undefined;
  private loggedMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log, limits: ConnectionLimits = connectionLimits(openFilesLimit())) {
    this.log = log;
    this.limits = limits;
  }

  /** Takes in a connection that was accepted. */
  add(socket: Socket, plane: 'local' | 'loopback'): void {
    const isLoopback = plane === 'loopback';
    this.all += 1;
    if (isLoopback) this.loopback += 1;
    socket.once('close', () => {
      this.all -= 1;
      if (isLoopback) this.loopback -= 1;
      this.unproven.delete(socket);
      this.surplus.delete(socket);
    });
    if (this.all > this.limits.all || (isLoopback && this.loopback > this.limits.loopback)) {
      this.refuse(socket, plane);
      return;
    }
    if (!isLoopback) return;
    this.unproven.set(socket, performance.now());
    this.checker ??= setInterval(() => this.closeLate(), checkMs).unref();
    if (this.unproven.size <= this.limits.unproven) return;
    // The oldest: a client that means it has said who it is within its first milliseconds.
    this.note('connections without a token are too many', plane);
    const [[oldest] = []] = this.unproven;
    oldest?.destroy();
    if (oldest !== undefined) this.unproven.delete(oldest);
  }

  /** @throws ProblemError 503 on a connection that is one too many */
  check(socket: Socket): void {
    if (!this.surplus.has(socket)) return;
    throw new ProblemError(
      503,
      'too_many_connections',
      'the agent has as many connections as it may: close some, or start it with a higher limit of open files (ulimit -n)',
      { headers: { connection: 'close' } },
    );
  }

  /** It has shown what it had to: it may stay. */
  prove(socket: Socket): void {
    this.unproven.delete(socket);
  }

  /** It was answered without having shown a credential, and has its time anew. */
  answered(socket: Socket): void {
    if (this.unproven.delete(socket)) this.unproven.set(socket, performance.now());
  }

  close(): void {
    clearInterval(this.checker);
  }

  private refuse(socket: Socket, plane: string): void {
    this.note('connections are too many', plane);
    if (this.surplus.size >= mostTold) {
      socket.destroy();
      return;
    }
    this.surplus.add(socket);
    const timer = setTimeout(() => socket.destroy(), toldMs);
    socket.once('close', () => clearTimeout(timer));
  }

  private closeLate(): void {
    const endMs = performance.now() - unprovenMs;
    for (const [socket, sinceMs] of this.unproven) {
      if (sinceMs > endMs) break;
      this.unproven.delete(socket);
      socket.destroy();
    }
    if (this.unproven.size > 0) return;
    clearInterval(this.checker);
    this.checker = undefined;
  }

  private note(event: string, plane: string): void {
    const nowMs = performance.now();
    if (nowMs - this.loggedMs < logEveryMs) return;
    this.loggedMs = nowMs;
    this.log.warn(event, { plane, open: this.all, withoutToken: this.unproven.size, ...this.limits });
  }
}
