// Small random operations on one tree. They are those of test/support and more of their kind, and each is
// noted with its paths: after hours nobody can do it over to see what it was.
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../../test/support/random-operations.ts';

/** Few, so that operations meet each other on the same path all the time. */
export const fewNames: readonly string[] = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
/** More, so that there is a tree of some size, and some names that are hard to handle. */
export const manyNames: readonly string[] = [
  ...Array.from({ length: 14 }, (_unused, index) => `m${index}`),
  ' two  blanks ',
  'new\nline',
  'émoji 🎉',
  '\\',
  '...',
  '-rf',
];

/** Those that rules speak of, and a file of rules itself, which then is anything but. */
export const ruledNames: readonly string[] = [
  ...['n0', 'n1', 'n2', 'N1', 'a.log', 'b.LOG', 'build', 'keep', '[x]', '#c', '!d', 'sp '],
  '.gitignore',
];

/** Where and with what names. */
export interface OperationsOptions {
  readonly base: string;
  readonly names: readonly string[];
  /** Another tree on the same file system, to move things to and from. */
  readonly elsewhere: string;
  readonly seed: number;
  /** Is told what was done. */
  readonly note: (what: string, ...paths: readonly string[]) => void;
}

/** An operation on a path; of one on two, with the directory that the other one is chosen in. */
type Kind = readonly [what: string, run: (path: string, other: string) => void, otherBase?: string];

/** Does operations below one directory. */
export class Operations {
  private readonly options: OperationsOptions;
  private readonly random: () => number;
  private readonly kinds: readonly Kind[];
  private serial = 0;

  constructor(options: OperationsOptions) {
    const { base, elsewhere, seed } = options;
    this.options = options;
    this.random = randomFrom(seed);
    this.kinds = [
      ['write', (path) => writeFileSync(path, this.content())],
      ['write', (path) => writeFileSync(path, this.content())],
      ['write with directories', (path) => this.writeDeep(path)],
      ['write with directories', (path) => this.writeDeep(path)],
      ['append', (path) => appendFileSync(path, this.content())],
      ['truncate', (path) => truncateSync(path)],
      ['same length', (path) => this.rewrite(path)],
      ['mkdir', (path) => mkdirSync(path)],
      ['remove', (path) => rmSync(path, { recursive: true })],
      ['unlink', (path) => unlinkSync(path)],
      ['unlink', (path) => unlinkSync(path)],
      ['rename', renameSync, base],
      ['rename', renameSync, base],
      ['move elsewhere', renameSync, elsewhere],
      ['exchange', (path, other) => this.exchange(path, other), base],
      ['move away and back', (path) => this.awayAndBack(path)],
      ['replace by directory', (path) => this.replaceByDirectory(path)],
      ['replace by file', (path) => this.replaceByFile(path)],
      ['directory anew', (path) => this.directoryAnew(path)],
      ['symlink', (path) => symlinkSync(this.name(), path)],
      ['save by rename', (path) => this.saveByRename(path)],
      ['copy', (path, other) => copyFileSync(path, other), base],
      // Never without a right that is needed to go on.
      ['chmod', (path) => chmodSync(path, this.random() < 0.5 ? 0o755 : 0o700)],
      ['utimes', (path) => utimesSync(path, this.serial, Math.floor(this.random() * 2e9))],
    ];
  }

  /** Tries until one succeeds: an operation that the tree does not allow is none. */
  step(): void {
    for (;;) {
      const [what, run, otherBase] = this.kinds[Math.floor(this.random() * this.kinds.length)] as Kind;
      const path = this.somePath(this.options.base);
      const other = otherBase === undefined ? '' : this.somePath(otherBase);
      try {
        run(path, other);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        continue;
      }
      this.options.note(what, path, ...(other === '' ? [] : [other]));
      return;
    }
  }

  private name(): string {
    const { names } = this.options;
    return names[Math.floor(this.random() * names.length)] as string;
  }

  private somePath(base: string): string {
    const depth = 1 + Math.floor(this.random() * 3);
    return join(base, ...Array.from({ length: depth }, () => this.name()));
  }

  private content(): string {
    return 'x'.repeat(Math.floor(this.random() * 40));
  }

  private writeDeep(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, this.content());
  }

  private exchange(path: string, other: string): void {
    const aside = `${path}.aside`;
    lstatSync(other);
    // One that lies in the other would be left aside half-way.
    if (other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) {
      throw Object.assign(new Error('no two entries'), { code: 'EINVAL' });
    }
    renameSync(path, aside);
    renameSync(other, path);
    renameSync(aside, other);
  }

  private awayAndBack(path: string): void {
    const aside = `${path}.aside`;
    renameSync(path, aside);
    if (lstatSync(aside).isDirectory()) writeFileSync(join(aside, 'while away'), this.content());
    renameSync(aside, path);
  }

  private rewrite(path: string): void {
    const stats = lstatSync(path);
    if (stats.isFile()) writeFileSync(path, String(this.serial++ % 10).repeat(stats.size));
  }

  private replaceByDirectory(path: string): void {
    rmSync(path, { recursive: true });
    mkdirSync(path);
    writeFileSync(join(path, this.name()), this.content());
  }

  private replaceByFile(path: string): void {
    rmSync(path, { recursive: true });
    writeFileSync(path, this.content());
  }

  private directoryAnew(path: string): void {
    const names = readdirSync(path);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    if (names[0] !== undefined) writeFileSync(join(path, names[0]), this.content());
  }

  private saveByRename(path: string): void {
    const temporary = `${path}.tmp`;
    writeFileSync(temporary, this.content());
    try {
      renameSync(temporary, path);
    } catch (error) {
      // What did not happen leaves nothing behind that no note tells of.
      unlinkSync(temporary);
      throw error;
    }
  }
}
