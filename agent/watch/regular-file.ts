// Reading a file of which nobody knows what it is.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The beginning of a regular file; undefined for anything else. Never waits on a FIFO.
 * @param limitBytes the most that is read
 * @param flags more flags of open(2)
 * @throws NodeJS.ErrnoException as the system gives it
 */
export function readRegularFile(
  path: string | Buffer,
  limitBytes: number,
  flags: number,
): { readonly bytes: Buffer; readonly whole: boolean } | undefined {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(stats.size, limitBytes));
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
    return { bytes, whole: stats.size <= limitBytes };
  } finally {
    closeSync(file);
  }
}
