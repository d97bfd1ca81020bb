import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../agent/index.ts';
import { RefusedError } from '../outcome/index.ts';

/** Short beside a crawl that anybody notices. */
const pollMs = 50;

/**
 * Waits until the agent's first crawls are done: from then on every change is told.
 * @param noticeMs when to call `notice`, once
 * @returns false when `timeoutMs` is over first
 * @throws NoAgentError or UnusableAgentError when the agent goes meanwhile
 */
export async function waitUntilReady(
  connection: Connection,
  timeoutMs: number,
  { notice, noticeMs }: { notice: () => void; noticeMs: number },
): Promise<boolean> {
  const beganMs = performance.now();
  let noticed = false;
  for (;;) {
    if (await isReady(connection)) return true;
    const waitedMs = performance.now() - beganMs;
    if (!noticed && waitedMs >= noticeMs) {
      noticed = true;
      notice();
    }
    if (waitedMs >= timeoutMs) return false;
    await delay(Math.min(pollMs, timeoutMs - waitedMs));
  }
}

async function isReady(connection: Connection): Promise<boolean> {
  try {
    await connection.request({ method: 'GET', path: '/healthz' });
    return true;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 503) return false;
    throw error;
  }
}
