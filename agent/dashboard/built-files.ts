// The built page, which scripts/build.ts puts beside the bundle.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a page is made of; a file of another kind is none of it. */
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** One file of the page. */
export interface BuiltFile {
  /** Its media type. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** The page's files, read when the first of them is asked for: an agent whose page nobody opens does not hold them. */
export class BuiltFiles {
  readonly #directory: string;
  #read: Promise<ReadonlyMap<string, BuiltFile>> | undefined;

  constructor(directory = fileURLToPath(new URL('./dashboard/', import.meta.url))) {
    this.#directory = directory;
  }

  /** One of the files, by its name. Names are looked up among those that were read, and never become a path. */
  async find(name: string): Promise<BuiltFile | undefined> {
    this.#read ??= readAll(this.#directory);
    try {
      return (await this.#read).get(name);
    } catch (error) {
      // An installation that is being mended is not to be forgotten as a broken one.
      this.#read = undefined;
      throw error;
    }
  }
}

async function readAll(directory: string): Promise<ReadonlyMap<string, BuiltFile>> {
  const files = new Map<string, BuiltFile>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (entry.isFile() && type !== undefined) {
      files.set(entry.name, { type, bytes: await readFile(join(directory, entry.name)) });
    }
  }
  return files;
}
