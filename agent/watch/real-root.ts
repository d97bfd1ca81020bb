// The directory that somebody wants watched, by its real path.
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DevagentError } from '../../shared/index.ts';

/**
 * The real path of the directory at `path`.
 * @throws DevagentError `not_a_directory`
 */
export function realRoot(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DevagentError(
      'not_a_directory',
      `${path} can't be watched (${code}): name a directory that exists`,
      {
        cause,
      },
    );
  }
  throw new DevagentError('not_a_directory', `${path} is not a directory: name the directory it lies in`);
}

/** The root that `path` names, directly or through links; undefined if it is none of them. */
export function findRoot(path: string, isRoot: (real: string) => boolean): string | undefined {
  const absolute = resolve(path);
  if (isRoot(absolute)) return absolute;
  try {
    const real = realpathSync(absolute);
    return isRoot(real) ? real : undefined;
  } catch {
    // A path that leads nowhere names no root.
    return undefined;
  }
}
