// All that one run measured.

import { median, percentile } from '../support/numbers.ts';
import type { CrawlResult, IdleResult } from './agent-alone.ts';
import type { PeerKey } from './peer.ts';
import type { Measured } from './rounds.ts';
import type { SinceResult } from './since.ts';
import type { StandstillResult } from './standstill.ts';
import type { TruthResult } from './truth.ts';

/** What a run gave; what was not asked for is absent. */
export interface Results {
  readonly rounds: readonly Measured[];
  readonly truth: readonly TruthResult[];
  readonly overflow: readonly TruthResult[];
  readonly since: readonly SinceResult[];
  readonly idle?: IdleResult;
  readonly crawl?: CrawlResult;
  readonly standstill?: StandstillResult;
}

/** One peer on one tree, each number a median or a percentile; NaN where nothing was measured. */
export interface Summary {
  readonly readyMs: number;
  readonly residentMB: number;
  readonly watches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sums up what was measured. */
export function summarize(measured: Measured | undefined): Summary {
  return {
    readyMs: median(measured?.readyMs ?? []),
    residentMB: median(measured?.residentMB ?? []),
    watches: median(measured?.watches ?? []),
    p50Ms: percentile(measured?.latenciesMs ?? [], 0.5),
    p99Ms: percentile(measured?.latenciesMs ?? [], 0.99),
  };
}

/** What one peer gave on the tree of one size. */
export function measuredOf(
  results: Results,
  key: PeerKey,
  files: number,
  latencyOnly = false,
): Measured | undefined {
  return results.rounds.find(
    ({ peer, files: size }) => peer.key === key && peer.latencyOnly === latencyOnly && size === files,
  );
}
