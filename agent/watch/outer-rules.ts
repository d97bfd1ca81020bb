// Keeps the rules from outside of the tree as the disk has them: it reads the files (outer-sources.ts), and finds out
// when they have changed.
import { lstatSync, type Stats, statSync } from 'node:fs';
import { type GitignoreFile, parseGitignore } from '../../shared/globs/index.ts';
import type { Log } from '../log/index.ts';
import type { Disk } from './disk.ts';
import { excludesFile } from './excludes-file.ts';
import { commonDirectory, enclosingRepository, gitDirectoryAt } from './git-directories.ts';
import type { IgnoreRules, OuterRules } from './ignore-rules.ts';
import { type OuterSource, type OuterSources, outerSources } from './outer-sources.ts';
import { readRulesText } from './rules-text.ts';
import { troubleWith } from './rules-troubles.ts';
import { type Directory, statOf } from './tree-index.ts';
import { type AboveHost, WatchAbove } from './watch-above.ts';
import { youthOf } from './youth.ts';

/** What the reader needs done that is not reading. */
export interface OuterRulesHost extends AboveHost {
  /** The rules of a directory may have changed: read them again. */
  lookAtRules(directory: Directory): void;
}

/** Repositories whose excludes are watched, each by one watch: a tree can hold thousands. */
const mostWatched = 1000;

/** Directories that are looked at, at most, at a barrier and at a beat: some milliseconds. */
const looksAtOnce = 500;

/** Lines that leave out the root, and so do not count in it, in a file of which others do. */
const mostLinesAgainstRoot = 100;

interface Text {
  /** Of the file as it was when it was read; undefined if it has to be read again in any case. */
  readonly stamp: string | undefined;
  readonly bytes: string;
  readonly file: GitignoreFile;
}

/** A directory in which rules from outside count. */
interface Place {
  wanted: OuterSources;
  /** Whether one of the files is elsewhere, where no watch is. */
  isLinked: boolean;
  readonly texts: Map<string, Text>;
  readonly watches: WatchAbove | undefined;
  /** What was read last, and what of it counts. */
  read: readonly Read[];
  counting: readonly OuterRules[];
}

interface Read extends OuterRules {
  readonly path: string;
  readonly bytes: string;
}

/** The rules from outside of one root. */
export class OuterRulesReader {
  private readonly disk: Disk;
  private readonly rules: IgnoreRules;
  private readonly host: OuterRulesHost;
  private readonly log: Log;
  private readonly places = new Map<Directory, Place>();
  private excludes: string | undefined;
  private excludesText: Text | undefined;
  /** Those that are still to be looked at in this round. */
  private round: Directory[] = [];

  constructor(parts: { disk: Disk; rules: IgnoreRules; host: OuterRulesHost; log: Log }) {
    this.disk = parts.disk;
    this.rules = parts.rules;
    this.host = parts.host;
    this.log = parts.log;
  }

  /** Finds git's core.excludesFile, before anything is read. It is not followed. */
  async begin(): Promise<void> {
    if (!this.rules.gitignore) return;
    const { root } = this.disk;
    const own = gitDirectoryAt(root, statsOf(`${root}/.git`, false));
    const repository = typeof own === 'string' ? { top: root, gitDirectory: own } : enclosingRepository(root);
    this.excludes = await excludesFile({
      root,
      repository: repository && { top: repository.top, common: commonDirectory(repository.gitDirectory) },
      env: process.env,
      log: this.log,
    });
  }

  /**
   * Reads what counts in a directory from outside of the tree.
   * @returns whether that changed
   */
  *read(directory: Directory): Generator<void, boolean> {
    const isTop = directory.gitDirectory !== undefined;
    if (!isTop && directory.parent !== undefined) {
      if (!this.places.has(directory)) return false;
      this.forget(directory);
      return this.rules.setOuter(directory, []);
    }
    const place = this.placeOf(directory);
    const wanted = this.wantedFor(directory);
    // Watched first and read afterwards, so that no change in between is missed.
    place.watches?.set(wanted.watched);
    const read: Read[] = [];
    for (const { path, followsLinks, base } of wanted.sources) {
      const text = yield* this.readSource(place, { path, followsLinks });
      if (text !== undefined && !text.file.isEmpty)
        read.push({ path, base, file: text.file, bytes: text.bytes });
    }
    if (directory.gone) {
      // Removed while it was read.
      this.forget(directory);
      return false;
    }
    for (const { path } of place.wanted.sources) {
      if (wanted.sources.some((source) => source.path === path)) continue;
      place.texts.delete(path);
      this.rules.troubles.forget(path);
    }
    place.wanted = wanted;
    place.isLinked = wanted.sources.some(
      ({ path, followsLinks }) => followsLinks && statsOf(path, false)?.isSymbolicLink() === true,
    );
    const isSame = (one: Read, index: number): boolean =>
      one.file === place.read[index]?.file && one.base === place.read[index]?.base;
    if (read.length !== place.read.length || !read.every(isSame)) {
      place.read = read;
      place.counting = yield* this.withoutRoot(read, wanted.sources.at(-1)?.base ?? '');
    }
    return this.rules.setOuter(directory, place.counting);
  }

  /** Has what changed read again, of the root and of what no watch tells of: hints tell of the rest. */
  suspect(): void {
    let looksLeft = looksAtOnce;
    for (const [directory, place] of this.places) {
      const isWatched = place.watches?.covers(place.wanted.watched) === true && !place.isLinked;
      if ((isWatched && directory.parent !== undefined) || looksLeft === 0) continue;
      looksLeft -= 1;
      if (this.differs(directory, place)) this.host.lookAtRules(directory);
    }
  }

