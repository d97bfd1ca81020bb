// What is left out of the index because it can't be looked at, or is no file, directory or symlink: each path is logged
// once, and many are summed up.
import type { Log } from '../log/index.ts';

/** Paths that are remembered, so as to be counted once: a megabyte or two. */
const mostRemembered = 10_000;
/** Paths that are logged one by one; the rest is summed up. */
const loggedSingly = 100;

/** The skipped paths of one root. */
export class Skips {
  private readonly log: Log;
  private readonly paths = new Set<string>();
  private summedUp = loggedSingly;

  constructor(log: Log) {
    this.log = log;
  }

  /** Leaves out what is at `path`, for the reason given. */
  add(path: string, why: string, error?: NodeJS.ErrnoException): void {
    if (this.paths.has(path) || this.paths.size >= mostRemembered) return;
    this.paths.add(path);
    if (this.paths.size > loggedSingly) return;
    this.log.warn('entry skipped', { path, why, ...(error === undefined ? {} : { error: error.code }) });
  }

  /** An entry at `path` is gone: whatever comes there next is logged anew. */
  forget(path: string): void {
    this.paths.delete(path);
  }

  /** Logs how many there are, whenever that is twice as many as were logged before. */
  sumUp(): void {
    const { size } = this.paths;
    if (size < this.summedUp * 2) return;
    this.summedUp = size;
    const atLeast = size >= mostRemembered ? { atLeast: true } : {};
    this.log.warn('more entries skipped', { entries: size, ...atLeast });
  }
}
