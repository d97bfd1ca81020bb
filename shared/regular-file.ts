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
  path: string,
  flags: number,
  { follow = false, mode = 0o600 }: OpenOptions = {},
): { readonly descriptor: number; readonly stats: Stats } {
  const before = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  if (before !== undefined) requireRegular(before);
  // Windows has neither of the two.
  const careful = (constants.O_NONBLOCK ?? 0) | (follow ? 0 : (constants.O_NOFOLLOW ?? 0));
  const descriptor = openSync(path, flags | careful, mode);
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

function requireRegular(stats: Stats): void {
  if (stats.isSymbolicLink()) throw new UnfitFileError('is_link', 'is a symbolic link');
  if (!stats.isFile()) throw new UnfitFileError('not_regular', 'is not a regular file');
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
  const { descriptor, stats } = openRegularFile(path, constants.O_RDONLY, options);
  try {
    const chunks: Buffer[] = [];
    // Not by its size: files below /proc have none, and some have no end.
    for (let bytes = 0; ; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(descriptor, chunk, 0, chunkBytes, null);
      if (read === 0) return { text: Buffer.concat(chunks).toString('utf8'), stats };
      bytes += read;
      if (bytes > limitBytes) throw new UnfitFileError('too_large', `is larger than ${limitBytes} bytes`);
      chunks.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}
