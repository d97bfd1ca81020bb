// Opening files in places where others may have left something else: a link, a pipe that would be waited for, a
// device, a file without an end.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';

const chunkBytes = 64 * 1024;
const linkText = 'is a symbolic link';

/** What is at a path is no file as it is wanted there; the message completes "the file PATH …". */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
  readonly code: 'is_link' | 'not_regular' | 'too_large';

  constructor(code: UnfitFileError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface OpenOptions {
  /** Whether a symbolic link at the path itself is followed; default false. */
  readonly follow?: boolean;
  /** Of a file that is made, where `flags` make one. */
  readonly mode?: number;
}

/**
 * Opens a regular file, and nothing else: never waits for what is on the other side of a pipe, and opens no device,
 * for which opening alone may mean something.
 * @param flags of open(2)
 * @returns its descriptor, which the caller closes, and what the system says of it
 * @throws UnfitFileError for anything but a regular file; Error of the file system
 */
export function openRegularFile(
  path: string | Buffer,
  flags: number,
  { follow = false, mode = 0o600 }: OpenOptions = {},
): { readonly descriptor: number; readonly stats: Stats } {
  const before = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  if (before !== undefined) requireRegular(before);
  // Windows has neither of the two.
  const careful = (constants.O_NONBLOCK ?? 0) | (follow ? 0 : (constants.O_NOFOLLOW ?? 0));
  const descriptor = openCarefully(path, flags | careful, mode);
  try {
    // It may have been another one a moment ago.
    const stats = fstatSync(descriptor);
    requireRegular(stats);
    return { descriptor, stats };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openCarefully(path: string | Buffer, flags: number, mode: number): number {
  try {
    return openSync(path, flags, mode);
  } catch (error) {
    // A link that came in between.
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw new UnfitFileError('is_link', linkText);
    throw error;
  }
}

function requireRegular(stats: Stats): void {
  if (stats.isSymbolicLink()) throw new UnfitFileError('is_link', linkText);
  if (!stats.isFile()) throw new UnfitFileError('not_regular', 'is not a regular file');
}

/** What a regular file begins with, and what the system says of it. */
export interface FileBeginning {
  readonly bytes: Buffer;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
  readonly stats: Stats;
}

/**
 * Reads a regular file, as far as a limit.
 * @throws UnfitFileError for anything but a regular file; Error of the file system
 */
export function readBeginning(
  path: string | Buffer,
  limitBytes: number,
  options: OpenOptions = {},
): FileBeginning {
  const { descriptor, stats } = openRegularFile(path, constants.O_RDONLY, options);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    // To the end, not by its size: files below /proc have none, and some have no end. One byte more shows that it goes on.
    while (length <= limitBytes) {
      const wanted = Math.min(
        stats.size > 0 ? stats.size + 1 : chunkBytes,
        chunkBytes,
        limitBytes + 1 - length,
      );
      const chunk = Buffer.allocUnsafe(wanted);
      const read = readSync(descriptor, chunk, 0, wanted, null);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      length += read;
    }
    return { bytes: Buffer.concat(chunks).subarray(0, limitBytes), isWhole: length <= limitBytes, stats };
  } finally {
    closeSync(descriptor);
  }
}

/** A regular file's text, and what the system says of it. */
export interface FileContent {
  readonly text: string;
  readonly stats: Stats;
}

/**
 * Reads a small regular file.
 * @param limitBytes more than anything that belongs there has
 * @throws UnfitFileError for anything but a regular file of at most so many bytes; Error of the file system
 */
export function readRegularFile(path: string, limitBytes: number, options: OpenOptions = {}): FileContent {
  const { bytes, isWhole, stats } = readBeginning(path, limitBytes, options);
  if (!isWhole) throw new UnfitFileError('too_large', `is larger than ${limitBytes} bytes`);
  return { text: bytes.toString('utf8'), stats };
}
