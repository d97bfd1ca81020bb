// Where the git repositories are whose locks say that git is at work, and whose tops end the reach of .gitignore files.
import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readBeginning } from '../../shared/index.ts';
import { goneOrUnseen, type Unseen } from './disk.ts';

/** A `.git` file holds a path. */
const gitFileLimitBytes = 64 * 1024;

/**
 * Where the repository whose top is at `top` keeps its index and its lock.
 * @param top absolute
 * @param dotGit what lstat says of `.git` in it, undefined if there is none to be seen
 * @returns `.git`, or what a worktree's or submodule's `.git` file points to; undefined if this is no top; why that file
 *   can't be read
 */
export function gitDirectoryAt(top: string, dotGit: Stats | undefined): string | undefined | Unseen {
  if (dotGit === undefined) return undefined;
  if (dotGit.isDirectory()) return join(top, '.git');
  const text = dotGit.isFile() ? readGitFile(join(top, '.git')) : undefined;
  if (typeof text === 'object') return text;
  const match = /^gitdir: (.+?)\s*$/m.exec(text ?? '');
  return match?.[1] === undefined ? undefined : resolve(top, match[1]);
}

/** A repository with a work tree. */
export interface Repository {
  /** Where the work tree begins; absolute. */
  readonly top: string;
  readonly gitDirectory: string;
}

/** The repository that a root lies in, if its top is further up: in the same file system, as git looks for it. */
export function enclosingRepository(root: string): Repository | undefined {
  const device = deviceOf(root);
  for (let at = root; at !== dirname(at); ) {
    at = dirname(at);
    if (deviceOf(at) !== device) return undefined;
    const gitDirectory = gitDirectoryAt(at, lstatOrNothing(join(at, '.git')));
    if (typeof gitDirectory === 'string') return { top: at, gitDirectory };
  }
  return undefined;
}

/** Where a repository keeps what its worktrees share: its own git directory, unless this is a worktree's. */
export function commonDirectory(gitDirectory: string): string {
  const text = readGitFile(join(gitDirectory, 'commondir'));
  return typeof text === 'string' ? resolve(gitDirectory, text.trimEnd()) : gitDirectory;
}

/** The identity of git's lock on the index in `gitDirectory`, undefined when it is not held. */
export function indexLock(gitDirectory: string): string | undefined {
  const stats = lstatOrNothing(join(gitDirectory, 'index.lock'));
  return stats === undefined ? undefined : `${stats.ino}:${stats.ctimeMs}`;
}

function readGitFile(path: string): string | undefined | Unseen {
  try {
    return readBeginning(path, gitFileLimitBytes, { follow: true }).bytes.toString('utf8');
  } catch (error) {
    return goneOrUnseen(error);
  }
}

function lstatOrNothing(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Whatever can't be seen from here does not hold a lock that matters here.
    return undefined;
  }
}

function deviceOf(directory: string): number | undefined {
  try {
    return statSync(directory).dev;
  } catch {
    // It is gone, or closed to us: then nothing above it counts either.
    return undefined;
  }
}
