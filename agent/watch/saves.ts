// Whether a save is under way. Some editors keep the old file under another name until the new one is safely on the
// disk, which can take longer than the settle time, and a file that nobody made would be reported.
import { isSaveTrial, savedFileOf } from '../../shared/index.ts';
import type { PathDifference } from './delta.ts';
import type { EntryStat } from './tree-index.ts';

/** A save touches a few paths. Where more differ something larger goes on, and waiting is no use. */
const mostOfSave = 16;

/**
 * Whether a save seems to be under way, with the old file still there under another name.
 * @param differences what has been found for the batch, by path
 * @param isKnownFile whether the index has a file at a path
 */
export function holdsBackup(
  differences: ReadonlyMap<string, PathDifference>,
  isKnownFile: (path: string) => boolean,
): boolean {
  if (differences.size > mostOfSave) return false;
  const wasFile = (path: string): boolean => {
    const difference = differences.get(path);
    return difference === undefined ? isKnownFile(path) : difference.before?.kind === 'file';
  };
  for (const [path, { before, after }] of differences) {
    if (before !== undefined || after?.kind !== 'file') continue;
    if (after.size === 0 && isSaveTrial(path)) return true;
    const original = savedFileOf(path);
    if (original !== undefined && wasFile(original)) return true;
    for (const other of differences.values()) if (isReplacedBy(other, after)) return true;
  }
  return false;
}

/** Whether the file of a difference has another in its place, and is what was added elsewhere. */
function isReplacedBy({ before, after }: PathDifference, added: EntryStat): boolean {
  return (
    before?.kind === 'file' &&
    after?.kind === 'file' &&
    before.ino !== after.ino &&
    before.ino === added.ino &&
    before.birthtimeMs === added.birthtimeMs
  );
}
