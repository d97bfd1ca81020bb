// What a folder has at a path, links followed as long as they stay in it.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isWithin } from '../../shared/index.ts';
import { Opened } from './opened.ts';
import { isHiddenName } from './request-path.ts';

/** Why there is nothing to be had. */
export type NotFound = 'missing' | 'outside' | 'unreadable' | 'special';

/** An entry of a directory that can be asked for. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** More makes no list that anybody reads. */
const mostEntries = 2_000;

const missing: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL']);

/** A folder whose files may be seen. */
export class Folder {
  /** Its real path. */
  readonly root: string;

  /** @param root its real path */
  constructor(root: string) {
    this.root = root;
  }

  /**
   * Opens what the names lead to, from the folder down. What is checked is what was opened.
   * @returns something to be closed by who asked, or why there is nothing
   */
  async open(names: readonly string[]): Promise<Opened | NotFound> {
    if (names.some(isHiddenName)) return 'missing';
    let opened: Opened | undefined;
    try {
      opened = await Opened.at(join(this.root, ...names));
    } catch (error) {
      return missing.has((error as NodeJS.ErrnoException).code) ? 'missing' : 'unreadable';
    }
    // Reading a FIFO or a device might never end.
    if (opened === undefined) return 'special';
    const why = this.#refusal(opened.path);
    if (why === undefined) return opened;
    await opened.close();
    return why;
  }

  /** A link may lead anywhere, to what the folder keeps to itself as well. */
  #refusal(path: string): NotFound | undefined {
    if (!isWithin(this.root, path)) return 'outside';
    return relative(this.root, path).split(sep).some(isHiddenName) ? 'missing' : undefined;
  }

  /** What a directory of the folder holds that can be asked for, directories first, and how much was left out. */
  async list(names: readonly string[], { reach }: Opened): Promise<{ entries: Entry[]; more: number }> {
    const all = (await readdir(reach, { withFileTypes: true })).filter(({ name }) => !isHiddenName(name));
    const entries: Entry[] = [];
    for (const entry of all.slice(0, mostEntries)) {
      const isDirectory = await this.#isDirectory(names, entry);
      if (isDirectory !== undefined) entries.push({ name: entry.name, isDirectory });
    }
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    entries.sort(
      (a, b) =>
        Number(b.isDirectory) - Number(a.isDirectory) ||
        compare(a.name, b.name) ||
        (a.name < b.name ? -1 : 1),
    );
    return { entries, more: Math.max(0, all.length - mostEntries) };
  }

  /** Undefined for what would not be served. */
  async #isDirectory(names: readonly string[], entry: Dirent): Promise<boolean | undefined> {
    if (entry.isDirectory()) return true;
    if (entry.isFile()) return false;
    if (!entry.isSymbolicLink()) return undefined;
    const opened = await this.open([...names, entry.name]);
    if (typeof opened === 'string') return undefined;
    await opened.close();
    return opened.isDirectory;
  }
}
