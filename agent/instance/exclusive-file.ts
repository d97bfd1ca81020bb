// Files that exactly one of many processes makes, and that are never seen half written.
import { randomBytes } from 'node:crypto';
import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { errorCode } from './file-errors.ts';

/** A name beside `path` that nobody else uses, for a file that becomes `path` when it is complete. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Makes the file `path` (mode 0600) unless it exists. The content is written to a temporary file first,
 * which link(2) then gives its name: that fails when the name is taken, and whoever sees the file sees all
 * of it. Where there are no hard links, for which file systems have a dozen errors, the file is opened exclusively
 * instead; then a reader may come between opening and writing, and see it empty. All calls are synchronous, so that no exit of the
 * process can fall between them.
 * @returns whether this call made the file; false when it existed
 * @throws Error of the file system
 */
export function createExclusive(path: string, content: string): boolean {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return createByOpening(path, content);
}

/** The fallback of createExclusive, on its own so that it can be tested where there are hard links. */
export function createByOpening(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
