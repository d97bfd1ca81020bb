// Opening what a path leads to, and learning what was opened: a look before the opening says nothing, since a file
// can be replaced by a link in between.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';

/**
 * Linux: opens a place and not its content, so that nothing happens to a FIFO or a device. Node has no name for it; the
 * number is that of every processor that Node runs on.
 */
const O_PATH = 0o10000000;
/** Elsewhere: should a FIFO take the file's place, it is opened at once and does not wait for a writer. */
const openNow = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const deleted = ' (deleted)';

/** Something that was opened, under its real path at that time. */
export class Opened {
  readonly path: string;
  readonly stats: Stats;
  /** A path that leads to this very thing, whatever takes its place. */
  readonly reach: string;
  readonly #handle: FileHandle;
  #content: FileHandle | undefined;

  private constructor(handle: FileHandle, path: string, reach: string, stats: Stats) {
    this.#handle = handle;
    this.path = path;
    this.reach = reach;
    this.stats = stats;
  }

  /**
   * Opens a path, links followed. Neither a FIFO nor a device holds it up.
   * @returns undefined for what is no file and no directory
   * @throws what the file system says, ENOENT for a path that is being replaced
   */
  static async at(path: string): Promise<Opened | undefined> {
    if (process.platform === 'linux') return Opened.#byDescriptor(path);
    if (!isServed(await stat(path))) return undefined;
    const handle = await open(path, openNow);
    try {
      const [stats, real] = [await handle.stat(), await realpath(path)];
      const there = await lstat(real);
      if (there.ino !== stats.ino || there.dev !== stats.dev) throw gone(path);
      if (isServed(stats)) return new Opened(handle, real, real, stats);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  static async #byDescriptor(path: string): Promise<Opened | undefined> {
    const handle = await open(path, O_PATH);
    try {
      const reach = `/proc/self/fd/${handle.fd}`;
      const real = await readlink(reach);
      const stats = await handle.stat();
      if (isServed(stats)) {
        const isDeleted = stats.nlink === 0 && real.endsWith(deleted);
        return new Opened(handle, isDeleted ? real.slice(0, -deleted.length) : real, reach, stats);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  get isDirectory(): boolean {
    return this.stats.isDirectory();
  }

  /** The file for reading; closed with this. */
  async content(): Promise<FileHandle> {
    if (this.reach === this.path) return this.#handle;
    this.#content ??= await open(this.reach, constants.O_RDONLY);
    return this.#content;
  }

  async close(): Promise<void> {
    await this.#content?.close();
    await this.#handle.close();
  }
}

function isServed(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory();
}

function gone(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path} is being replaced`), { code: 'ENOENT' });
}
