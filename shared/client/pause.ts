/**
 * Calls `run` when the signal is aborted, at once if it is already.
 * @returns what has it called no more
 */
export function whenAborted(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal?.aborted) run();
  signal?.addEventListener('abort', run);
  return () => signal?.removeEventListener('abort', run);
}

/** Waits until the signal is aborted; only so many milliseconds, where they are given. */
export async function pause(signal: AbortSignal, ms?: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(done, ms);
    const forget = whenAborted(signal, done);
  });
}
