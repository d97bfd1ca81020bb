import type { AgentError } from './errors.ts';
import type { AgentEvent } from './events.ts';
import { whenAborted } from './pause.ts';
import type { Subscription, SubscriptionListener } from './subscription.ts';

/**
 * Characters of events that wait to be read. Enough to carry a burst over a busy moment of its reader; for
 * more than that there is the agent's journal.
 */
const mostQueuedChars = 2 ** 20;
/** Where it asks for more again: not at every event, since that may cost a connection. */
const fewQueuedChars = 2 ** 18;

/**
 * Events to be read with `for await`. It connects when the first is asked for. It ends when the loop is left, its
 * signal is aborted or the agent's client is closed, and throws an {@link AgentError} when the agent refuses for good.
 * About 1 MiB of events wait for a slow reader in its own process; more stay in the agent's journal, and when that has
 * moved past them, a {@link GapEvent} says so.
 */
export class EventStream implements AsyncIterableIterator<AgentEvent, undefined> {
  /** A generator has its readers wait for those before them. */
  readonly #events: AsyncGenerator<AgentEvent, undefined>;
  #stop = (): void => {};

  /** @internal */
  constructor(open: (listener: SubscriptionListener) => Subscription, signal: AbortSignal | undefined) {
    this.#events = this.#read(open, signal);
  }

  /**
   * The next event, which it waits for.
   * @throws {@link AgentError} once, after the last event, when the agent refuses for good
   */
  next(): Promise<IteratorResult<AgentEvent, undefined>> {
    return this.#events.next();
  }

  /** Ends the stream; what was not read is dropped. */
  return(): Promise<IteratorResult<AgentEvent, undefined>> {
    this.#stop();
    return this.#events.return(undefined);
  }

  /** Itself: it can be read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it when its `await using` block is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async *#read(
    open: (listener: SubscriptionListener) => Subscription,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AgentEvent, undefined> {
    const queue: { readonly event: AgentEvent; readonly chars: number }[] = [];
    let queuedChars = 0;
    let wake = (): void => {};
    let ended = false;
    let failure: AgentError | undefined;
    const subscription = open({
      event: (event, { length: chars }) => {
        queue.push({ event, chars });
        queuedChars += chars;
        if (queuedChars > mostQueuedChars) subscription.pause();
        wake();
      },
      ended: (error) => {
        ended = true;
        failure = error;
        // What came before a failure is still to be had; after an end that was asked for nobody wants it.
        if (!error) queue.length = 0;
        wake();
      },
    });
    this.#stop = () => subscription.stop();
    const forgetSignal = whenAborted(signal, this.#stop);
    try {
      for (;;) {
        const first = queue.shift();
        if (first) {
          queuedChars -= first.chars;
          if (queuedChars <= fewQueuedChars) subscription.resume();
          yield first.event;
        } else if (failure) throw failure;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      forgetSignal();
    }
  }
}
