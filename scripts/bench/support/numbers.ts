// Numbers from samples.

/** The value that a share `quantile` (0 to 1) of the samples does not exceed, by nearest rank; NaN for none. */
export function percentile(samples: readonly number[], quantile: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
}

/** The median; of an even number of samples the lower one in the middle. NaN for none. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The least, the median and the most of some samples; NaN for none. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** How far samples lie apart. */
export function spread(samples: readonly number[]): Spread {
  return { least: percentile(samples, 0), median: median(samples), most: percentile(samples, 1) };
}

/** How far the ratios of two rows of samples lie apart, taken pair by pair; none where the rows are of unlike lengths. */
export function spreadOfRatio(samples: readonly number[], base: readonly number[] | undefined): Spread {
  if (base?.length !== samples.length) return spread([]);
  return spread(samples.map((value, index) => value / (base[index] ?? Number.NaN)));
}
