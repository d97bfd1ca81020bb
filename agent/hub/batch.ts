// A batch of changes as events: one, or several of which all but the last are marked `more`.
import type { Change } from '../../shared/index.ts';
import type { NewEvent } from '../journal/index.ts';

/** The events of a batch, each with so many changes at most; none for no changes. */
export function* piecesOf(
  root: string,
  changes: readonly Change[],
  changesPerEvent: number,
): Generator<NewEvent> {
  const time = Date.now();
  for (let start = 0; start < changes.length; start += changesPerEvent) {
    const end = start + changesPerEvent;
    const more = end < changes.length ? { more: true as const } : {};
    yield { type: 'file', time, topic: 'file', root, changes: changes.slice(start, end), ...more };
  }
}
