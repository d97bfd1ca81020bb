// When the command is run, stopped, or held back. Nothing here runs or waits: what happens goes in with its
// time, and what is to be done now comes out.

/** What becomes of a change that comes while the command runs. */
export type BusyPolicy = 'queue' | 'restart' | 'ignore';

/** Who changes files without a pause still wants to see a run: after this time, or some pauses' length. */
const longestWaitMs = 2_000;
const longestWaitPauses = 4;
/** Runs in a row that a command may start by its own changes: a formatter or a generator settles in one or two. */
const mostOwnRuns = 5;
/**
 * A command that is restarted while it runs, as a server is, changes its own files when it starts; what
 * comes later is taken for somebody's work.
 */
const ownAfterStartMs = 2_000;
/** The agent's word that it has told all until now takes as long as the batch that is open, 100 ms at most. */
const markTimeoutMs = 1_000;

/** What came. A gap stands for changes that were lost. */
export type Cause = 'change' | 'gap' | 'message' | 'initial';

/**
 * What is to be done now. At `mark` the agent is to be asked for its word that it has told all until now. `hold` is said once, when the command is not to run again for its own changes; at
 * `rest` something has to happen first; after `wait` it is to be asked again.
 */
export type Step =
  | { readonly kind: 'start' | 'stop' | 'mark' | 'hold' | 'rest' }
  | { readonly kind: 'wait'; readonly ms: number };

const rest: Step = { kind: 'rest' };

interface Pending {
  readonly firstMs: number;
  lastMs: number;
  /** Whether nothing but the command's own changes is in it. */
  own: boolean;
  /** Whether the agent was asked for a mark after all of it. */
  confirmed: boolean;
}

/** Decides about the runs of one command. All times are of one monotonic clock, in milliseconds. */
export class RunPolicy {
  readonly #busy: BusyPolicy;
  readonly #quietMs: number;
  readonly #longestWaitMs: number;
  #pending: Pending | undefined;
  /** The batch has more pieces. */
  #batchOpen = false;
  #running = false;
  #stopping = false;
  /** A mark was asked for; then it is waited for no more. */
  #markDueMs: number | undefined;
  /** A run has ended, and what comes until the mark is still of its time. */
  #isRunsTime = false;
  #ownUntilMs = 0;
  #ownRuns = 0;
  #held = false;

  /** How many runs in a row, up to the last one, the command started itself. */
  get ownRuns(): number {
    return this.#ownRuns;
  }

  /** @param quietMs how long nothing has to change before the command is run */
  constructor(busy: BusyPolicy, quietMs: number) {
    this.#busy = busy;
    this.#quietMs = quietMs;
    this.#longestWaitMs = Math.max(longestWaitMs, longestWaitPauses * quietMs);
  }

  /**
   * Something came that the command is to be run for.
   * @param paths how many changed; none in a piece that only says that its batch is over
   * @param more whether further pieces of the same batch follow
   * @returns whether it is kept for the next run
   */
  arrived(cause: Cause, nowMs: number, paths = 0, more = false): boolean {
    this.#batchOpen = more;
    if (cause === 'change' && paths === 0) return false;
    const own = (cause === 'change' || cause === 'gap') && this.#isOwn(nowMs);
    if (this.#busy === 'ignore' && (this.#running || own)) return false;
    // Quiet has to come before a change that counts as somebody else's again.
    if (this.#held && own) this.#ownUntilMs = nowMs + ownAfterStartMs;
    if (!own) this.#held = false;
    // Before anything has happened there is nothing to wait for.
    const atMs = cause === 'initial' ? Number.NEGATIVE_INFINITY : nowMs;
    this.#pending ??= { firstMs: atMs, lastMs: atMs, own: true, confirmed: false };
    this.#pending.lastMs = atMs;
    this.#pending.own &&= own;
    this.#pending.confirmed = cause === 'initial';
    return true;
  }

  /** The rest of a batch comes no more. */
  closeBatch(): void {
    this.#batchOpen = false;
  }

  /** The command was started: what was pending is its. */
  started(nowMs: number): void {
    this.#ownRuns = this.#pending?.own === true ? this.#ownRuns + 1 : 0;
    this.#pending = undefined;
    this.#running = true;
    this.#stopping = false;
    this.#ownUntilMs = nowMs + ownAfterStartMs;
  }

  /** The command has ended, by itself or not, and a mark is asked for. */
  ended(nowMs: number): void {
    this.#running = false;
    this.#isRunsTime = true;
    this.#markDueMs = nowMs + markTimeoutMs;
  }

  /** The mark that was asked for last has come, or does not come. */
  marked(): void {
    this.#markDueMs = undefined;
    this.#isRunsTime = false;
  }

  /** What is to be done now. */
  next(nowMs: number): Step {
    if (this.#markDueMs !== undefined) {
      if (nowMs < this.#markDueMs) return { kind: 'wait', ms: this.#markDueMs - nowMs };
      this.marked();
    }
    const pending = this.#pending;
    if (pending === undefined || this.#batchOpen || this.#held) return rest;
    if (this.#running && (this.#busy !== 'restart' || this.#stopping)) return rest;
    const waitMs = this.#dueMs(pending) - nowMs;
    if (waitMs > 0) return { kind: 'wait', ms: waitMs };
    // A batch that the agent still gathers belongs to what is there already.
    if (!pending.confirmed && nowMs < pending.firstMs + this.#longestWaitMs) {
      pending.confirmed = true;
      this.#markDueMs = nowMs + markTimeoutMs;
      return { kind: 'mark' };
    }
    if (pending.own && this.#ownRuns >= mostOwnRuns) {
      this.#held = true;
      return { kind: 'hold' };
    }
    if (!this.#running) return { kind: 'start' };
    this.#stopping = true;
    return { kind: 'stop' };
  }

  #isOwn(nowMs: number): boolean {
    if (this.#isRunsTime) return true;
    if (this.#busy === 'restart') return (this.#running || this.#held) && nowMs < this.#ownUntilMs;
    return this.#running;
  }

  #dueMs({ firstMs, lastMs }: Pending): number {
    return Math.min(lastMs + this.#quietMs, firstMs + this.#longestWaitMs);
  }
}
