// What everyone who keeps a connection to the agent makes of what comes over it, and of its end.
/** A connection that lasted this long was good, and the next attempt need not be held back. */
export const goodConnectionMs = 5_000;

/** The code with which the agent closes a client that takes nothing; our own, too, where there is no room. */
export const tooSlow = 1013;

/** The object that a text is in JSON; undefined for anything else. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (Object(value) === value) return value as object;
  } catch {
    // Not JSON: no object either.
  }
  return undefined;
}

/**
 * Why a WebSocket ended, for people.
 * @param detail what else is known: an error's message, or the reason in the close frame
 */
export function describeClose(code: number, detail: string): string {
  if (code === 1001) return 'it is shutting down';
  if (code === tooSlow) return 'events were read too slowly';
  // 1006 stands for a connection that ended without a close frame.
  return detail || (code === 1006 ? 'the connection broke' : `the connection was closed with ${code}`);
}
