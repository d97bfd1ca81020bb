// What is told of a watched root.

/** One watched root. */
export interface RootStatus {
  /** Its real path. */
  path: string;
  /** What watches it: `directories`, `recursive`, `chokidar` or `polling`. */
  backend: string;
  /** Whether it is crawled: changes are told from then on. */
  ready: boolean;
  /** Files and symlinks below it that are not ignored. */
  files: number;
  /** Directories below it that are not ignored. */
  dirs: number;
  /** The kernel's watches that it holds. */
  watches: number;
  /** How often it was crawled again because the kernel may have lost something. */
  recrawls: number;
  /** Changes that only the audit found: each is a bug, here or in the kernel. */
  auditFindings: number;
  /** What clients hold that the rules leave out. */
  interests: RootInterests;
  /** Why the root is watched less well than it could be, and what helps; null when all is well. */
  degraded: string | null;
}

/** What views that are wider than the default one cost. */
export interface RootInterests {
  /** Clients that use such a view. */
  clients: number;
  /** The kernel's watches that are held for them alone. */
  watches: number;
  /** Files and symlinks that are indexed for them alone. */
  files: number;
  /** What they ask for, as globs; at most 20. */
  paths: string[];
}
