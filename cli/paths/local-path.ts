// Paths as the user gives them, for an agent that knows roots by their absolute real path, and not where
// this command runs.
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isWithin } from '../../shared/index.ts';

/** What an agent is to watch that has to be started for a command: where the command runs. */
export function rootsHere(): string[] {
  // A shell may stand in a directory that has been removed.
  return [process.cwd()].filter((directory) => existsSync(directory));
}

/**
 * The innermost root that holds a directory.
 * @param roots absolute real paths, as is `directory`
 */
export function innermostRoot(roots: readonly string[], directory: string): string | undefined {
  return roots
    .filter((root) => isWithin(root, directory))
    .reduce<string | undefined>(
      (innermost, root) => (innermost === undefined || root.length > innermost.length ? root : innermost),
      undefined,
    );
}

/** The absolute path without links, as far as it exists: a root may be gone and still be known by it. */
export function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    // Not there, or not to be entered: what lies above it may be.
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent), basename(absolute));
  }
}
