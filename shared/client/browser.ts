// devagent/client for pages. Nothing here, or in what it imports, is of Node or of a package.
import { type Agent, type ConnectOptions, openAgent } from './agent.ts';
import { parsePlace, webWire } from './web-wire.ts';

export * from './public.ts';

/**
 * Finds the agent, by default at the page's own origin.
 * @throws AgentAuthError when it does not let this page in, AgentUnreachableError when none answers in time,
 *   AgentError for anything else that will not get better
 */
export async function connect(options: ConnectOptions = {}): Promise<Agent> {
  const { origin = '' } = (globalThis as { location?: { origin: string } }).location ?? {};
  const { url = origin, token } = options;
  const hint = `see that it runs, and with --allow-origin ${origin}`;
  return openAgent(webWire(parsePlace(url, token), hint), options);
}
