// Globs as they are meant at a shell, relative to the current directory, against globs as the agent takes
// them, relative to a root.
import { posix, sep } from 'node:path';
import { objectionToGlobs } from '../../shared/globs/index.ts';
import { limits, UsageError } from '../../shared/index.ts';
import { innermostRoot } from '../paths/index.ts';

/** Where a command stands: a root, and its own directory in it. */
export interface Place {
  /** Absolute. */
  readonly root: string;
  /** From the root to the current directory, `/`-separated; empty where they are the same. */
  readonly prefix: string;
}

/** What stands at a path, as far as it matters here. */
export type PathKind = 'file' | 'directory' | undefined;

/** Characters that make a path a glob. */
export const magic = /[*?[\]{}()!+@|\\"]/;

/**
 * The place of a directory in the innermost root that holds it.
 * @param roots absolute real paths, as is `directory`
 */
export function placeIn(roots: readonly string[], directory: string): Place | undefined {
  const root = innermostRoot(roots, directory);
  if (root === undefined) return undefined;
  const prefix = directory.slice(root.length).split(sep).filter(Boolean).join('/');
  return { root, prefix };
}

/** A path as a glob that matches it alone. */
export function escapeGlob(path: string): string {
  return path.replace(new RegExp(magic, 'g'), '\\$&');
}

/** Takes `./` and `../` off the front of a glob and goes up as often from `prefix`. */
function resolveDots(glob: string, place: Place): { directory: string; rest: string } {
  const directories = place.prefix.split('/').filter(Boolean);
  const segments = glob.split('/');
  for (let first = segments[0]; first === '.' || first === '..' || first === ''; first = segments[0]) {
    if (first === '..' && directories.pop() === undefined) {
      throw new UsageError(
        `the glob "${glob}" leads out of ${place.root}, which is what the agent watches`,
        'run it in the directory that is meant',
      );
    }
    segments.shift();
  }
  return { directory: directories.map(escapeGlob).join('/'), rest: segments.join('/') };
}

/**
 * A glob, or the path of a file or of a directory with all that is in it, relative to the current directory.
 * @param kindOf what stands at a path relative to the current directory: a path that exists is no glob, such
 *   as `[id].tsx`, which a shell puts for `*.tsx`
 * @returns what it comes to for the agent
 */
function rootGlobs(glob: string, place: Place, kindOf: (path: string) => PathKind): string[] {
  if (glob === '') throw new UsageError('a GLOB is empty', "quote the glob, as in 'src/**'");
  if (posix.isAbsolute(glob)) {
    throw new UsageError(
      `globs are relative to the current directory, and "${glob}" is not`,
      'run it in the directory that is meant',
    );
  }
  const { directory, rest } = resolveDots(glob, place);
  const at = (text: string) => (directory === '' ? text : `${directory}/${text}`);
  if (rest === '') return [at('**')];
  const kind = kindOf(glob);
  if (kind === undefined && magic.test(rest)) return [at(rest.endsWith('/') ? `${rest}**` : rest)];
  const path = at(escapeGlob(rest.replace(/\/+$/, '')));
  return kind === 'file' ? [path] : [path, `${path}/**`];
}

/**
 * The agent's `match` and `ignore` for what is given at a shell.
 * @param globs to match, or to leave out where they begin with `!`
 * @param ignore to leave out
 * @throws UsageError for what can't be meant, or too many
 */
export function globFilter(
  globs: readonly string[],
  ignore: readonly string[],
  place: Place,
  kindOf: (path: string) => PathKind,
): { match: string[]; ignore: string[] } {
  const wanted = globs.filter((glob) => !leavesOut(glob));
  const unwanted = [...globs.filter(leavesOut).map((glob) => glob.slice(1)), ...ignore];
  const forAgent = (list: readonly string[]) => list.flatMap((glob) => rootGlobs(glob, place, kindOf));
  const filter = {
    match: forAgent(wanted.length === 0 ? ['.'] : wanted),
    ignore: forAgent(unwanted),
  };
  if (Math.max(filter.match.length, filter.ignore.length) > limits.filterEntries)
    throw tooManyGlobs(globs.length);
  const objection = objectionToGlobs(filter.match) ?? objectionToGlobs(filter.ignore);
  if (objection !== undefined) throw new UsageError(objection);
  return filter;
}

/** Whether a GLOB is one to leave out. An extended glob, !(a|b), stands for the paths that it matches. */
export function leavesOut(glob: string): boolean {
  return glob.startsWith('!') && !glob.startsWith('!(');
}

/** For more than the agent takes. */
export function tooManyGlobs(count: number): UsageError {
  return new UsageError(
    `${count} GLOBs are too many: the agent takes ${limits.filterEntries}`,
    "quote the glob, so that the shell does not put every file in its place, as in 'src/**/*.ts'",
  );
}
