// What delivery is given.
import type { TurnBudget } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { Interlude } from './catch-up.ts';
import type { Counters } from './counters.ts';
import type { Member } from './group.ts';
import type { Turns } from './turns.ts';

/** What a lane delivers with, besides its journal. */
export interface DeliveryParts {
  /** What clients get between events. */
  readonly interlude: Interlude;
  readonly broadcasts: Broadcasts;
  /** Those of all lanes, who are behind: what a turn of the loop may take is theirs together. */
  readonly turns: Turns<Member>;
  /** Turns of their own for those with slow filters: nobody else has to wait for them. */
  readonly slowTurns: Turns<Member>;
  /** The time in a turn of the loop to encode newest events in, of all lanes together. */
  readonly budget: TurnBudget;
  /** So long a batch waits for clients that keep up. */
  readonly holdMs: number;
  readonly counters: Counters;
  readonly log: Log;
  /** After how long a client that takes next to nothing is closed. */
  readonly stalledMs: number;
  /** A clock that only goes forward. */
  readonly nowMs: () => number;
}

/** When a frame that is no event goes to a client. */
export interface ReplyOptions {
  /** When it has got everything up to this event; the newest of now unless given. */
  readonly afterSeq?: number;
  /** Called when the frame is handed over; never, if the client leaves before. */
  readonly sent?: () => void;
}
