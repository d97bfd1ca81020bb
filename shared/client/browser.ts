// devagent/client for pages. Nothing here, or in what it imports, is of Node or of a package.
import type { Agent } from './agent.ts';
import { openAgent } from './open-agent.ts';
import type { ConnectOptions } from './options.ts';
import { parsePlace, webWire } from './web-wire.ts';

export * from './public.ts';

/** As in node.ts, where its declaration is published from; here the agent is at the page's own origin by default. */
export async function connect(options: ConnectOptions = {}): Promise<Agent> {
  const origin = (globalThis as { location?: { origin: string } }).location?.origin ?? '';
  const { url = origin, token } = options;
  const hint = `run it with --allow-origin ${origin}`;
  return openAgent(webWire(parsePlace(url, token), hint), options);
}
