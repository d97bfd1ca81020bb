// Reading back what another agent left. Every byte is doubted: what does not hold together to the last event that anyone
// can have seen is not used at all.
import { join } from 'node:path';
import { type Mark, readMark } from './mark.ts';
import { type ReadSegment, readSegment, segmentNames } from './segment.ts';

/** What was found in a store. */
export type Found =
  /** Nothing, as at the first start. */
  | { readonly kind: 'nothing' }
  /** Something that can't be gone on with; `why` completes "the store can't be gone on with: …". */
  | { readonly kind: 'unusable'; readonly why: string }
  | {
      readonly kind: 'usable';
      readonly mark: Mark;
      /** The oldest first; the last one may be cut off after its sound bytes, which hold all that anyone has seen. */
      readonly segments: readonly ReadSegment[];
      readonly headSeq: number;
      /** Files that hold nothing: of a write that did not come to anything. */
      readonly empty: readonly string[];
    };

export const markName = 'mark';

/**
 * Looks what is in the store's directory.
 * @param boot this boot of the machine: after a crash of the machine nothing is sure
 * @throws Error of the file system
 */
export function findKept(directory: string, boot: string): Found {
  const mark = readMark(join(directory, markName));
  const names = segmentNames(directory);
  if (mark === undefined) {
    return names.length === 0 ? { kind: 'nothing' } : unusable('its mark is missing');
  }
  if ('refused' in mark) return unusable(mark.refused);
  if (mark.state === 'lost') return unusable('the agent before could not go on writing to it');
  if (mark.state === 'open' && mark.boot !== boot) {
    return unusable('the machine was restarted while an agent was writing to it');
  }
  const segments: ReadSegment[] = [];
  const empty: string[] = [];
  for (const name of names) {
    const segment = readSegment(directory, name, mark.epoch);
    const last = segments.at(-1);
    const follows = last === undefined || (!last.isCut && segment?.firstSeq === last.lastSeq + 1);
    if (segment !== undefined && follows && empty.length === 0) segments.push(segment);
    else empty.push(name);
  }
  const last = segments.at(-1);
  const headSeq = last?.lastSeq ?? 0;
  if (headSeq < mark.headSeq) return unusable(`its journal ends at event ${headSeq} of ${mark.headSeq}`);
  // The end of a write that a kill has cut off is no damage: nobody has seen it.
  const isCut = empty.length > 0 || last?.isCut === true;
  if (isCut && mark.state === 'clean') return unusable('there is more in its journal than was written');
  return { kind: 'usable', mark, segments, headSeq, empty };
}

function unusable(why: string): Found {
  return { kind: 'unusable', why };
}
