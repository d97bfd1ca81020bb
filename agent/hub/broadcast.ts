// A message on its way: one copy of it in the journal of each lane, and the counts of all of them together.
import type { Journal } from '../journal/index.ts';

/** Who waits for an answer. */
export interface Asker {
  /** Whether it waits until no client lags. */
  readonly untilAllHave: boolean;
  /** Called once, when there is an answer. */
  settle(error?: unknown): void;
}

/** Who follows copies in one lane. */
interface Follower {
  /** Follows a copy no further. */
  drop(copy: Copy): void;
}

/** A message in the journal of one lane. */
export class Copy {
  readonly broadcast: Broadcast;
  readonly journal: Journal;
  private readonly follower: Follower;
  /** Its event; 0 until it has its place in the journal. */
  seq = 0;
  /** Clients of the lane that may still get it. */
  lagging = 0;
  /** Whether it has been handed to the clients that stood at the front, so that the counts mean something. */
  isSent = false;

  constructor(broadcast: Broadcast, journal: Journal, follower: Follower) {
    this.broadcast = broadcast;
    this.journal = journal;
    this.follower = follower;
  }

  get topic(): string {
    return this.broadcast.topic;
  }

  /** Whether its clients are to be followed further: some lag, and somebody asks or may ask. */
  get isFollowed(): boolean {
    const { askers, isKept } = this.broadcast;
    return !this.isSent || (this.lagging > 0 && (isKept || askers.size > 0));
  }

  /** It is for so many more clients. */
  matches(clients: number): void {
    this.lagging += clients;
    this.broadcast.matched += clients;
    this.broadcast.lagging += clients;
  }

  /** Some of the clients that it was for have it now. */
  reached(clients: number): void {
    this.lagging -= clients;
    this.broadcast.lagging -= clients;
    this.broadcast.delivered += clients;
  }

  /** A client that it was for will not get it. */
  missed(): void {
    this.lagging -= 1;
    this.broadcast.lagging -= 1;
  }

  /** Stops following it unless there is a reason to. */
  prune(): void {
    if (!this.isFollowed) this.follower.drop(this);
  }
}

/** A message on its way to the clients. The counts are about those that were connected when it was published. */
export class Broadcast {
  readonly topic: string;
  /** Whether it may be asked about later, and so is followed as long as a client lags. */
  readonly isKept: boolean;
  /** One a lane, that of the default view first. */
  readonly copies: Copy[] = [];
  /** How many of those have not been handed to anybody yet. */
  unsent = 0;
  matched = 0;
  delivered = 0;
  lagging = 0;
  readonly askers = new Set<Asker>();

  constructor(topic: string, isKept: boolean) {
    this.topic = topic;
    this.isKept = isKept;
  }

  /** Whether it has been handed to the clients that stood at the fronts, so that the counts mean something. */
  get isSent(): boolean {
    return this.copies.length > 0 && this.unsent === 0;
  }

  /** Its place in a journal; in that of the default view unless it is in the one given. */
  cursor(journal?: Journal): string {
    const copy = this.copies.find((each) => each.journal === journal) ?? this.copies[0];
    return copy === undefined ? '' : copy.journal.cursor(copy.seq);
  }
}
