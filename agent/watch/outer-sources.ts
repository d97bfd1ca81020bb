// Where the rules are that count in a directory and stand outside of the tree: .gitignore files above the root, and a
// repository's own excludes. Git reads them in the order given here.
import { dirname, join, relative, sep } from 'node:path';
import { commonDirectory, enclosingRepository } from './git-directories.ts';
import { rulesFileName } from './ignore-rules.ts';
import { bytesText } from './names.ts';

/** A file of rules. */
export interface OuterSource {
  readonly path: string;
  /** Whether it counts if it is a symlink: git heeds those outside of a work tree alone. */
  readonly followsLinks: boolean;
  /** The path of the directory in question from where these rules begin, as bytes in Latin-1. */
  readonly base: string;
}

/** What there is to be read for one directory. */
export interface OuterSources {
  /** The first that says something decides. */
  readonly sources: readonly OuterSource[];
  /** Directories in which a change of an entry of one of these names can change the rules. */
  readonly watched: ReadonlyMap<string, readonly string[]>;
}

/**
 * What counts in a directory that is the top of a repository, or the root.
 * @param directory absolute
 * @param gitDirectory of the repository whose top it is; undefined if it is none
 * @param excludesFile git's core.excludesFile, if there is one
 */
export function outerSources(
  directory: string,
  gitDirectory: string | undefined,
  excludesFile: string | undefined,
): OuterSources {
  const sources: OuterSource[] = [];
  const watched = new Map<string, readonly string[]>();
  const repository =
    gitDirectory === undefined ? enclosingRepository(directory) : { top: directory, gitDirectory };
  // Outside of any repository git has no say.
  if (repository === undefined) return { sources, watched };
  const baseFrom = (above: string): string => bytesText(relative(above, directory).split(sep).join('/'));
  for (let at = directory; at !== repository.top; ) {
    at = dirname(at);
    sources.push({ path: join(at, rulesFileName), followsLinks: false, base: baseFrom(at) });
    watched.set(at, [rulesFileName, '.git']);
  }
  const base = baseFrom(repository.top);
  const info = join(commonDirectory(repository.gitDirectory), 'info');
  sources.push({ path: join(info, 'exclude'), followsLinks: true, base });
  watched.set(info, ['exclude']);
  if (excludesFile !== undefined) sources.push({ path: excludesFile, followsLinks: true, base });
  return { sources, watched };
}
