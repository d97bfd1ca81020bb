// How a client begins: with an agent that answers.
import { protocolVersion } from '../protocol.ts';
import { Agent } from './agent.ts';
import { type ConnectOptions, connectTimeoutMs } from './options.ts';
import { otherProtocol } from './other-protocol.ts';
import type { Wire } from './wire.ts';

/** A client whose agent has answered, and speaks our protocol. */
export async function openAgent(wire: Wire, options: ConnectOptions): Promise<Agent> {
  const agent = new Agent(wire, options);
  const { timeoutMs = connectTimeoutMs } = options;
  const status = await agent.status({ timeoutMs });
  if (status.protocol !== protocolVersion) throw otherProtocol(status);
  return agent;
}
