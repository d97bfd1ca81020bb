// The laws of a batch that a model of the tree alone can't see.
import type { Change, FileEvent } from '../../shared/index.ts';

/** Puts the pieces of each batch together again. */
export function batchesOf(events: readonly FileEvent[]): { root: string; changes: Change[] }[] {
  const batches: { root: string; changes: Change[] }[] = [];
  const open = new Map<string, { root: string; changes: Change[] }>();
  for (const { root, changes, more } of events) {
    const batch = open.get(root) ?? { root, changes: [] };
    batch.changes.push(...changes);
    if (more === true) open.set(root, batch);
    else {
      open.delete(root);
      batches.push(batch);
    }
  }
  return batches;
}

/**
 * How a batch breaks the law: a path stands in it once, unless its kind changed, and where something came
 * from is something that the same batch takes away.
 */
export function batchFaults(changes: readonly Change[]): string[] {
  const faults: string[] = [];
  const byPath = new Map<string, Change>();
  const gone = new Map<string, Change>();
  for (const change of changes) {
    const { event, path, kind, from } = change;
    const key = change.pathBytes ?? path;
    const earlier = byPath.get(key);
    const becomesAnother =
      (earlier?.event === 'unlink' || earlier?.event === 'unlinkDir') &&
      (event === 'add' || event === 'addDir') &&
      earlier.kind !== kind;
    if (earlier !== undefined && !becomesAnother) faults.push(`${event} ${path} after ${earlier.event}`);
    byPath.set(key, change);
    if (event === 'unlink' || event === 'unlinkDir') gone.set(path, change);
    if (from !== undefined && gone.get(from)?.kind !== kind) faults.push(`${event} ${path} from ${from}`);
  }
  return faults;
}
