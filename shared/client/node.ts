// devagent/client for Node.
import { defaultName, instancePaths } from '../index.ts';
import type { Agent } from './agent.ts';
import { AgentError } from './errors.ts';
import { asAgentErrors, instanceWire } from './instance-wire.ts';
import { socketWire, tcpWire } from './node-wire.ts';
import { openAgent } from './open-agent.ts';
import type { ConnectOptions } from './options.ts';
import { parsePlace, platformWebSocket, webWire } from './web-wire.ts';
import type { Wire } from './wire.ts';

export * from './public.ts';

/**
 * Finds the agent, and resolves once it has answered. In Node this is the user's own agent, at its socket, unless the
 * options name another; in a page it is the one at the page's own origin. No stream is open yet: {@link Agent.events},
 * {@link Agent.on} and {@link Agent.tree} open theirs.
 *
 * @throws {@link AgentUnreachableError} when no agent answers within `timeoutMs`
 * @throws {@link AgentAuthError} when it does not let this client in
 * @throws {@link AgentError} `bad_options`, `not_an_agent`, `other_protocol`, or `directory_not_private` where others
 *   could have put a socket of theirs in the place of the agent's
 * @example
 * ```js
 * import { connect } from 'devagent/client';
 *
 * const agent = await connect({ name: 'my tool' });
 * const { version, roots } = await agent.status();
 * for (const root of roots) console.log(`agent ${version} watches ${root.path}: ${root.files} files`);
 * await agent.close();
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<Agent> {
  return openAgent(wireFor(options), options);
}

function wireFor({ url, socket, instance, token }: ConnectOptions): Wire {
  if ([url, socket, instance].filter((place) => place !== undefined).length > 1) {
    throw new AgentError('bad_options', 'url, socket and instance exclude each other: give one of them');
  }
  if (url !== undefined) {
    const place = parsePlace(url, token);
    // What Node says about a bad header shows it. (A browser's words do not.)
    if (!/^[!-~]*$/.test(place.token ?? '')) {
      throw new AgentError('bad_options', 'token: it has characters that no token has');
    }
    // ws can be paused and tells why it was refused; but a process that has its own need not load it.
    const wire = platformWebSocket() === undefined ? tcpWire : webWire;
    return wire(place, 'see that an agent runs there, as "agent-cli status" shows it');
  }
  // Who names a socket means that one, whoever's it is.
  if (socket !== undefined) return socketWire({ socket, hint: 'see that an agent runs there' });
  const name = instance ?? (process.env['AGENT_NAME'] || defaultName);
  const hint = `start the agent with: agentd DIR${name === defaultName ? '' : ` --name ${name}`}`;
  return instanceWire(
    asAgentErrors(() => instancePaths(name)),
    { hint },
  );
}
