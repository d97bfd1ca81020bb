// Trees of tens of thousands of files: made, moved, and removed whole.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './programs.ts';

/** More would make every comparison slow, and prove nothing more. */
const mostTrees = 2;
export const overflowDirectories = 200;

/** What a large tree needs of its surroundings. */
export interface LargeTreesOptions {
  /** Directories that trees are put in, on one file system. */
  readonly homes: readonly string[];
  /** A number from 0 to below 1. */
  readonly random: () => number;
  readonly note: (what: string, ...paths: readonly string[]) => void;
  /** Runs a program to its end. */
  readonly run: (program: Program) => Promise<void>;
  readonly archive: string;
}

/** The large trees that there are. */
export class LargeTrees {
  private readonly options: LargeTreesOptions;
  private paths: string[] = [];
  private serial = 0;

  constructor(options: LargeTreesOptions) {
    this.options = options;
  }

  /** A place for one more, after the oldest was removed if there are many. */
  async place(): Promise<string> {
    while (this.paths.length >= mostTrees) await this.removeOldest();
    const path = this.freshPath();
    this.paths.push(path);
    return path;
  }

  /** Extracts the archive. */
  async extract(): Promise<void> {
    const path = await this.place();
    this.options.note('tar x', path);
    mkdirSync(path);
    await this.options.run({ name: 'tar', args: ['-C', path, '-xf', this.options.archive] });
  }

  /** Removes the oldest tree, if there is any. */
  async removeOldest(): Promise<void> {
    const path = this.paths.shift();
    if (path === undefined) return;
    this.options.note('rm -rf', path);
    await this.options.run({ name: 'rm', args: ['-rf', path] });
  }

  /** Moves the newest one about, writing into it at every place; within one root or to the other. */
  move(): void {
    const moves = 1 + Math.floor(this.options.random() * 3);
    for (let move = 0; move < moves; move++) {
      const from = this.paths.pop();
      if (from === undefined) return;
      const to = this.freshPath();
      renameSync(from, to);
      this.paths.push(to);
      writeFileSync(join(to, `moved ${this.serial}`), from);
      this.options.note('mv', from, to);
    }
  }

  /** Moves the newest one out of all roots, and removes it there, while the agent drops it. */
  async moveOut(directory: string): Promise<void> {
    const from = this.paths.pop();
    if (from === undefined) return;
    const to = join(directory, `large${++this.serial}`);
    renameSync(from, to);
    this.options.note('mv', from, to);
    await this.options.run({ name: 'rm', args: ['-rf', to] });
  }

  /**
   * Fills 200 directories with more files than the kernel's queue has room for hints, and then has some of
   * the directories end their lives, and begin another, unheard.
   * @param watched whether the directories are there already, and watched; else they are made
   */
  fill(path: string, watched: boolean): void {
    // Two hints a file where there is a watch: 200 times 100 files fill the queue of 16,384 twice.
    const files = 100 + Math.floor(this.options.random() * 50);
    this.options.note(watched ? 'fill' : 'make and fill', path);
    for (let number = 0; number < overflowDirectories; number++) {
      const directory = join(path, `d${number}`);
      if (!watched) mkdirSync(directory, { recursive: true });
      for (let file = 0; file < files; file++) writeFileSync(join(directory, `f${file}`), 'full');
    }
    for (let number = 0; number < overflowDirectories; number += 20) {
      const directory = join(path, `d${number}`);
      rmSync(directory, { recursive: true });
      if (number % 40 === 0) mkdirSync(directory);
      if (number % 80 === 0) writeFileSync(join(directory, 'anew'), '');
      this.options.note('rm and mkdir', directory);
    }
  }

  /** Removes what was the directory `before` and is `now`, and all large trees in it. */
  async discard(before: string, now: string): Promise<void> {
    this.paths = this.paths.filter((path) => !path.startsWith(`${before}/`));
    this.options.note('rm -rf', now);
    await this.options.run({ name: 'rm', args: ['-rf', now] });
  }

  private freshPath(): string {
    const { homes, random } = this.options;
    const home = homes[Math.floor(random() * homes.length)] as string;
    return join(home, `large${++this.serial}`);
  }
}
