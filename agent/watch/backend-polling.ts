// No hints at all: the tree is crawled again and again. For file systems that tell nothing (network
// mounts, some containers), and for when the kernel gives no more watches.
import type { BackendFactory, WatchBackend } from './backend.ts';

/** Felt as prompt by a person; the engine stretches it for trees that take long to crawl. */
const pollEveryMs = 500;

class PollingBackend implements WatchBackend {
  readonly name = 'polling';
  readonly ordered = false;
  readonly namesAsListed = true;
  readonly crawls = { waitMs: pollEveryMs, repeats: true };
  readonly watches = 0;

  async start(): Promise<void> {}

  async rearm(): Promise<void> {}

  watchDirectory(): void {}

  unwatchDirectory(): void {}

  async close(): Promise<void> {}
}

/** The last resort. */
export const pollingBackend: BackendFactory = () => new PollingBackend();
