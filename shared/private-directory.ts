// Directories that belong to one user alone. Whoever may write in the runtime directory could put a socket of
// theirs in the agent's place, and whoever may rename something above it could put another directory in its
// place. So the agent and everything that connects to it look at the whole path first, by the code here.
import { lstatSync, mkdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { DevagentError } from './errors.ts';

/** What can be wrong with a directory. */
export interface Objection {
  /** Completes "the runtime directory DIRECTORY …". */
  readonly why: string;
  /** A command line that makes it private; undefined where only another directory helps. */
  readonly fix?: string;
}

/** The directories of an agent, and the variable that names another. */
const variables = { runtime: 'AGENT_RUNTIME_DIR', state: 'AGENT_STATE_DIR' } as const;

/** What a directory is for. */
export type DirectoryPurpose = keyof typeof variables;

/** The part of the system that decides whether a directory is private. */
export interface DirectorySystem {
  /** Undefined where users and modes mean nothing. */
  readonly userId: number | undefined;
  /** Of the path itself, if it is a link; undefined where there is nothing, or nothing that may be looked at. */
  lstat(path: string): OwnedStats | undefined;
  readLink(path: string): string;
}

export type OwnedStats = Pick<Stats, 'uid' | 'gid' | 'mode' | 'isDirectory' | 'isSymbolicLink'>;

const thisSystem: DirectorySystem = {
  get userId() {
    // Absent on Windows.
    return process.getuid?.();
  },
  lstat: (path) => {
    try {
      return lstatSync(path, { throwIfNoEntry: false });
    } catch (error) {
      // Who may not look at it can't connect to anything in it either.
      if (['EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  },
  readLink: readlinkSync,
};

/** As many as Linux follows. */
const mostLinks = 40;
const groupMayWrite = 0o020;
const othersMayWrite = 0o002;
const sticky = 0o1000;

/**
 * Why a directory is not one in which nobody else can plant files, and what to do; undefined when it is.
 * @param stats of the path itself, links not followed
 * @param userId undefined where users and modes mean nothing
 */
export function objectionToDirectory(
  directory: string,
  stats: Pick<OwnedStats, 'uid' | 'mode' | 'isDirectory' | 'isSymbolicLink'>,
  userId: number | undefined,
): Objection | undefined {
  if (stats.isSymbolicLink()) return { why: 'is a symbolic link' };
  if (!stats.isDirectory()) return { why: 'is not a directory' };
  if (userId === undefined) return undefined;
  if (stats.uid !== userId) {
    return { why: `belongs to the user ${stats.uid}, not to you (${userId})` };
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    return { why: `can be entered by others (mode ${mode})`, fix: `chmod 700 ${directory}` };
  }
  return undefined;
}

/**
 * Why somebody else could put something in the place of `directory`, by one of the directories above it; undefined
 * when nobody can, however much of the path is there yet. Links on the way are followed, and the directories on both
 * ways count. It costs one lstat(2) a directory.
 */
export function objectionToParents(
  directory: string,
  system: DirectorySystem = thisSystem,
): Objection | undefined {
  const { userId } = system;
  if (userId === undefined) return undefined;
  let parent = parse(resolve(directory)).root;
  let rest = namesOf(resolve(directory));
  for (let links = 0; links <= mostLinks; ) {
    const stats = system.lstat(parent);
    if (stats === undefined || !stats.isDirectory()) return undefined;
    const objection = objectionToParent(parent, stats, userId);
    if (objection !== undefined) return objection;
    const [name, ...below] = rest;
    if (name === undefined || below.length === 0) return undefined;
    const child = join(parent, name);
    const childStats = system.lstat(child);
    if (childStats === undefined) return undefined;
    if (childStats.isSymbolicLink()) {
      // In a directory that is sticky others can make links, too.
      if (!isTrustedUser(childStats.uid, userId)) return foreign(child, childStats.uid, userId);
      const target = resolve(parent, system.readLink(child));
      rest = [...namesOf(target), ...below];
      parent = parse(target).root;
      links += 1;
    } else {
      rest = below;
      parent = child;
    }
  }
  return { why: 'has too many symbolic links in its path' };
}

function namesOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== '');
}

function objectionToParent(parent: string, stats: OwnedStats, userId: number): Objection | undefined {
  if (!isTrustedUser(stats.uid, userId)) return foreign(parent, stats.uid, userId);
  // In a sticky directory, such as /tmp, nobody moves what is not theirs.
  if ((stats.mode & sticky) !== 0) return undefined;
  const byGroup = (stats.mode & groupMayWrite) !== 0 && !isTrustedGroup(stats.gid, userId);
  if ((stats.mode & othersMayWrite) === 0 && !byGroup) return undefined;
  const mode = (stats.mode & 0o777).toString(8);
  return {
    why: `can be replaced by others, who may write in ${parent} (mode ${mode})`,
    fix: `chmod go-w ${parent}`,
  };
}

function foreign(parent: string, owner: number, userId: number): Objection {
  return { why: `can be replaced by the user ${owner}, who owns ${parent}; you are ${userId}` };
}

/** Root can do everything anyway. */
function isTrustedUser(owner: number, userId: number): boolean {
  return owner === 0 || owner === userId || isUnmappedRoot(owner);
}

/**
 * The group of root, or the user's own: many systems give each user a group of the same number, and let what it
 * makes be written by it (umask 002).
 */
function isTrustedGroup(groupId: number, userId: number): boolean {
  return groupId === 0 || (groupId === userId && groupId === process.getgid?.());
}

/**
 * Whether an owner may be the machine's root as seen from a user namespace, such as a sandbox: there everybody
 * whom the namespace does not know has the number of nobody, and `/` belongs to it.
 */
function isUnmappedRoot(owner: number): boolean {
  try {
    if (owner !== Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'))) return false;
    // In the first namespace every number is mapped to itself.
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    // No Linux, and no such namespaces.
    return false;
  }
}

function refusal(directory: string, purpose: DirectoryPurpose, { why, fix }: Objection): DevagentError {
  const orRun = fix === undefined ? '' : `run: ${fix} — or `;
  return new DevagentError(
    'directory_not_private',
    `the ${purpose} directory ${directory} ${why}: ${orRun}set ${variables[purpose]} to a directory of your own`,
  );
}

/** What is wrong with a directory, as {@link requirePrivateDirectory} finds it; undefined when it is private. */
export function objectionToPrivacy(directory: string): Objection | undefined {
  // With a slash at its end the link itself would not be seen.
  const path = resolve(directory);
  const objection = objectionToParents(path);
  if (objection !== undefined) return objection;
  const stats = thisSystem.lstat(path);
  return stats === undefined ? undefined : objectionToDirectory(directory, stats, thisSystem.userId);
}

/**
 * Makes sure that nobody else can have put anything in `directory`, or another in its place, before something in it
 * is believed. One that is not there is as good.
 * @throws DevagentError `directory_not_private`
 */
export function requirePrivateDirectory(directory: string, purpose: DirectoryPurpose): void {
  const objection = objectionToPrivacy(directory);
  if (objection !== undefined) throw refusal(directory, purpose, objection);
}

/**
 * Makes `directory` (0700) unless it is there, and makes sure that nobody else can plant files in it.
 * @throws DevagentError `directory_not_private` for a link, another user's directory, one that others can enter,
 *   or one that others can replace; `directory_not_made` where there can be none
 */
export function ensurePrivateDirectory(directory: string, purpose: DirectoryPurpose): void {
  // Before it is made: a link could lead to where nothing is to be made.
  requirePrivateDirectory(directory, purpose);
  try {
    makeDirectories(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DevagentError(
      'directory_not_made',
      `the ${purpose} directory ${directory} can't be made (${code}): set ${variables[purpose]} to a directory that you may write in`,
      { cause: error },
    );
  }
  requirePrivateDirectory(directory, purpose);
}

/**
 * Makes a directory (0700), and those above it that are not there. Not by Node's `recursive`, which tries again for
 * ever where mkdir(2) says ENOENT although the directory above is there, as below /proc.
 * @throws Error of the file system
 */
export function makeDirectories(directory: string): void {
  const path = resolve(directory);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody may just have made it.
    if (isDirectory(path)) return;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isDirectory(parent)) throw error;
    makeDirectories(parent);
    makeDirectories(path);
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Not there, or not to be looked at.
    return false;
  }
}
