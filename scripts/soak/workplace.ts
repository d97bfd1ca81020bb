// Where it all happens: the directories of a run, what is prepared in them, and the programs that work on
// them. Everything is gone at the end, however that comes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crowd } from './crowds.ts';
import { inNamespace, mount, unmount } from './namespace.ts';
import { plantRules } from './planted-rules.ts';
import type { Program } from './programs.ts';

/** Three large trees, each file a page, and room to breathe. */
const roomNeededBytes = 3 * 2 ** 30;
export const archiveDirectories = 500;
const archiveFilesPerDirectory = 100;
/** How many files one extraction makes. */
export const archiveFiles = archiveDirectories * archiveFilesPerDirectory;
const trackedFiles = 3000;
/** Enough inodes and room for the agent's own files, and soon filled. */
const limitedOptions = 'mode=700,nr_inodes=300,size=64m';

/** The branches, by how many of the tracked files differ from the first one. */
export const branches: Readonly<Record<string, number>> = { main: 0, some: 300, many: 2000, moved: 500 };

/** ext4 is slow at making files after tens of thousands were removed: memory, if there is enough of it. */
function roomForMany(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > roomNeededBytes ? memory : tmpdir();
}

const freshDirectory = (parent: string): string => realpathSync(mkdtempSync(join(parent, 'devagent-soak-')));

/** The directories of one run. */
export class Workplace {
  /** For many files. */
  private readonly large = freshDirectory(roomForMany());
  /** On a disk if there is one, where inode numbers are given again at once, as they are not in memory. */
  private readonly small = freshDirectory(tmpdir());
  private readonly children = new Set<ChildProcess>();

  /** A root, and another one in it. */
  readonly outer = join(this.large, 'outer');
  readonly nested = join(this.outer, 'nested');
  /** A root that is a git repository. */
  readonly repository = join(this.small, 'repository');
  /** A root in which .gitignore files come and go. */
  readonly ruled = join(this.small, 'ruled');
  /** A root on a file system that knows no birth times, where one can be mounted. */
  readonly timeless = join(this.small, 'timeless');
  /** In no root, beside the large ones. */
  readonly stock = join(this.large, 'stock');
  /** What tar extracts. */
  readonly archive = join(this.large, 'files.tar');
  /** Holds the agent's own files; a file system of its own, where one can be mounted. */
  readonly limited = join(this.small, 'limited');
  readonly runtime = join(this.limited, 'run');
  readonly state = join(this.limited, 'state');
  readonly crowds: readonly Crowd[] = [
    new Crowd(this.stock, [this.outer, this.nested, join(this.outer, 'wide')]),
    new Crowd(this.small, [this.repository, join(this.repository, 'scratch')]),
  ];

  /** Those that are there from the beginning to the end. */
  get roots(): string[] {
    return [this.outer, this.nested, this.repository, this.ruled, this.timeless];
  }

  /** Makes the roots, the repository with its branches, and the archive. */
  async prepare(): Promise<void> {
    for (const path of [...this.roots, this.stock, this.limited]) mkdirSync(path);
    if (inNamespace) {
      mount('ramfs', this.timeless);
      mount('tmpfs', this.limited, limitedOptions);
    }
    plantRules(this.ruled);
    await this.prepareRepository();
    const source = join(this.large, 'source');
    for (let directory = 0; directory < archiveDirectories; directory++) {
      const path = join(source, `p${directory % 20}`, `d${directory}`);
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < archiveFilesPerDirectory; file++) {
        writeFileSync(join(path, `f${file}.js`), `${directory}.${file}`);
      }
    }
    await this.run({ name: 'tar', args: ['-C', source, '-cf', this.archive, '.'] });
    rmSync(source, { recursive: true });
  }

  /** Where a tracked file lies, relative to the repository. */
  trackedFile(index: number): string {
    return `src/part${index % 30}/file${index % trackedFiles}.ts`;
  }

  async git(...args: readonly string[]): Promise<void> {
    // gc would begin in the background, and be there still when the directory is removed.
    const config = [
      'user.name=soak',
      'user.email=soak@example.org',
      'gc.auto=0',
      'advice.detachedHead=false',
    ];
    const flags = config.flatMap((item) => ['-c', item]);
    await this.run({ name: 'git', args: ['-C', this.repository, ...flags, ...args] });
  }

  /** Runs a program to its end. */
  async run({ name: program, args }: Program): Promise<void> {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' };
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.children.add(child);
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const [code, signal] = await once(child, 'close');
    this.children.delete(child);
    if (code !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}: ${complaint}`);
  }

  /** Ends the programs and removes everything; does not wait, so that it can be the last thing done. */
  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    if (inNamespace) for (const path of [this.timeless, this.limited]) unmount(path);
    for (const directory of [this.large, this.small]) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }

  private async prepareRepository(): Promise<void> {
    for (let part = 0; part < 30; part++) {
      mkdirSync(join(this.repository, `src/part${part}`), { recursive: true });
    }
    const write = (index: number, text: string): void =>
      writeFileSync(join(this.repository, this.trackedFile(index)), text);
    await this.git('init', '-q', '-b', 'main');
    for (let index = 0; index < trackedFiles; index++) write(index, `main ${index}\n`);
    await this.git('add', '.');
    await this.git('commit', '-qm', 'main');
    for (const [branch, differing] of Object.entries(branches)) {
      if (differing === 0) continue;
      await this.git('checkout', '-qb', branch, 'main');
      for (let index = 0; index < differing; index++) {
        if (branch !== 'moved') write(index, `${branch} ${index}, and more\n`);
        else this.moveTracked(index);
      }
      await this.git('add', '-A');
      await this.git('commit', '-qm', branch);
    }
    await this.git('checkout', '-q', 'main');
  }

  /** The file becomes another one, or a directory with a file in it. */
  private moveTracked(index: number): void {
    const path = join(this.repository, this.trackedFile(index));
    unlinkSync(path);
    if (index % 5 === 0) mkdirSync(path);
    const target = index % 5 === 0 ? join(path, 'index.ts') : `${path}x`;
    writeFileSync(target, `moved ${index}\n`);
  }
}
