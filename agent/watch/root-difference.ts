// Whether a root that is watched is so as somebody wants it.
import { DevagentError } from '../../shared/index.ts';
import type { RootOptions } from './engine-events.ts';

/** What a root leaves out, as far as whoever adds it says so. */
export type IgnoreOptions = Partial<Pick<RootOptions, 'ignore' | 'gitignore'>>;

/**
 * Checks that a watched root leaves out what is asked for.
 * @param root its real path
 * @throws DevagentError `root_differs`, naming both
 */
export function checkSameRoot(
  root: string,
  known: Pick<RootOptions, 'ignore' | 'gitignore'>,
  { ignore = known.ignore, gitignore = known.gitignore }: IgnoreOptions,
): void {
  const has: string[] = [];
  const wanted: string[] = [];
  if (setText(ignore) !== setText(known.ignore)) {
    has.push(`ignore ${setText(known.ignore)}`);
    wanted.push(`ignore ${setText(ignore)}`);
  }
  if (gitignore !== known.gitignore) {
    has.push(`gitignore ${known.gitignore}`);
    wanted.push(`gitignore ${gitignore}`);
  }
  if (has.length === 0) return;
  throw new DevagentError(
    'root_differs',
    `${root} is already watched with ${has.join(' and ')}, not ${wanted.join(' and ')}: leave these fields out to share it as it is, or remove the root first`,
  );
}

/** A set of globs: their order says nothing, nor does one that is given twice. */
function setText(globs: readonly string[]): string {
  return JSON.stringify([...new Set(globs)].sort());
}
