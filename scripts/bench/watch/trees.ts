// Trees to be watched.
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { randomFrom } from '../../../test/support/random-operations.ts';
import type { Bench } from '../support/bench.ts';

const filesPerDirectory = 20;
/** Directories with files in one above them: enough that a listing is no feat, as in a project's packages. */
const directoriesPerParent = 50;

/** A tree of files. */
export interface Tree {
  readonly root: string;
  /** Relative to the root. */
  readonly files: readonly string[];
  /** The root not counted. */
  readonly directories: number;
}

/** The trees of a run, each made when it is first asked for, and kept for the parts after that. */
export class Trees {
  private readonly bench: Bench;
  private readonly made = new Map<number, Promise<Tree>>();

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** The tree of so many files, on disk, with the kernel's caches warm. */
  ofSize(fileCount: number): Promise<Tree> {
    const tree = this.made.get(fileCount) ?? makeTree(this.bench, fileCount);
    this.made.set(fileCount, tree);
    return tree;
  }
}

/** Makes a tree of so many files, and walks through it once, so that the kernel's caches are warm. */
async function makeTree(bench: Bench, fileCount: number): Promise<Tree> {
  bench.progress(`making a tree of ${fileCount} files`);
  const { path: root } = bench.cleanups.directory(bench.diskDirectory);
  const files: string[] = [];
  const parents = new Set<string>();
  for (let n = 0; files.length < fileCount; n++) {
    const parent = `package${Math.floor(n / directoriesPerParent)}`;
    const directory = `${parent}/part${n % directoriesPerParent}`;
    parents.add(parent);
    parents.add(directory);
    mkdirSync(join(root, directory), { recursive: true });
    for (let k = 0; k < filesPerDirectory && files.length < fileCount; k++) {
      const file = `${directory}/file${k}.ts`;
      writeFileSync(join(root, file), `export const value${n} = ${k};\n`);
      files.push(file);
    }
    if (n % directoriesPerParent === 0) {
      // An interrupt is heard, and ends this: the tree is being removed then.
      await turn();
      bench.interrupted.throwIfAborted();
    }
  }
  walk(root);
  return { root, files, directories: parents.size };
}

function walk(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) walk(path);
    else lstatSync(path);
  }
}

/** The files of a tree in random order, the same for the same seed. */
export function shuffled(files: readonly string[], seed: number): string[] {
  const random = randomFrom(seed);
  const order = [...files];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] as string, order[at] as string];
  }
  return order;
}
