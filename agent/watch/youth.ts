// How young an entry was when it was looked at.
import type { EntryStat, Youth } from './tree-index.ts';

/**
 * The coarsest step of a local file system's clock, with some room: an entry that changed this recently
 * may change again without its times showing it.
 */
export const clockGrainMs = 12;

/** The youth of an entry that is looked at now. */
export function youthOf(stat: EntryStat): Youth {
  const nowMs = Date.now();
  if (isYoung(stat.mtimeMs, nowMs)) return 'mtime';
  return isYoung(stat.ctimeMs, nowMs) ? 'ctime' : 'none';
}

function isYoung(timeMs: number, nowMs: number): boolean {
  // A time in whole seconds comes from a clock as coarse as that.
  const grainMs = timeMs % 1000 === 0 ? 2000 : clockGrainMs;
  return nowMs - timeMs < grainMs;
}
