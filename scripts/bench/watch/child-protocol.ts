// What the benchmark and the process of an in-process watcher say to each other.
import type { Observed } from './observer.ts';

/** Watchers that are libraries. */
export type LibraryKey = 'chokidar' | 'parcel' | 'fs.watch';

/** Benchmark to child. */
export type Question = { readonly id: number } & (
  | { readonly ask: 'observe'; readonly observed: Observed }
  | { readonly ask: 'told' | 'arrivals' | 'paths' | 'losses' | 'troubles' }
);

/** Child to benchmark. `ready` comes first. */
export type Reply = { readonly ready: true } | { readonly id: number; readonly answer: unknown };