  /** The same of all, some at a time: for what even watches miss. */
  beat(): void {
    if (this.round.length === 0) this.round = [...this.places.keys()];
    const [root] = this.places.keys();
    for (const directory of [...(root === undefined ? [] : [root]), ...this.round.splice(-looksAtOnce)]) {
      const place = this.places.get(directory);
      if (place !== undefined && this.differs(directory, place)) this.host.lookAtRules(directory);
    }
  }

  /** The directory is gone, or no top any more. */
  forget(directory: Directory): void {
    const place = this.places.get(directory);
    if (place === undefined) return;
    this.places.delete(directory);
    place.watches?.close();
    for (const path of place.texts.keys()) this.rules.troubles.forget(path);
  }

  close(): void {
    for (const directory of this.places.keys()) this.forget(directory);
  }

  private placeOf(directory: Directory): Place {
    const known = this.places.get(directory);
    if (known !== undefined) return known;
    const watches =
      this.places.size < mostWatched
        ? new WatchAbove(this.host, () => this.host.lookAtRules(directory))
        : undefined;
    const wanted: OuterSources = { sources: [], watched: new Map() };
    const place: Place = { wanted, isLinked: false, texts: new Map(), watches, read: [], counting: [] };
    this.places.set(directory, place);
    return place;
  }

  private wantedFor(directory: Directory): OuterSources {
    return outerSources(this.disk.absolute(directory.path), directory.gitDirectory, this.excludes);
  }

  private differs(directory: Directory, place: Place): boolean {
    const wanted = directory.gitDirectory === undefined ? this.wantedFor(directory) : place.wanted;
    const { sources } = wanted;
    if (sources.length !== place.wanted.sources.length) return true;
    if (place.watches?.isCurrent(wanted.watched) === false) return true;
    return sources.some((source, index) => {
      if (source.path !== place.wanted.sources[index]?.path) return true;
      if (source.path === this.excludes) return false;
      const stamp = stampOf(source);
      return stamp === undefined || stamp !== place.texts.get(source.path)?.stamp;
    });
  }

  private *readSource(
    place: Place,
    source: Pick<OuterSource, 'path' | 'followsLinks'>,
  ): Generator<void, Text | undefined> {
    const { path, followsLinks } = source;
    const isExcludes = path === this.excludes;
    if (isExcludes && this.excludesText !== undefined) return this.excludesText;
    const known = place.texts.get(path);
    const stamp = stampOf(source);
    if (known !== undefined && stamp !== undefined && known.stamp === stamp) return known;
    const text = stamp === '' ? undefined : readRulesText(path, followsLinks);
    const isUnseen = text !== undefined && 'unseen' in text;
    if (isUnseen) this.rules.troubles.unread(path, text.unseen, known !== undefined && known.bytes !== '');
    const bytes = isUnseen ? (known?.bytes ?? '') : (text?.bytes ?? '');
    const file = known?.bytes === bytes ? known.file : yield* parseGitignore(bytes);
    if (!isUnseen) this.rules.troubles.set(path, text && troubleWith(path, file, text.whole));
    const fresh = { stamp, bytes, file };
    place.texts.set(path, fresh);
    if (isExcludes) this.excludesText = fresh;
    return fresh;
  }

  /**
   * Whoever watches a directory asked for it by name: so lines that leave it out, or a directory that it lies in, do
   * not count in it.
   * @param base the root's path from the top of its repository, as bytes in Latin-1; '' if it is the top
   */
  private *withoutRoot(read: readonly Read[], base: string): Generator<void, readonly OuterRules[]> {
    if (base === '') return read;
    const names = base.split('/');
    const sources = read.map((one) => ({
      ...one,
      skip: new Set<number>(),
      depth: names.length - one.base.split('/').length,
    }));
    for (let length = 1; length <= names.length; ) {
      const entryFrom = (depth: number) => ({
        name: names[length - 1] ?? '',
        directory: names.slice(depth, length - 1).join('/'),
        isDirectory: true,
      });
      const deciding = sources.find(
        ({ depth, file }) => depth < length && file.ignores(entryFrom(depth)) !== undefined,
      );
      const entry = entryFrom(deciding?.depth ?? 0);
      const line = deciding?.file.lineFor(entry);
      if (deciding === undefined || line === undefined || deciding.file.ignores(entry) === false) {
        length += 1;
        continue;
      }
      deciding.skip.add(line);
      this.log.info('rule leaves out the root, and does not count in it', { path: deciding.path, line });
      const isTooMuch = deciding.skip.size > mostLinesAgainstRoot;
      deciding.file = yield* parseGitignore(isTooMuch ? '' : deciding.bytes, deciding.skip);
    }
    return sources;
  }
}

/** What tells one state of a file from the next; '' if there is no file, undefined if a change may not show in it. */
function stampOf({ path, followsLinks }: Pick<OuterSource, 'path' | 'followsLinks'>): string | undefined {
  const stats = statsOf(path, followsLinks);
  // Nothing else is even opened: that can have effects of its own.
  if (stats === undefined || !stats.isFile()) return '';
  if (youthOf(statOf(stats, 'file', false)) !== 'none') return undefined;
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

function statsOf(path: string, followsLinks: boolean): Stats | undefined {
  try {
    return (followsLinks ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  } catch {
    // What can't be seen from here counts as little as what is not there.
    return undefined;
  }
}
