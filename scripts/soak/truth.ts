// What is on disk, as an agent should see it: everything but what .gitignore files leave out, in git's own words.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelEntry, readTree } from '../../test/support/model.ts';

/** What has neither git nor an agent read what the user ignores. */
export const withoutExcludes = { GIT_CONFIG_GLOBAL: devNull, XDG_CONFIG_HOME: devNull };

/** The name of the files of rules. */
export const rulesName = '.gitignore';
const rulesFile = /(?:^|\/)\.gitignore$/;
/** What git prints of a hundred thousand paths, with room to spare. */
const mostOutputBytes = 64 * 2 ** 20;

/** Reads trees; has an empty repository, whose git judges them. */
export class Truth {
  private readonly gitDirectory = mkdtempSync(join(tmpdir(), 'devagent-soak-git-'));

  constructor() {
    git(['init', '--quiet', '--bare', this.gitDirectory], '.', '');
  }

  /** Everything below the root that counts. Nothing must be changing on disk. */
  read(root: string): ReadonlyMap<string, ModelEntry> {
    // A root may be gone: then there is nothing.
    if (!existsSync(root)) return new Map();
    const tree = readTree(root);
    if (![...tree.keys()].some((path) => rulesFile.test(path))) return tree;
    const ignored = this.ignored(root, tree);
    const counted = new Map<string, ModelEntry>();
    // A directory comes before what is in it, and takes that along when it is left out.
    for (const [path, entry] of tree) {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      if (!ignored.has(path) && (parent === '' || counted.has(parent))) counted.set(path, entry);
    }
    return counted;
  }

  /** Removes the repository. */
  close(): void {
    rmSync(this.gitDirectory, { recursive: true, force: true });
  }

  /** What the rules name. Those of a repository hold up to the next one in it, and no further. */
  private ignored(root: string, tree: ReadonlyMap<string, ModelEntry>): Set<string> {
    const byTop = new Map<string, string[]>([['', []]]);
    for (const [path, { kind }] of tree) {
      if (kind === 'dir' && existsSync(join(root, path, '.git'))) byTop.set(`${path}/`, []);
    }
    const tops = [...byTop.keys()].sort((a, b) => b.length - a.length);
    for (const path of tree.keys()) byTop.get(tops.find((top) => path.startsWith(top)) ?? '')?.push(path);
    const found = new Set<string>();
    for (const [top, paths] of byTop) {
      if (paths.length === 0) continue;
      const names = paths.map((path) => path.slice(top.length));
      const work = join(root, top);
      const args = [`--git-dir=${this.gitDirectory}`, `--work-tree=${work}`, '-c', 'core.bare=false'];
      for (const name of git(
        [...args, 'check-ignore', '--no-index', '--stdin', '-z'],
        work,
        names.join('\0'),
      )) {
        found.add(`${top}${name}`);
      }
    }
    return found;
  }
}

/** Runs git in a directory, without the user's configuration; returns the NUL-separated words that it prints. */
function git(args: readonly string[], cwd: string, input: string): string[] {
  const env = { ...process.env, ...withoutExcludes, GIT_CONFIG_NOSYSTEM: '1' };
  const { status, stdout, stderr } = spawnSync('git', args, {
    cwd,
    input,
    env,
    encoding: 'utf8',
    maxBuffer: mostOutputBytes,
  });
  // check-ignore says with 1 that nothing is ignored.
  if (status !== 0 && status !== 1) throw new Error(`git ${args.join(' ')} in ${cwd}: ${stderr}`);
  return stdout.split('\0').filter(Boolean);
}
