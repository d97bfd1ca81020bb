// What is known of a root can outlive the watcher: whoever makes one may keep it, and gives it back when the root is
// watched again. What changed in between is then found by a crawl, and told.
import type { Change } from '../../shared/index.ts';

/** What was kept of a root. */
export interface KeptIndex {
  /** What a watcher gave to `put`. */
  readonly image: Buffer;
  /** The events of the root after that, in order. */
  readonly events: readonly { readonly seq: number; readonly changes: readonly Change[] }[];
}

/** Keeps the indexes of roots. */
export interface IndexKeeper {
  /**
   * A root is about to be watched, and from now on counts as watched.
   * @returns what was kept of it; `lost` if it was watched before and that can't be had; undefined if it is new
   */
  take(root: string): KeptIndex | 'lost' | undefined;
  /**
   * Keeps an index in place of an earlier one. It is held still until this resolves; never rejects.
   * @param isWatched whether the root goes on being watched
   */
  put(root: string, image: readonly Buffer[], isWatched: boolean): Promise<void>;
}
