// How a root begins, from nothing or from what was kept of it, and what of it is to be kept.
import type { ArmedBackend } from './armed-backend.ts';
import type { TreeClock } from './clock.ts';
import { Delta, untold } from './delta.ts';
import type { DirtyDirectories } from './dirty.ts';
import type { EngineEvents, Entries } from './engine-events.ts';
import { loadImage, saveImage } from './index-image.ts';
import type { KeptIndex } from './kept-index.ts';
import type { OuterRulesReader } from './outer-rules.ts';
import type { RootLife } from './root-life.ts';
import type { RootWork } from './root-work.ts';
import type { TreeIndex } from './tree-index.ts';

interface Parts {
  readonly index: TreeIndex;
  readonly clock: TreeClock;
  readonly dirty: DirtyDirectories;
  readonly life: RootLife;
  readonly looking: RootWork;
  readonly outer: OuterRulesReader;
}

/** Moves one root's index and clock between memory and bytes. */
export class RootMemory {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /**
   * Watches the root and makes the index, which must be empty, that of what is there.
   * @returns how long the crawl took, and what is different from what was kept; nothing of a root that is new
   */
  async begin(
    kept: KeptIndex | undefined,
    armed: ArmedBackend,
    events: EngineEvents,
    entries: Entries,
  ): Promise<{ readonly differences: Delta | undefined; readonly crawlMs: number }> {
    const { index, clock, life, looking, outer } = this.parts;
    const startedMs = performance.now();
    const differences = kept === undefined ? undefined : new Delta();
    if (kept !== undefined) {
      await looking.inMemory(loadImage(kept, index, clock));
      life.adopt();
    }
    await Promise.all([armed.current.start(), outer.begin()]);
    // Those who are to learn of the root get what is known of it, and the differences after that.
    if (kept !== undefined) await events.crawled(entries);
    await looking.checkRoot(differences ?? untold, kept !== undefined);
    const crawlMs = performance.now() - startedMs;
    if (looking.isClosed) return { differences, crawlMs };
    await (kept === undefined ? events.crawled(entries) : events.restarted?.());
    return { differences, crawlMs };
  }

  /**
   * What is known of the root, as bytes; empty where the engine was closed meanwhile. The index has to be held still.
   * @param isWatched whether it goes on being watched
   */
  async image(isWatched: boolean): Promise<Buffer[]> {
    const { index, clock, dirty, looking } = this.parts;
    const pieces: Buffer[] = [];
    const saved = clock.save();
    const as = isWatched ? saved : { ...saved, since: Number.POSITIVE_INFINITY };
    await looking.inMemory(saveImage(index, as, dirty.size === 0, pieces));
    return pieces;
  }
}
