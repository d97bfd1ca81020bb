// Random operations on a real tree, from a seed: the same seed does the same.
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A small, well-mixed generator: https://prng.di.unimi.it/splitmix64.c, in 32 bits. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Does operations below one root. Few names, so that they meet each other. */
export class RandomOperations {
  private readonly root: string;
  private readonly random: () => number;
  private serial = 0;

  constructor(root: string, seed: number) {
    this.root = root;
    this.random = randomFrom(seed);
  }

  /** Does one; returns what it was. An operation that the tree does not allow is none. */
  step(): string {
    const operations: [string, () => void][] = [
      ['write', () => writeFileSync(this.somePath(), this.content())],
      ['write', () => writeFileSync(this.somePath(), this.content())],
      ['append', () => appendFileSync(this.somePath(), this.content())],
      ['same length', () => this.rewrite()],
      ['mkdir', () => mkdirSync(this.somePath(), { recursive: true })],
      ['mkdir', () => mkdirSync(this.somePath())],
      ['remove', () => rmSync(this.somePath(), { recursive: true })],
      ['rename', () => renameSync(this.somePath(), this.somePath())],
      ['rename', () => renameSync(this.somePath(), this.somePath())],
      ['replace by directory', () => this.replaceByDirectory()],
      ['replace by file', () => this.replaceByFile()],
      ['directory anew', () => this.directoryAnew()],
      ['symlink', () => symlinkSync(this.name(), this.somePath())],
      ['save by rename', () => this.saveByRename()],
    ];
    const [name, run] = operations[Math.floor(this.random() * operations.length)] as [string, () => void];
    try {
      run();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return `${name}: ${code}`;
    }
    return name;
  }

  private name(): string {
    return `n${Math.floor(this.random() * 6)}`;
  }

  private somePath(): string {
    const depth = 1 + Math.floor(this.random() * 3);
    return join(this.root, ...Array.from({ length: depth }, () => this.name()));
  }

  private content(): string {
    return 'x'.repeat(Math.floor(this.random() * 40));
  }

  private rewrite(): void {
    const path = this.somePath();
    if (lstatSync(path).isFile())
      writeFileSync(path, String(this.serial++ % 10).repeat(lstatSync(path).size));
  }

  private replaceByDirectory(): void {
    const path = this.somePath();
    rmSync(path, { recursive: true });
    mkdirSync(path);
    writeFileSync(join(path, this.name()), this.content());
  }

  private replaceByFile(): void {
    const path = this.somePath();
    rmSync(path, { recursive: true });
    writeFileSync(path, this.content());
  }

  private directoryAnew(): void {
    const path = this.somePath();
    const names = readdirSync(path);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    if (names[0] !== undefined) writeFileSync(join(path, names[0]), this.content());
  }

  private saveByRename(): void {
    const path = this.somePath();
    const temporary = `${path}.tmp`;
    writeFileSync(temporary, this.content());
    renameSync(temporary, path);
  }
}
