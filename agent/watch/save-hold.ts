// Some editors keep the file that they are about to replace as a backup until the new one is safely on disk,
// which can take longer than the settle time. A batch that closed in between would tell of a file that
// nobody made. So while such a backup is there the batch waits, if it has time left; whether it is there is
// asked when the batch is due, as with git-hold.ts.
import type { DirtyNames } from './crawler.ts';
import type { Disk } from './disk.ts';
import { joinPath } from './names.ts';
import { type Directory, kindOf, type TreeIndex } from './tree-index.ts';

/** How soon after the backup is gone a held batch is told, at most. */
export const saveCheckMs = 5;
/** A save touches a few names. Where more are dirty something larger goes on, and nothing is looked for. */
const mostNames = 16;
const mostDirectories = 16;

/** What editors append to a name for as long as a save takes: vim's backup, JetBrains' temporary files. */
const saveSuffix = /(?:~|___jb_(?:tmp|old|bak)___)$/;

/** Says whether one of the dirty names is what a file was before the save that is under way. */
export function isSaveUnderWay(
  dirty: ReadonlyMap<Directory, DirtyNames>,
  index: TreeIndex,
  disk: Disk,
): boolean {
  if (dirty.size > mostDirectories) return false;
  for (const [directory, names] of dirty) {
    if (names === 'all' || names.size > mostNames || directory.gone) continue;
    for (const name of names.keys()) {
      if (!directory.entries.has(name) && isBackup(directory, name, names, index, disk)) return true;
    }
  }
  return false;
}

function isBackup(
  directory: Directory,
  name: string,
  names: ReadonlyMap<string, boolean>,
  index: TreeIndex,
  disk: Disk,
): boolean {
  const stats = disk.look(joinPath(directory.path, name));
  if (stats === undefined || 'unseen' in stats || kindOf(stats.mode) !== 'file') return false;
  // Named after a file that is known: it may be the old one or, where the old one is written in place, a copy.
  const original = name.replace(saveSuffix, '');
  if (original !== name && typeof directory.entries.get(original) === 'number') return true;
  // The old file itself, under whatever name, with another in its place by now.
  for (const other of names.keys()) {
    const row = directory.entries.get(other);
    if (typeof row !== 'number') continue;
    const before = index.fileStat(row);
    if (before.ino !== stats.ino || before.birthtimeMs !== stats.birthtimeMs) continue;
    const now = disk.look(joinPath(directory.path, other));
    if (now !== undefined && !('unseen' in now) && now.ino !== stats.ino) return true;
  }
  return false;
}
