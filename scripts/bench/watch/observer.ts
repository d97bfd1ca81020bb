// What a peer's events tell, kept the same way for every peer: when each path was first told, and which
// paths exist by now.
import { TreeModel } from '../../../test/support/model.ts';

/** What is kept of events: arrival times, or a model of the tree. One of them, so that neither weighs on the other. */
export type Observed = 'arrivals' | 'paths';

/** How much a peer has told. */
export interface Tally {
  readonly events: number;
  /** When it told the last of them, by the monotonic clock; NaN for none. */
  readonly lastMs: number;
}

/** Every path below a root, as it is on disk. */
export function pathsOnDisk(root: string): Set<string> {
  return new Set(TreeModel.ofDisk(root).entries.keys());
}

/** Keeps what one peer tells. Nothing until `begin`. */
export class Observer {
  /** How much was told so far. */
  readonly tally: { -readonly [Key in keyof Tally]: Tally[Key] } = { events: 0, lastMs: Number.NaN };
  /** When each path was told first, by the monotonic clock. */
  readonly arrivalsMs = new Map<string, number>();
  /** The paths that exist, as told. */
  paths = new Set<string>();
  /** What the peer said of lost events. */
  readonly losses: string[] = [];
  private observed: Observed | undefined;

  /** Begins; for a model with what is on disk, so the tree has to be at rest. */
  begin(observed: Observed, root: string): void {
    this.observed = observed;
    if (observed === 'paths') this.paths = pathsOnDisk(root);
  }

  /**
   * Takes one event.
   * @param exists whether the path exists as of this event; asked only for a model
   */
  told(path: string, atMs: number, exists: () => boolean): void {
    if (this.observed === undefined) return;
    this.tally.events += 1;
    this.tally.lastMs = atMs;
    if (this.observed === 'arrivals') {
      if (!this.arrivalsMs.has(path)) this.arrivalsMs.set(path, atMs);
    } else if (exists()) this.paths.add(path);
    else this.remove(path);
  }

  /** Begins the model anew, for a peer that says that what it told before is void. */
  forget(): void {
    this.paths.clear();
  }

  /** Some peers tell of a removed directory alone, which says enough: what was in it went with it. */
  private remove(path: string): void {
    this.paths.delete(path);
    const below = `${path}/`;
    for (const other of this.paths) if (other.startsWith(below)) this.paths.delete(other);
  }
}
