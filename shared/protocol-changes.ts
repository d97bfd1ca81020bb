// What changed since a cursor, as types. docs/protocol.md says what they mean. It imports nothing but types, so that a
// page can.
import type { Change, MessageEvent } from './protocol.ts';

/** One path's part of the difference since a cursor. */
export interface NetChange extends Omit<Change, 'from'> {
  /** The real path of the root that it lies below. */
  root: string;
}

/**
 * Why a difference can't be told. `epoch`: the cursor is of another journal, or one that is yet to come. `expired`: too
 * much came and went since, or a root was not watched ever since. `new`: the named cursor did not exist. `limit`: there
 * are more changes than were asked for.
 */
export type IncompleteReason = 'epoch' | 'expired' | 'new' | 'limit';

/** What changed since a cursor: the difference between what was there then and what is there now. */
export interface ChangesAnswer {
  /** The cursor from which the difference is; null where none was given, or the named one did not exist. */
  since: string | null;
  /** The cursor up to which it is: the next difference begins here. */
  cursor: string;
  /** Whether `changes` is all of it. If not, everything may have changed: see the files themselves. */
  complete: boolean;
  /** Why it is not complete; null when it is. */
  reason: IncompleteReason | null;
  /**
   * Each path once, as in a batch: unlinks first, children before parents, then the rest, parents before children.
   * One whose kind changed is an unlink and an add.
   */
  changes: NetChange[];
  /** How many changes there are; with `limit` more than are given, with the other reasons 0. */
  total: number;
  /** Messages since then, the oldest first, if their topics were asked for. */
  messages: MessageEvent[];
  /** Whether these are all: the journal may have moved past some, and there is room for 1 MiB of the newest. */
  messagesComplete: boolean;
}

/** A cursor that the agent remembers. */
export interface NamedCursor {
  /** Up to 128 of `A-Z a-z 0-9 . _ : -`. */
  name: string;
  /** Where it stands. */
  cursor: string;
}
