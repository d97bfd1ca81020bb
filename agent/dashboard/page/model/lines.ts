// What happened, as lines of the event list. Takes what the client library tells and gives values; no DOM.
import type { AgentEvent } from '../../../../shared/client/browser.ts';
import { mostChangesAlone } from '../../../../shared/event-text.ts';
import type { Change, FileEvent, GapReason } from '../../../../shared/protocol.ts';

interface AnyLine {
  /** Counts from 1, in the order in which they came. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** About what it holds in memory, in characters. */
  readonly chars: number;
}

/** One path's change. */
export interface ChangeLine extends AnyLine {
  readonly type: 'change';
  readonly root: string;
  readonly change: Change;
}

/** Many changes at once. */
export interface BatchLine extends AnyLine {
  readonly type: 'batch';
  readonly root: string;
  readonly changes: readonly Change[];
  /** Whether the next event is of the same batch. */
  readonly more: boolean;
}

/** Something that somebody sent. */
export interface MessageLine extends AnyLine {
  readonly type: 'message';
  readonly topic: string;
  readonly from: string;
  readonly data: unknown;
}

/** Events were lost. */
export interface GapLine extends AnyLine {
  readonly type: 'gap';
  readonly reason: GapReason;
  readonly missed: number | undefined;
}

/** The connection broke. */
export interface LostLine extends AnyLine {
  readonly type: 'lost';
  readonly reason: string;
}

/** It stands again. */
export interface FoundLine extends AnyLine {
  readonly type: 'found';
  /** Whether it goes on where the one before ended; otherwise a gap follows. */
  readonly resumed: boolean;
}

/** Lines came while the list was paused that are not kept any more. */
export interface SkippedLine extends AnyLine {
  readonly type: 'skipped';
  readonly count: number;
}

/** One line of the list. */
export type Line = ChangeLine | BatchLine | MessageLine | GapLine | LostLine | FoundLine | SkippedLine;

/** What {@link LineMaker.add} gives: the lines, and what the event was to the journal. */
export interface MadeLines {
  readonly lines: readonly Line[];
  /** Its length as JSON, in UTF-8 bytes; 0 for what is no event of the journal. */
  readonly bytes: number;
}

/** An object that says hardly anything still takes room. */
const leastChars = 100;

const encoder = new TextEncoder();

/** Makes lines of events. */
export class LineMaker {
  #lastId = 0;
  #wasLost = false;

  /** @param nowMs for events that carry no time; milliseconds since 1970 */
  add(event: AgentEvent, nowMs: number): MadeLines {
    switch (event.type) {
      case 'file': {
        const text = JSON.stringify(event);
        return { lines: this.#ofFiles(event, text.length), bytes: encoder.encode(text).length };
      }
      case 'message': {
        const { time: timeMs, topic, from, data } = event;
        const text = JSON.stringify(event);
        const line: Line = { type: 'message', ...this.#head(timeMs, text.length), topic, from, data };
        return { lines: [line], bytes: encoder.encode(text).length };
      }
      case 'gap': {
        const { reason, missed } = event;
        return { lines: [{ type: 'gap', ...this.#head(nowMs), reason, missed }], bytes: 0 };
      }
      case 'lost':
        this.#wasLost = true;
        return { lines: [{ type: 'lost', ...this.#head(nowMs), reason: event.reason }], bytes: 0 };
      case 'connected': {
        if (!this.#wasLost) return { lines: [], bytes: 0 };
        this.#wasLost = false;
        return { lines: [{ type: 'found', ...this.#head(nowMs), resumed: event.resumed }], bytes: 0 };
      }
      case 'root':
        // The list of roots is asked for by itself.
        return { lines: [], bytes: encoder.encode(JSON.stringify(event)).length };
      case 'snapshot':
        // Never asked for.
        return { lines: [], bytes: 0 };
    }
  }

  /** A line that stands for `count` others. */
  skipped(count: number, timeMs: number): SkippedLine {
    return { type: 'skipped', ...this.#head(timeMs), count };
  }

  #ofFiles({ time, root, changes, more }: FileEvent, chars: number): Line[] {
    if (changes.length > mostChangesAlone) {
      return [{ type: 'batch', ...this.#head(time, chars), root, changes, more: more === true }];
    }
    return changes.map((change) => ({
      type: 'change',
      ...this.#head(time, chars / changes.length),
      root,
      change,
    }));
  }

  #head(timeMs: number, chars = 0): AnyLine {
    this.#lastId += 1;
    return { id: this.#lastId, timeMs, chars: Math.max(leastChars, chars) };
  }
}
