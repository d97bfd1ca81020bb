// Waiting for conditions. A time-out here is no measurement, only the point at which a test gives up.
import { setTimeout as delay } from 'node:timers/promises';

const giveUpMs = 30_000;
/** To look costs time as well, above all where an agent is asked: the longer it takes, the more rarely. */
const leastPauseMs = 5;
const mostPauseMs = 25;

/**
 * Waits until `condition` gives something truthy, and returns it.
 * @param what for the error, when it never does
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Promise<T>,
  timeoutMs = giveUpMs,
): Promise<NonNullable<Exclude<T, false | '' | 0>>> {
  const startedMs = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false | '' | 0>>;
    const waitedMs = performance.now() - startedMs;
    if (waitedMs > timeoutMs) {
      throw new Error(`gave up waiting for ${typeof what === 'string' ? what : what()}`);
    }
    await delay(Math.min(Math.max(waitedMs / 8, leastPauseMs), mostPauseMs));
  }
}
