// The agent's log file and its older pieces, FILE.1, FILE.2 and so on: the last lines of them, and those
// that come, also when the file is put aside meanwhile.
import { closeSync, constants, fstatSync, lstatSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openRegularFile, UnfitFileError } from '../../shared/index.ts';

const chunkBytes = 64 * 1024;
/** Felt as "at once"; a look at a file that did not change costs next to nothing. */
const pollMs = 100;
const lineBreak = 0x0a;

/** A file that is open, and told from others by its inode as long as it is. */
interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
  /** How much of it has been handed on. */
  offset: number;
}

/** One agent's log. */
export class LogReader {
  readonly #path: string;
  #file: OpenFile | undefined;
  /** The beginning of a line whose end is yet to be written. */
  #torn: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether there is a log, now. */
  get exists(): boolean {
    return inodeOf(this.#path) !== undefined;
  }

  /**
   * The last `count` whole lines that `takes` takes, oldest first; {@link follow} goes on behind them.
   * @throws Error of the file system
   */
  last(count: number, takes: (line: string) => boolean): string[] {
    this.#file = openFile(this.#path);
    if (this.#file === undefined) return [];
    const { descriptor } = this.#file;
    this.#file.offset = endOfLines(descriptor);
    const found: string[] = [];
    const gather = (lines: Iterable<string>): void => {
      for (const line of lines) {
        if (found.length >= count) return;
        if (takes(line)) found.push(line);
      }
    };
    gather(linesBackwards(descriptor, this.#file.offset));
    // Put aside since it was opened, it may have a number by now.
    let number = (numberOf(this.#path, this.#file.inode) ?? 0) + 1;
    for (; found.length < count; number += 1) {
      const older = openFile(`${this.#path}.${number}`);
      if (older === undefined) break;
      gather(linesBackwards(older.descriptor, fstatSync(older.descriptor).size));
      closeSync(older.descriptor);
    }
    return found.reverse();
  }

  /**
   * Hands on the lines that are written from now on, or since {@link last}, for ever.
   * @param handOn may take its time: no more is read before it is done
   * @param lost is told when lines were put aside and removed before they could be read
   * @throws Error of the file system, and what `handOn` throws
   */
  async follow(handOn: (lines: readonly string[]) => Promise<void>, lost: () => void): Promise<never> {
    for (;;) {
      await this.#drain(handOn);
      if (!(await this.#moveOn(handOn, lost))) await delay(pollMs);
    }
  }

  /** Hands on what has been written to the present file. */
  async #drain(handOn: (lines: readonly string[]) => Promise<void>): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    // Somebody emptied it in place.
    if (fstatSync(file.descriptor).size < file.offset) file.offset = 0;
    for (;;) {
      const piece = readAt(file.descriptor, file.offset, chunkBytes);
      if (piece.length === 0) return;
      file.offset += piece.length;
      const text = Buffer.concat([this.#torn, piece]);
      const end = text.lastIndexOf(lineBreak) + 1;
      this.#torn = text.subarray(end);
      const lines = wholeLines(text.subarray(0, end));
      if (lines.length > 0) await handOn(lines);
    }
  }

  /** Takes the next file when the present one was put aside; returns whether there is one. */
  async #moveOn(handOn: (lines: readonly string[]) => Promise<void>, lost: () => void): Promise<boolean> {
    const before = this.#file;
    if (inodeOf(this.#path) === before?.inode) return false;
    const number = before === undefined ? undefined : numberOf(this.#path, before.inode);
    const next = openFile(number === undefined || number === 1 ? this.#path : `${this.#path}.${number - 1}`);
    if (next === undefined) return false;
    if (before !== undefined) {
      // Files may have been put aside since the look at their numbers: then which one was opened is unknown.
      if (numberOf(this.#path, before.inode) !== number) {
        closeSync(next.descriptor);
        return true;
      }
      // What was written to it between the last reading and the rotation.
      await this.#drain(handOn);
      if (this.#torn.length > 0) await handOn(wholeLines(this.#torn));
      this.#torn = Buffer.alloc(0);
      closeSync(before.descriptor);
      if (number === undefined) lost();
    }
    this.#file = next;
    return true;
  }
}

function openFile(path: string): OpenFile | undefined {
  try {
    const { descriptor, stats } = openRegularFile(path, constants.O_RDONLY);
    return { descriptor, inode: stats.ino, offset: 0 };
  } catch (error) {
    // Whatever else is there, no agent wrote a log in it.
    if (error instanceof UnfitFileError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return undefined;
    throw error;
  }
}

/** The inode of a regular file; undefined where there is none. */
function inodeOf(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.ino : undefined;
}

/** Which piece of the log an inode is: 1 for the newest that was put aside; undefined for none of them. */
function numberOf(path: string, inode: number): number | undefined {
  for (let number = 1; ; number += 1) {
    const other = inodeOf(`${path}.${number}`);
    if (other === undefined) return undefined;
    if (other === inode) return number;
  }
}

function readAt(descriptor: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, position));
}

function wholeLines(text: Buffer): string[] {
  return text
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

/** Where the last whole line ends. */
function endOfLines(descriptor: number): number {
  for (let end = fstatSync(descriptor).size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const found = readAt(descriptor, start, end - start).lastIndexOf(lineBreak);
    if (found !== -1) return start + found + 1;
    end = start;
  }
  return 0;
}

/** The lines of the first `endBytes` bytes, from the last one back. */
function* linesBackwards(descriptor: number, endBytes: number): Generator<string> {
  let tail: Buffer = Buffer.alloc(0);
  for (let position = endBytes; position > 0; ) {
    const start = Math.max(0, position - chunkBytes);
    const piece = Buffer.concat([readAt(descriptor, start, position - start), tail]);
    position = start;
    const first = piece.indexOf(lineBreak);
    // The first line of the piece may have begun before it.
    tail = first === -1 ? piece : piece.subarray(0, first);
    if (first !== -1) yield* wholeLines(piece.subarray(first + 1)).reverse();
  }
  yield* wholeLines(tail);
}
