// The barrier, with its time-out.
import { DevagentError } from '../../shared/index.ts';
import type { Services } from './context.ts';
import { ProblemError } from './problem.ts';

/** How long the barrier is waited for, unless a request says otherwise. */
export const defaultSyncTimeoutMs = 10_000;

/**
 * Waits until every change made before the call is in the journal.
 * @param signal gives it up
 * @param root the real path of the only root to be waited for; default all
 * @returns the position then of the default view's journal
 * @throws ProblemError 504 `sync_timeout`, 503 `sync_failed`
 */
export async function syncAll(
  { watcher, journal }: Services,
  timeoutMs: number,
  signal?: AbortSignal,
  root?: string,
): Promise<{ cursor: string; seq: number }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ProblemError(504, 'sync_timeout', `the watcher did not catch up within ${timeoutMs} ms`));
    }, timeoutMs);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  try {
    await Promise.race([watcher.sync(root), timeout]);
    return { cursor: journal.cursor(), seq: journal.headSeq };
  } catch (error) {
    const isKnown = error instanceof DevagentError && error.code === 'sync_failed';
    throw isKnown ? new ProblemError(503, 'sync_failed', error.message) : error;
  } finally {
    clearTimeout(timer);
  }
}
