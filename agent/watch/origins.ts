// What entries that were added were called before: the `from` of a rename.
import type { EntryStat } from './tree-index.ts';
import { clockGrainMs } from './youth.ts';

/**
 * Finds what an added entry was called before. An inode number proves nothing, since a new file often
 * carries a deleted one's; with the birth time beside it it does, but for entries that lived and died
 * within one tick of the clock, where nothing may have been written either.
 */
export class Origins {
  private readonly byIdentity = new Map<string, [string, EntryStat][]>();

  /** An entry that is gone. */
  add(path: string, stat: EntryStat): void {
    if (stat.birthtimeMs === 0) return;
    const key = `${stat.ino}:${stat.birthtimeMs}`;
    const same = this.byIdentity.get(key);
    if (same === undefined) this.byIdentity.set(key, [[path, stat]]);
    else same.push([path, stat]);
  }

  /** The path of a gone entry that is this one; each is given once. */
  take(stat: EntryStat): string | undefined {
    const candidates = this.byIdentity.get(`${stat.ino}:${stat.birthtimeMs}`);
    const index = candidates?.findIndex(([, before]) => provesIdentity(before, stat)) ?? -1;
    return index === -1 ? undefined : candidates?.splice(index, 1)[0]?.[0];
  }
}

function provesIdentity(before: EntryStat, after: EntryStat): boolean {
  if (before.kind !== after.kind) return false;
  const sameTick = after.ctimeMs - after.birthtimeMs < clockGrainMs;
  return !sameTick || (before.mtimeMs === after.mtimeMs && before.size === after.size);
}
