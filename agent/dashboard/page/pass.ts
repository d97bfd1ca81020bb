// What the page shows the agent: a pass for this session. The cookie only opens the page. Any server under this host
// name, whatever its port, can overwrite it or push it out of the browser's jar, but this storage is its origin's own.
// It outlives a reload, and ends with the tab.

/** The page for who is refused reads the first and sets the second: see refusal-page.ts. */
const key = 'devagent pass';
const restoredKey = 'devagent restored';
const timeoutMs = 5_000;
const retryMs = 1_000;

/** The pass; undefined where there is none, as on the agent's local socket, which needs none. */
export function storedPass(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

/** The headers of a request that shows it. */
export function passHeaders(): Record<string, string> {
  const pass = storedPass();
  return pass === undefined ? {} : { authorization: `Bearer ${pass}` };
}

/**
 * Gets the pass of the session that opened the page, and waits for an agent that is away. Where it is refused, what is
 * asked next is refused, too.
 */
export async function fetchPass(): Promise<void> {
  let response: Response | undefined;
  while (response === undefined) {
    response = await fetch('/dashboard/session', {
      method: 'POST',
      headers: passHeaders(),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined);
    if (response === undefined) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  if (!response.ok) return;
  sessionStorage.removeItem(restoredKey);
  const { pass } = (await response.json()) as { pass?: string };
  if (pass === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, pass);
}
