// The file that the log is kept in: appended to line by line, and rotated when it has grown.
//
// Written here and not by winston's File transport (3.19), which was tried first: rotating in a burst it
// lost a quarter to all of 5,000 lines, and when the disk was full it said nothing, held every later line in
// memory and stopped the console as well. Writing at once also means that the last words of a process
// that dies are on disk.
import { closeSync, constants, lstatSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories, openRegularFile, UnfitFileError } from '../../shared/index.ts';

/** A log stays readable in an editor, and all files of an agent stay under 50 MB. */
const defaultMaxBytes = 10 * 1024 * 1024;
const defaultMaxFiles = 5;

export interface LogFileOptions {
  /** The size at which a file is put aside. */
  readonly maxBytes?: number | undefined;
  /** Files kept, the one being written to included. */
  readonly maxFiles?: number | undefined;
}

/** Lines appended to FILE; older ones are in FILE.1, still older ones in FILE.2 and so on. */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #descriptor: number | undefined;
  #sizeBytes = 0;
  /** Whether the file ends in the beginning of a line, because the disk was full. */
  #torn = false;

  /** Opens nothing yet: the first line does. */
  constructor(path: string, { maxBytes = defaultMaxBytes, maxFiles = defaultMaxFiles }: LogFileOptions = {}) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#maxFiles = maxFiles;
  }

  /**
   * Opens the file (mode 0600 when it is new), and its directory (0700), unless that is done already.
   * @throws Error of the file system, or for a path that is no regular file of this user's: opening a pipe could
   *   block for ever, rotating would rename a device, a link could lead to any file of this user's, and who owns
   *   the file reads what is written to it.
   */
  open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    makeDirectories(dirname(this.path));
    const { descriptor, stats } = this.#openChecked();
    const userId = process.getuid?.();
    if (userId !== undefined && stats.uid !== userId) {
      closeSync(descriptor);
      throw new Error(`${this.path} belongs to the user ${stats.uid}, not to you (${userId})`);
    }
    this.#descriptor = descriptor;
    this.#sizeBytes = stats.size;
    return descriptor;
  }

  /**
   * Appends `line`, after rotating if it would not fit any more. After an error the next call tries anew.
   * @param line without a line break
   * @throws Error of the file system; the line is lost then
   */
  write(line: string): void {
    let descriptor = this.open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + Buffer.byteLength(line) >= this.#maxBytes) {
      this.#rotate();
      descriptor = this.open();
    }
    const whole = Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`);
    let rest = whole;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
      this.#torn = false;
    } finally {
      const writtenBytes = whole.length - rest.length;
      this.#sizeBytes += writtenBytes;
      if (rest.length > 0 && writtenBytes > 0) this.#torn = true;
    }
  }

  /** Closes the file; a later line would open it again. */
  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    closeSync(descriptor);
  }

  #openChecked(): ReturnType<typeof openRegularFile> {
    try {
      return openRegularFile(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    } catch (error) {
      if (!(error instanceof UnfitFileError)) throw error;
      throw new Error(`${this.path} ${error.message}`, { cause: error });
    }
  }

  #rotate(): void {
    this.close();
    this.#torn = false;
    if (this.#maxFiles === 1) rmSync(this.path, { force: true });
    for (let number = this.#maxFiles - 1; number >= 1; number -= 1) {
      const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
      if (lstatSync(from, { throwIfNoEntry: false }) !== undefined)
        renameSync(from, `${this.path}.${number}`);
    }
  }
}
