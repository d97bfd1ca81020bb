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
