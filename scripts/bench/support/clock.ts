// One clock for all processes of a run.

/** Milliseconds of CLOCK_MONOTONIC: system-wide on Linux, so that times taken in two processes compare. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
