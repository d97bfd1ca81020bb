// Waiting for conditions. A time-out here is no measurement, only the point at which a test gives up.
import { setTimeout as delay } from 'node:timers/promises';

const giveUpMs = 30_000;
const pollMs = 5;

/**
 * Waits until `condition` gives something truthy, and returns it.
 * @param what for the error, when it never does
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Promise<T>,
  timeoutMs = giveUpMs,
): Promise<NonNullable<Exclude<T, false | '' | 0>>> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false | '' | 0>>;
    if (performance.now() > endMs) {
      throw new Error(`gave up waiting for ${typeof what === 'string' ? what : what()}`);
    }
    await delay(pollMs);
  }
}
