// Holding the indexes of roots still, to read several at the same time or to keep one.
import { setTimeout as delay } from 'node:timers/promises';
import type { Entries } from './engine-events.ts';
import type { IndexKeeper } from './kept-index.ts';
import type { RootEngine } from './root-engine.ts';

/** A root that is held still. */
export interface HeldRoot {
  readonly engine: RootEngine;
  readonly entries: Entries;
}

/**
 * Holds the root given still, or all, while `use` reads them. One that is not among the engines, or no longer when its
 * turn comes, is left out.
 * @param engines by root; they may change meanwhile
 * @param isReported whether it is known that the engine's root is watched: all of those are held
 */
export async function holdRoots<T>(
  engines: ReadonlyMap<string, RootEngine>,
  isReported: (engine: RootEngine) => boolean,
  root: string | undefined,
  use: (held: ReadonlyMap<string, HeldRoot>) => Promise<T>,
): Promise<T> {
  const roots = new Map<string, HeldRoot>();
  const hold = async ([path, ...others]: readonly string[]): Promise<{ result: T } | undefined> => {
    if (path === undefined) {
      // One may have been added and reported while the others were waited for.
      const isWhole = [...engines].every(([at, it]) => roots.has(at) || !isReported(it));
      return root !== undefined || isWhole ? { result: await use(roots) } : undefined;
    }
    const engine = engines.get(path);
    return engine === undefined
      ? hold(others)
      : engine.withIndex((entries) => {
          // Unless it was removed while it was waited for.
          if (engines.get(path) === engine) roots.set(path, { engine, entries });
          return hold(others);
        });
  };
  for (;;) {
    roots.clear();
    // Always in the same order, so that two callers never hold what the other waits for.
    const held = await hold(root === undefined ? [...engines.keys()].sort() : [root]);
    if (held !== undefined) return held.result;
  }
}

/** How often, and how long each time, an index that is to be kept waits for the end of a save: half a second. */
const mostWaits = 20;
const waitMs = 25;

/** Has the index of a root kept as it has been told; resolves when it is. One that is not whole yet is passed over. */
export async function keepIndex(
  root: string,
  current: () => RootEngine | undefined,
  keeper: IndexKeeper | undefined,
): Promise<void> {
  const engine = current();
  // Nor is that waited for: the agent may be about to stop.
  if (keeper === undefined || engine?.isReady !== true) return;
  // To read the index is to report what waits for the end of a save: better a little later.
  for (let waits = 0; engine.batches.isHolding && waits < mostWaits; waits++) await delay(waitMs);
  await engine.withIndex(async () => {
    if (current() !== engine) return;
    const image = await engine.memory.image(true);
    if (image.length > 0) await keeper.put(root, image, true);
  });
}
