// The engine's eyes: the few calls by which it looks at the disk, each with its errors sorted into what
// they mean. All are synchronous: a local lstat takes 2 µs, and ten times that through the thread pool.

import { hash } from 'node:crypto';
import { type Dir, opendirSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { parse } from 'node:path';
import { chdir, cwd } from 'node:process';
import { readBeginning, UnfitFileError } from '../../shared/index.ts';
import { lstatExactly } from './inodes.ts';
import { diskPath, joinPath, keyFromBytes, mayBeLossy, relativeDiskPath } from './names.ts';

/** Names read at once from a large directory: less than a millisecond's work. */
const namesPerRead = 256;
/** Contents beyond this size are not read: that would hold up the event loop. */
const contentsLimitBytes = 64 * 1024;

/** What can't be looked at, as opposed to what is not there. */
export interface Unseen {
  readonly unseen: NodeJS.ErrnoException;
}

/** Looks at the files below one root by their keys (names.ts). */
export class Disk {
  readonly root: string;
  /** Where the process was before it entered the root; undefined while it is outside. */
  private home: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Makes the root the working directory, so that every look until `leave` is one into this very directory: a
   * path is walked anew at each look, and nothing tells when a directory above the root is elsewhere for a
   * moment. (Through /proc/self/fd a look costs twice as much.) Nobody else gets to see it, since no turn of
   * the event loop ends inside, and all other paths in the agent are absolute.
   * @returns the root that was entered, or undefined if there is none. One that is closed to us can't be
   *   entered: its looks go by its path, and say why.
   */
  enter(): Stats | undefined | Unseen {
    const home = workingDirectory();
    try {
      chdir(this.root);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { unseen: error as NodeJS.ErrnoException };
    }
    this.home = home;
    return this.look('');
  }

  /** Goes back to where the process was before `enter`. */
  leave(): void {
    const { home } = this;
    if (home === undefined) return;
    this.home = undefined;
    try {
      chdir(home);
    } catch {
      // That directory is gone, and nobody has missed it. To stay would keep the root's file system busy.
      chdir(parse(this.root).root);
    }
  }

  /** What the system takes for `path` at this moment; inside the root, until `leave` only. */
  place(path: string): string | Buffer {
    return this.home === undefined ? diskPath(this.root, path) : relativeDiskPath(path);
  }

  /** The absolute path of `path`, as text. */
  absolute(path: string): string {
    return String(diskPath(this.root, path));
  }

  /** What is at `path`; undefined if nothing is. */
  look(path: string): Stats | undefined | Unseen {
    try {
      return lstatExactly(this.place(path));
    } catch (error) {
      return { unseen: error as NodeJS.ErrnoException };
    }
  }

  /** Whether two names in a directory lead to the same entry, as hard links do, and forms that the file system folds. */
  isSame(directory: string, name: string, other: string): boolean {
    const [a, b] = [this.look(joinPath(directory, name)), this.look(joinPath(directory, other))];
    if (a === undefined || b === undefined || 'unseen' in a || 'unseen' in b) return false;
    return a.ino === b.ino && a.birthtimeMs === b.birthtimeMs;
  }

  /** The keys in a directory; undefined if it is gone or no directory any more. */
  list(path: string): string[] | undefined | Unseen {
    try {
      const names = readdirSync(this.place(path));
      if (!names.some(mayBeLossy)) return names;
      return readdirSync(this.place(path), { encoding: 'buffer' }).map(keyFromBytes);
    } catch (error) {
      return goneOrUnseen(error);
    }
  }

  /** As `list`, for a directory that is so large that it has to be listed in steps (slices.ts). */
  *listInSteps(path: string): Generator<void, string[] | undefined | Unseen> {
    let directory: Dir | undefined;
    try {
      // Names as bytes, which Node's types do not know of here.
      const options = { encoding: 'buffer' as BufferEncoding, bufferSize: namesPerRead };
      directory = opendirSync(this.place(path), options);
      const keys: string[] = [];
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        keys.push(keyFromBytes(entry.name as unknown as Buffer));
        if (keys.length % namesPerRead === 0) yield;
      }
      return keys;
    } catch (error) {
      return goneOrUnseen(error);
    } finally {
      directory?.closeSync();
    }
  }

  /** A hash of what is in a file or symlink; undefined for a large file, and for one that can't be read. */
  contents(path: string): string | undefined {
    const place = this.place(path);
    const stats = this.look(path);
    if (stats === undefined || 'unseen' in stats) return undefined;
    if (stats.size > contentsLimitBytes) return undefined;
    try {
      if (stats.isSymbolicLink()) return hashOf(readlinkSync(place, { encoding: 'buffer' }));
      const { bytes, isWhole } = readBeginning(place, contentsLimitBytes);
      return isWhole ? hashOf(bytes) : undefined;
    } catch {
      // What can't be read is not known.
      return undefined;
    }
  }
}

function hashOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64');
}

function workingDirectory(): string {
  try {
    return cwd();
  } catch {
    // It was removed.
    return parse(process.execPath).root;
  }
}

const nothingThere = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Sorts an error of a look: nothing of the kind is there, or it can't be looked at. */
export function goneOrUnseen(error: unknown): undefined | Unseen {
  if (error instanceof UnfitFileError) return undefined;
  const { code = '' } = error as NodeJS.ErrnoException;
  return nothingThere.has(code) ? undefined : { unseen: error as NodeJS.ErrnoException };
}
