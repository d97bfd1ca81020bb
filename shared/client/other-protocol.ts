// Two programs of different times.
import { protocolVersion } from '../protocol.ts';
import { AgentError } from './errors.ts';

/** The agent is of another time than this library. */
export function otherProtocol({ protocol, version }: { protocol: number; version: string }): AgentError {
  return new AgentError(
    'other_protocol',
    `the agent (${version}) speaks protocol ${protocol}, not ${protocolVersion}: update the older one`,
  );
}
