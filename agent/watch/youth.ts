// How young an entry was when it was looked at.
import { clockGrainMs } from './delta.ts';
import type { EntryStat, Youth } from './tree-index.ts';

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
