// What is wanted of one root beyond its default view, and by which views. The union decides what is crawled and watched.
import { directoryOf } from './names.ts';
import type { EntryStat } from './tree-index.ts';
import type { Interest, View } from './views.ts';

/** Paths that the status names. */
const mostNamed = 20;

/** Whether a view holds an entry. */
export type Sees = (path: string, stat: EntryStat) => boolean;

/** The default view. */
export const seenByDefault: Sees = (_path, { outside }) => !outside;

/** The interests in one root. */
export class Interests {
  private readonly byView = new Map<View, Interest>();
  private everything = false;
  private readonly places = new Set<string>();
  /** Directories on the way to places. */
  private readonly ways = new Set<string>();

  /** Whether nothing is wanted. */
  get isEmpty(): boolean {
    return !this.everything && this.places.size === 0;
  }

  /** Clients of all views that hold something here. */
  get clients(): number {
    let sum = 0;
    for (const { clients } of this.byView.keys()) sum += clients;
    return sum;
  }

  /** What is wanted, as globs; at most 20. */
  get named(): string[] {
    return [...(this.everything ? ['**'] : []), ...[...this.places].sort()].slice(0, mostNamed);
  }

  set(view: View, interest: Interest): void {
    this.byView.set(view, interest);
    this.unite();
  }

  /** @returns what it was */
  delete(view: View): Interest | undefined {
    const interest = this.byView.get(view);
    this.byView.delete(view);
    this.unite();
    return interest;
  }

  /**
   * Whether somebody wants an entry that is outside the default view.
   * @param isDirectory a directory is also wanted for what it leads to
   */
  wants(path: string, isDirectory: boolean): boolean {
    if (this.everything) return true;
    if (this.places.size === 0) return false;
    return liesIn(this.places, path) || (isDirectory && this.ways.has(path));
  }

  /** How a view sees this root. */
  sees(view: View): Sees {
    const interest = this.byView.get(view);
    if (interest === undefined) return seenByDefault;
    if (interest.everything) return () => true;
    const places = new Set(interest.places);
    return (path, { outside }) => !outside || liesIn(places, path);
  }

  /** The views whose changes are reported. */
  *live(): Generator<View, void> {
    for (const view of this.byView.keys()) if (view.isLive) yield view;
  }

  /** The views for which a path is held, those that are being crawled first and alone if there are any. */
  holders(path: string): View[] {
    const holders: View[] = [];
    for (const [view, { everything, places }] of this.byView) {
      if (everything || places.some((place) => overlap(place, path))) holders.push(view);
    }
    const opening = holders.filter(({ isLive }) => !isLive);
    return opening.length > 0 ? opening : holders;
  }

  private unite(): void {
    this.everything = false;
    this.places.clear();
    this.ways.clear();
    for (const { everything, places } of this.byView.values()) {
      this.everything ||= everything;
      for (const place of places) {
        this.places.add(place);
        for (let at = directoryOf(place); at !== ''; at = directoryOf(at)) this.ways.add(at);
      }
    }
  }
}

function liesIn(places: ReadonlySet<string>, path: string): boolean {
  for (let at = path; at !== ''; at = directoryOf(at)) if (places.has(at)) return true;
  return false;
}

/** Whether one path is the other or leads to it. */
function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
