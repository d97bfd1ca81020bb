// The cookie: a file in a private directory that the same inotify instance watches. The kernel queues hints
// in the order of the changes, so when the hint of a change to the cookie comes, every earlier one has come.
// The idea is Watchman's: https://facebook.github.io/watchman/docs/cookies
//
// The one cookie is renamed and never made anew: that needs no inode, no descriptor and no space, so a
// barrier can be passed when the system has none of them left.
import { randomUUID } from 'node:crypto';
import {
  type FSWatcher,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DevagentError } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';

/** After this long without its hint, a cookie was dropped by a full queue, or its watch is dead. */
const rewriteMs = 500;
/** Rewritten this often in vain, it will never have a hint: some file systems give none. */
const mostRewrites = 3;

interface Waiting {
  readonly promise: Promise<boolean>;
  readonly resolve: (vouched: boolean) => void;
  readonly reject: (error: Error) => void;
  /** The first cookie whose hint answers this call. */
  serial: number;
  sinceMs: number;
}

function waiting(): Waiting {
  let resolve: Waiting['resolve'] = () => {};
  let reject: Waiting['reject'] = () => {};
  const promise = new Promise<boolean>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject, serial: 0, sinceMs: 0 };
}

/** Says when every hint of the changes made so far has come, or that it can't say. */
export class Barrier {
  private readonly directory: string;
  private readonly log: Log;
  private readonly tasted: (serial: number) => void;
  /** Distinguishes our cookie from that of another agent that took this directory over, and from leftovers. */
  private readonly prefix = `${randomUUID()}.`;
  private serial = 0;
  private watcher: FSWatcher | undefined;
  /** The calls of this turn, which have no cookie yet. */
  private next: Waiting | undefined;
  /** Those that wait for a hint, oldest first. */
  private baked: Waiting[] = [];
  private rewriter: NodeJS.Timeout | undefined;
  private rewrites = 0;
  /** Whether the last try failed: a failure is logged once. */
  private failing = false;
  private closed = false;

  /**
   * @param directory its own: made now and whenever it is gone; what a dead agent left there is removed
   * @param tasted told of each cookie whose hint came, those of `probe` included
   */
  constructor(directory: string, log: Log, tasted: (serial: number) => void = () => {}) {
    this.directory = directory;
    this.log = log;
    this.tasted = tasted;
    try {
      rmSync(directory, { recursive: true, force: true });
      this.open();
    } catch (error) {
      this.giveUp(error);
    }
  }

  /**
   * Resolves with true when the hints of everything changed before the call have been delivered, and with
   * false when there is no way to know: then only a crawl can tell.
   * @throws DevagentError `sync_failed` when the barrier is closed first
   */
  pass(): Promise<boolean> {
    // Calls of the same turn share a cookie; one that is baked already is no proof for a later call.
    if (this.next === undefined) {
      this.next = waiting();
      if (this.closed) this.next.reject(agentStopped());
      else setImmediate(() => this.bake());
    }
    return this.next.promise;
  }

  /**
   * Puts a cookie's hint behind all that the kernel has queued so far.
   * @returns its number, which `tasted` will be told; undefined when that can't be done
   */
  probe(): number | undefined {
    return this.watcher !== undefined && this.rename() ? this.serial : undefined;
  }

  /** Rejects the calls that wait, and removes what is its own. */
  close(): void {
    this.closed = true;
    this.next?.reject(agentStopped());
    for (const { reject } of this.take(Number.POSITIVE_INFINITY)) reject(agentStopped());
    this.watcher?.close();
    try {
      unlinkSync(this.cookie());
      rmdirSync(this.directory);
    } catch {
      // Gone already, or another agent's now: then nothing in it is ours to remove.
    }
  }

  private bake(): void {
    const shared = this.next;
    if (shared === undefined || this.closed) return;
    this.next = undefined;
    shared.serial = this.serial + 1;
    shared.sinceMs = performance.now();
    this.baked.push(shared);
    this.rewriter ??= setTimeout(() => this.checkOldest(), rewriteMs).unref();
    this.write(this.watcher === undefined);
  }

  /** Gives the cookie its next name: the hint of that answers all calls so far. */
  private write(afresh: boolean): void {
    if (!afresh && this.rename()) return;
    try {
      this.open();
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** @returns whether there is a cookie that could be renamed */
  private rename(): boolean {
    try {
      renameSync(this.cookie(), this.cookie(this.serial + 1));
    } catch {
      // Never made, or swept away; if something else is wrong, making it will tell.
      return false;
    }
    this.serial += 1;
    return true;
  }

  /**
   * Makes the directory and the cookie where they are missing, and the watch in any case.
   * @throws NodeJS.ErrnoException where that is impossible
   */
  private open(): void {
    this.watcher?.close();
    this.watcher = undefined;
    try {
      mkdirSync(this.directory, { mode: 0o700 });
    } catch (error) {
      // Somebody else made it meanwhile. A link would lead out of the agent's own directory.
      const stats = lstatSync(this.directory, { throwIfNoEntry: false });
      if (stats?.isDirectory() !== true || (process.getuid?.() ?? stats.uid) !== stats.uid) throw error;
    }
    const watcher = watch(this.directory, (_event, name) => this.taste(name));
    watcher.on('error', () => {
      watcher.close();
      if (this.watcher === watcher) this.watcher = undefined;
    });
    this.watcher = watcher;
    if (!this.rename()) writeFileSync(this.cookie(++this.serial), '', { flag: 'wx', mode: 0o600 });
    this.failing = false;
  }

  private taste(name: string | null): void {
    if (name === null || !name.startsWith(this.prefix)) return;
    const serial = Number(name.slice(this.prefix.length));
    this.rewrites = 0;
    for (const { resolve } of this.take(serial)) resolve(true);
    this.tasted(serial);
  }

  /** Takes out the calls that a hint of the cookie number `serial` answers. */
  private take(serial: number): Waiting[] {
    const answered = this.baked.filter((call) => call.serial <= serial);
    this.baked = this.baked.filter((call) => call.serial > serial);
    if (this.baked.length === 0) {
      // Only while it has something to do: an idle process sleeps.
      clearTimeout(this.rewriter);
      this.rewriter = undefined;
    }
    return answered;
  }

  private checkOldest(): void {
    const [oldest] = this.baked;
    this.rewriter = undefined;
    if (oldest === undefined) return;
    this.rewriter = setTimeout(() => this.checkOldest(), rewriteMs).unref();
    if (performance.now() - oldest.sinceMs >= rewriteMs) this.rewrite();
  }

  /** The hint was dropped, or the watch is on a directory that is elsewhere or gone: a new one is made, too. */
  private rewrite(): void {
    this.rewrites += 1;
    if (this.rewrites > mostRewrites) this.giveUp(new Error(`no hint of ${this.cookie()}`));
    else this.write(true);
  }

  private giveUp(error: unknown): void {
    this.rewrites = 0;
    this.watcher?.close();
    this.watcher = undefined;
    if (!this.failing) this.log.warn('no barrier, a sync crawls instead', { path: this.directory, error });
    this.failing = true;
    for (const { resolve } of this.take(Number.POSITIVE_INFINITY)) resolve(false);
  }

  private cookie(serial = this.serial): string {
    return join(this.directory, `${this.prefix}${serial}`);
  }
}

/** The answer to a sync that the agent's end overtook. */
export function agentStopped(): DevagentError {
  return new DevagentError(
    'sync_failed',
    'the agent stopped before the watcher had caught up: call sync again once it runs',
  );
}
