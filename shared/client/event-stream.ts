import type { AgentError } from './errors.ts';
import type { AgentEvent } from './events.ts';
import { whenAborted } from './pause.ts';
import type { Subscription, SubscriptionListener } from './subscription.ts';

/**
 * Characters of events that wait to be read. Enough to carry a burst over a busy moment of its reader; for
 * more than that there is the agent's journal.
 */
const mostQueuedChars = 1024 * 1024;
/** Where it asks for more again: not at every event, since that may cost a connection. */
const fewQueuedChars = mostQueuedChars / 4;

const end: IteratorResult<AgentEvent, undefined> = { done: true, value: undefined };

/**
 * Events to be read with `for await`. It connects when the first is asked for. It ends when the loop is left, its
 * signal is aborted or the agent's client is closed, and throws an {@link AgentError} when the agent refuses for good.
 * About 1 MiB of events wait for a slow reader in its own process; more stay in the agent's journal, and when that has
 * moved past them, a {@link GapEvent} says so.
 */
export class EventStream implements AsyncIterableIterator<AgentEvent, undefined> {
  readonly #open: (listener: SubscriptionListener) => Subscription;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: { readonly event: AgentEvent; readonly chars: number }[] = [];
  /** Readers wait for the one before them. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Wakes the one whose turn it is. */
  #wake = (): void => {};
  #queuedChars = 0;
  #subscription: Subscription | undefined;
  #forgetSignal = (): void => {};
  #ended = false;
  #error: AgentError | undefined;

  /** @internal */
  constructor(open: (listener: SubscriptionListener) => Subscription, signal: AbortSignal | undefined) {
    this.#open = open;
    this.#signal = signal;
  }

  /**
   * The next event, which it waits for.
   * @throws {@link AgentError} once, after the last event, when the agent refuses for good
   */
  next(): Promise<IteratorResult<AgentEvent, undefined>> {
    const result = this.#turn.then(() => this.#read());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Ends the stream; what was not read is dropped. */
  async return(): Promise<IteratorResult<AgentEvent, undefined>> {
    this.#ended = true;
    this.#subscription?.stop();
    return end;
  }

  /** Itself: it can be read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it when its `await using` block is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #read(): Promise<IteratorResult<AgentEvent, undefined>> {
    if (this.#subscription === undefined && !this.#ended) this.#begin();
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const first = this.#queue.shift();
    if (first === undefined) {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) throw error;
      return end;
    }
    this.#queuedChars -= first.chars;
    if (this.#queuedChars <= fewQueuedChars) this.#subscription?.resume();
    return { value: first.event };
  }

  #begin(): void {
    const subscription = this.#open({
      event: (event, chars) => {
        this.#queue.push({ event, chars });
        this.#queuedChars += chars;
        if (this.#queuedChars > mostQueuedChars) subscription.pause();
        this.#wake();
      },
      ended: (error) => this.#end(error),
    });
    this.#subscription = subscription;
    this.#forgetSignal = whenAborted(this.#signal, () => subscription.stop());
  }

  #end(error: AgentError | undefined): void {
    this.#forgetSignal();
    this.#ended = true;
    this.#error = error;
    // What came before a failure is still to be had; after an end that was asked for nobody wants it.
    if (error === undefined) this.#queue.length = 0;
    this.#wake();
  }
}
