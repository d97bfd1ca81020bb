// The event list's content: what is shown, what is held back while it is paused, and what can be searched.
import { BoundedLines } from './bounded-lines.ts';
import { everything, type LineFilter, matchesLine } from './line-filter.ts';
import { type Line, LineMaker } from './lines.ts';

/** How much is kept. */
export interface FeedLimits {
  /** Lines shown; far more than anybody scrolls through. */
  readonly shownLines: number;
  /** Lines that another filter can bring back. */
  readonly keptLines: number;
  /** Of either, about what they may hold in memory: a message alone can be a megabyte. */
  readonly chars: number;
}

const feedLimits: FeedLimits = { shownLines: 1_000, keptLines: 2_000, chars: 8 * 1024 * 1024 };

/** Why the list stands still: somebody asked for it, opened a line, or has scrolled away from the end. */
export type Hold = 'asked' | 'opened' | 'scrolled';

interface Pause {
  readonly hold: Hold;
  /** What was kept when it began, for other filters. */
  readonly kept: readonly Line[];
  readonly lastId: number;
  /** Those that came since and match. */
  readonly waiting: BoundedLines;
  waitingCount: number;
}

/** The list. Whoever shows it asks anew after each call. */
export class Feed {
  readonly maker = new LineMaker();
  readonly #limits: FeedLimits;
  readonly #kept: BoundedLines;
  readonly #shown: BoundedLines;
  #filter = everything;
  #pause: Pause | undefined;
  #lastId = 0;

  constructor(limits: FeedLimits = feedLimits) {
    this.#limits = limits;
    this.#kept = new BoundedLines(limits.keptLines, limits.chars);
    this.#shown = new BoundedLines(limits.shownLines, limits.chars);
  }

  get filter(): LineFilter {
    return this.#filter;
  }

  /** Undefined while it runs. */
  get hold(): Hold | undefined {
    return this.#pause?.hold;
  }

  /** How many lines that match came since it was paused. */
  get waitingCount(): number {
    return this.#pause?.waitingCount ?? 0;
  }

  get shownCount(): number {
    return this.#shown.length;
  }

  /** How many lines there are to search, those held back left out. */
  get keptCount(): number {
    return this.#pause?.kept.length ?? this.#kept.length;
  }

  /** The lines to show, oldest first; the newest `count` of them, if that is given. */
  shown(count?: number): readonly Line[] {
    return count === undefined ? this.#shown.all() : this.#shown.last(count);
  }

  add(lines: readonly Line[]): void {
    for (const line of lines) {
      this.#lastId = line.id;
      this.#kept.push(line);
      if (matchesLine(this.#filter, line)) this.#show(line);
    }
  }

  /** Shows what matches, also of what came before. */
  setFilter(filter: LineFilter): void {
    this.#filter = filter;
    const pause = this.#pause;
    this.#shown.clear();
    for (const line of pause?.kept ?? this.#kept.all()) {
      if (matchesLine(filter, line)) this.#shown.push(line);
    }
    if (pause === undefined) return;
    pause.waiting.clear();
    pause.waitingCount = 0;
    for (const line of this.#kept.all()) {
      if (line.id > pause.lastId && matchesLine(filter, line)) this.#show(line);
    }
  }

  /** Holds back what comes from now on. Scrolling, which may go back to the end, overrules nothing. */
  pause(hold: Hold): void {
    if (this.hold === 'asked' || this.hold === 'opened') return;
    this.#pause = {
      ...(this.#pause ?? {
        kept: this.#kept.all(),
        lastId: this.#lastId,
        // One less: the line that says how many others there were is shown with them.
        waiting: new BoundedLines(this.#limits.shownLines - 1, this.#limits.chars),
        waitingCount: 0,
      }),
      hold,
    };
  }

  /** Shows what was held back, and says how much of it is not kept any more. */
  resume(): void {
    const pause = this.#pause;
    if (pause === undefined) return;
    this.#pause = undefined;
    const waiting = pause.waiting.all();
    const skipped = pause.waitingCount - waiting.length;
    const [first] = waiting;
    if (skipped > 0 && first !== undefined) this.#shown.push(this.maker.skipped(skipped, first.timeMs));
    for (const line of waiting) this.#shown.push(line);
  }

  /** Forgets all lines, those held back as well. */
  clear(): void {
    this.#kept.clear();
    this.#shown.clear();
    this.#pause = undefined;
  }

  #show(line: Line): void {
    const pause = this.#pause;
    if (pause === undefined) {
      this.#shown.push(line);
      return;
    }
    pause.waiting.push(line);
    pause.waitingCount += 1;
  }
}
