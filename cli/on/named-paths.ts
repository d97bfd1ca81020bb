// What the GLOBs of a command line lead to: a place in a root each, with links on the way there followed, because
// somebody named them. Links further down are entries, as everywhere.
import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { isWithin, limits, UsageError } from '../../shared/index.ts';
import { type NamedLink, targetOf } from '../paths/index.ts';
import { escapeGlob, globFilter, leavesOut, magic, type PathKind, placeIn, tooManyGlobs } from './globs.ts';

/** What a command line names. */
export interface NamedGlobs {
  /** To match, or to leave out where they begin with `!`; none for no files at all. */
  readonly globs: readonly string[];
  /** To leave out. */
  readonly ignore: readonly string[];
}

/** What is of interest in one root. */
export interface RootFilter {
  readonly root: string;
  readonly match: readonly string[];
  readonly ignore: readonly string[];
  /** A path in the root as the user would write it: from the current directory, through the link that they named. */
  show(path: string): string;
}

/** A GLOB, split into the directory where it begins and the rest. */
interface NamedGlob {
  /** The directory's real path. */
  readonly base: string;
  /** From there. */
  readonly glob: string;
  /** The link that leads to `base`, or to the file that `glob` is; undefined for the way without links. */
  readonly link: NamedLink | undefined;
}

/** What stands at a path, links followed: `src` may well be a link to a directory. */
function kindOf(path: string): PathKind {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'file';
  } catch {
    // Not there yet, or a glob.
    return undefined;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

const slashes = (path: string): string => path.split(sep).join('/');

/** As many of its names as lead to what is there, and have nothing of a glob in them. */
function splitGlob(glob: string, directory: string): { begin: string; rest: string } {
  if (kindOf(join(directory, glob)) !== undefined) return { begin: glob, rest: '' };
  const names = glob.split('/');
  let count = 0;
  for (let at = 1; at <= names.length && !magic.test(names[at - 1] ?? ''); at++) {
    const path = join(directory, ...names.slice(0, at));
    // Or a link that leads nowhere yet.
    if (kindOf(path) === 'directory' || isLink(path)) count = at;
  }
  return { begin: names.slice(0, count).join('/'), rest: names.slice(count).join('/') };
}

/** @returns undefined for what lies in the current directory, without a link on the way */
function followGlob(glob: string, directory: string): NamedGlob | undefined {
  if (glob === '' || posix.isAbsolute(glob)) return undefined;
  const { begin, rest } = splitGlob(glob, directory);
  const path = join(directory, begin);
  const shown = slashes(relative(directory, path)) || '.';
  const target = targetOf(path);
  const plainPath = path.replace(/(?<=.)[/\\]$/, '');
  const link = target === plainPath && !isLink(plainPath) ? undefined : { path: plainPath, shown, target };
  if (link === undefined && isWithin(directory, plainPath)) return undefined;
  const base = target ?? plainPath;
  return kindOf(base) === 'directory'
    ? { base, glob: rest === '' ? '.' : rest, link }
    : { base: dirname(base), glob: basename(base), link };
}

interface FoundFilter {
  readonly match: string[];
  readonly ignore: string[];
  /** By where they lead, the links as the user wrote them. */
  readonly links: Map<string, string>;
}

function notThere(glob: string): UsageError {
  return new UsageError(
    `the glob "${glob}" leads out of the current directory, to what is not there`,
    'make it first, or run this in the directory that is meant',
  );
}

/** Resolves what a command line names, again and again as links are turned. */
export class NamedPaths {
  readonly #directory: string;
  readonly #named: NamedGlobs;
  readonly #wanted: readonly string[];
  readonly #unwanted: readonly string[];

  /** @param directory the current one, by its real path */
  constructor(directory: string, named: NamedGlobs) {
    this.#directory = directory;
    this.#named = named;
    const wanted = named.globs.filter((glob) => !leavesOut(glob));
    this.#wanted = wanted.length === 0 && named.globs.length > 0 ? ['.'] : wanted;
    this.#unwanted = [...named.globs.filter(leavesOut).map((glob) => glob.slice(1)), ...named.ignore];
  }

  /** The links on the way to what is named, and where they lead now. */
  links(): NamedLink[] {
    return this.#wanted.flatMap((glob) => followGlob(glob, this.#directory)?.link ?? []);
  }

  /**
   * Finds the roots in which everything that is named lies.
   * @param roots those that there are, by their real paths
   * @param addRoot makes a directory one of them where none holds it, and gives its path
   * @throws UsageError for what can't be meant, or too many
   */
  async filters(
    roots: readonly string[],
    addRoot: (directory: string) => Promise<string>,
  ): Promise<RootFilter[]> {
    const allRoots = [...roots];
    const found = new Map<string, FoundFilter>();
    const direct = { base: this.#directory, link: undefined };
    for (const glob of this.#wanted) {
      const named = followGlob(glob, this.#directory) ?? { ...direct, glob };
      const { base, link } = named;
      let place = placeIn(allRoots, base);
      if (place === undefined) {
        if (this.#isAbove(named)) throw notThere(glob);
        const root = await addRoot(base);
        allRoots.push(root);
        place = { root, prefix: '' };
      }
      const filter = globFilter([named.glob], this.#ignoredBelow(named), place, (path) =>
        kindOf(join(base, path)),
      );
      const entry: FoundFilter = found.get(place.root) ?? { match: [], ignore: [], links: new Map() };
      found.set(place.root, entry);
      entry.match.push(...filter.match);
      entry.ignore.push(...filter.ignore);
      if (link?.target !== undefined) entry.links.set(link.target, link.shown);
    }
    return [...found].map(([root, { match, ignore, links }]) => {
      const unique = { match: [...new Set(match)], ignore: [...new Set(ignore)] };
      if (Math.max(unique.match.length, unique.ignore.length) > limits.filterEntries)
        throw tooManyGlobs(this.#named.globs.length);
      return { root, ...unique, show: (path) => this.#show(join(root, path), links) };
    });
  }

  /** Whether it begins above the current directory only because what it names is not there. */
  #isAbove({ base, glob, link }: NamedGlob): boolean {
    if (link !== undefined || base === this.#directory || !isWithin(base, this.#directory)) return false;
    const [first = ''] = glob.split('/');
    return first !== '.' && !magic.test(first) && kindOf(join(base, first)) === undefined;
  }

  /** What is to be left out, as seen from where a GLOB begins. */
  #ignoredBelow({ base, link }: NamedGlob): string[] {
    return this.#unwanted.flatMap((glob) => {
      const named = followGlob(glob, this.#directory) ?? { base: this.#directory, glob, link: undefined };
      // At any depth is also behind the link.
      if (link !== undefined && glob.startsWith('**/')) return [glob];
      if (base === this.#directory && named.link === undefined && named.base === base) return [glob];
      if (!isWithin(base, named.base)) return [];
      const below = slashes(relative(base, named.base));
      // As it stands on the disk where it is a directory, which is no glob.
      return [named.glob === '.' ? below || '.' : posix.join(escapeGlob(below), named.glob)];
    });
  }

  #show(path: string, links: ReadonlyMap<string, string>): string {
    let best: [target: string, shown: string] | undefined;
    for (const each of links)
      if (isWithin(each[0], path) && (best === undefined || each[0].length > best[0].length)) best = each;
    const shown =
      best === undefined ? relative(this.#directory, path) : join(best[1], relative(best[0], path));
    return slashes(shown) || '.';
  }
}
