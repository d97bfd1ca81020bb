// What a folder has at a path, links followed as long as they stay in it.
import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isWithin } from '../../shared/index.ts';
import { isHiddenName } from './request-path.ts';

/** Something that is there, by its real path. */
export interface Found {
  readonly kind: 'file' | 'directory';
  readonly path: string;
  readonly stats: Stats;
}

/** Why there is nothing to be had. */
export interface NotFound {
  readonly kind: 'missing' | 'outside' | 'unreadable' | 'special';
}

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

  /** Looks up what the names lead to, from the folder down. */
  async find(names: readonly string[]): Promise<Found | NotFound> {
    if (names.some(isHiddenName)) return { kind: 'missing' };
    let path: string;
    let stats: Stats;
    try {
      path = await realpath(join(this.root, ...names));
      stats = await stat(path);
    } catch (error) {
      return { kind: missing.has((error as NodeJS.ErrnoException).code) ? 'missing' : 'unreadable' };
    }
    // A link may lead anywhere, to what the folder keeps to itself as well.
    if (!isWithin(this.root, path)) return { kind: 'outside' };
    if (relative(this.root, path).split(sep).some(isHiddenName)) return { kind: 'missing' };
    if (stats.isDirectory()) return { kind: 'directory', path, stats };
    // Reading a FIFO or a device might never end.
    return stats.isFile() ? { kind: 'file', path, stats } : { kind: 'special' };
  }

  /** What a directory of the folder holds that can be asked for, directories first, and how much was left out. */
  async list(names: readonly string[], path: string): Promise<{ entries: Entry[]; more: number }> {
    const all = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !isHiddenName(name));
    const entries: Entry[] = [];
    for (const entry of all.slice(0, mostEntries)) {
      const isDirectory = await this.isDirectory(names, entry);
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
  private async isDirectory(names: readonly string[], entry: Dirent): Promise<boolean | undefined> {
    if (entry.isDirectory()) return true;
    if (entry.isFile()) return false;
    if (!entry.isSymbolicLink()) return undefined;
    const { kind } = await this.find([...names, entry.name]);
    return kind === 'file' || kind === 'directory' ? kind === 'directory' : undefined;
  }
}
