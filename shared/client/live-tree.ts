import type { AgentError } from './errors.ts';
import { whenAborted } from './pause.ts';
import type { Subscription, SubscriptionListener } from './subscription.ts';
import { Tree } from './tree.ts';

/** A tree that keeps itself, over however many connections, until it is closed; {@link Agent.tree} makes one. */
export class LiveTree extends Tree {
  /** Resolves when it is kept no longer: with the error that ended it, or with none where that was asked for. */
  readonly ended: Promise<AgentError | undefined>;
  readonly #subscription: Subscription;

  /** @internal */
  constructor(open: (listener: SubscriptionListener) => Subscription, signal: AbortSignal | undefined) {
    super();
    let end: (error: AgentError | undefined) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#subscription = open({ event: (event) => this.apply(event), ended: end });
    void this.ended.then(whenAborted(signal, () => this.close()));
  }

  /**
   * Resolves when every change made on disk before the call is in the tree; the first time, so, when the tree is
   * whole. While no agent is there it waits for one.
   * @throws {@link AgentError} `sync_timeout` when the agent's watcher did not catch up within 10 s; when the tree has
   *   ended, with what ended it, else `closed`
   */
  async sync(): Promise<void> {
    await new Promise((resolve, reject) => this.#subscription.sync(resolve, reject));
  }

  /** Keeps it no longer; what it holds stays. */
  close(): void {
    this.#subscription.stop();
  }

  /** Closes it when its `await using` block is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
