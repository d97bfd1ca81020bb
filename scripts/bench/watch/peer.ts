// What the benchmark asks of a watcher, whichever it is.
import type { Observed, Tally } from './observer.ts';

/** The watchers, by the names that `--only` takes. */
export const peerKeys = ['agentd', 'chokidar', 'parcel', 'fs.watch', 'watchman'] as const;
export type PeerKey = (typeof peerKeys)[number];

/** A watcher that can be started. */
export interface Peer {
  readonly key: PeerKey;
  /** As it stands in the tables. */
  readonly name: string;
  readonly version: string;
  /** How long it waits for more before it tells, in words. */
  readonly settle: string;
  /** Whether it is measured for latency alone, being another peer with another setting. */
  readonly latencyOnly: boolean;
  /** Starts a process that watches `root`; answers when it is ready. */
  start(root: string): Promise<RunningPeer>;
}

/** A process that watches one root. */
export interface RunningPeer {
  readonly pid: number;
  /** From the start of the process until it said that it is ready. */
  readonly readyMs: number;
  /** Begins to keep what it tells. */
  observe(observed: Observed): Promise<void>;
  /** How much it has told since `observe`. */
  told(): Promise<Tally>;
  /** When each path was told first since `observe`, by the monotonic clock. */
  arrivalsMs(): Promise<ReadonlyMap<string, number>>;
  /** The paths that exist, as told since `observe`. */
  paths(): Promise<ReadonlySet<string>>;
  /** What it said of lost events. */
  losses(): Promise<readonly string[]>;
  /** What else is worth telling: errors, warnings, events that make no sense. */
  troubles(): Promise<readonly string[]>;
  stop(): Promise<void>;
}
