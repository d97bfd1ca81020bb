import { protocolVersion, version } from '../../shared/index.ts';
import { programName, SilentAgentError, UnusableAgentError } from '../outcome/index.ts';
import type { Output } from '../screen/index.ts';
import { cliCommand } from './agent-failure.ts';
import type { Connection } from './connection.ts';
import { runFileHints } from './run-file.ts';

/** What is asked about an agent needs the way to it, and somewhere to say what is odd. */
export interface AgentContext {
  readonly connection: Connection;
  readonly output: Output;
}

/**
 * Says that the agent speaks another protocol than this CLI, if it does, and what helps.
 * @returns whether both speak the same
 */
export function noteOtherProtocol(
  agent: { readonly protocol: number; readonly version: string },
  connection: Connection,
  output: Output,
): boolean {
  if (agent.protocol === protocolVersion) return true;
  const { instance } = connection;
  output.note(
    `the agent is version ${agent.version} and speaks protocol ${agent.protocol}, this ${programName} is version ${version()} and speaks protocol ${protocolVersion}: ` +
      `what follows may be wrong; restart the agent with: ${cliCommand(instance, 'restart')}`,
  );
  return false;
}

/**
 * Says that the agent is of another version than this CLI, if it is: both speak the same protocol, so
 * that only the commands that are about the process itself say so.
 */
export function noteOtherVersion(
  agent: { readonly protocol: number; readonly version: string },
  connection: Connection,
  output: Output,
): void {
  if (agent.protocol !== protocolVersion || agent.version === version()) return;
  output.note(
    `the agent is version ${agent.version} and this ${programName} is version ${version()}: ` +
      `they get on, but what is new comes with: ${cliCommand(connection.instance, 'restart')}`,
  );
}

/**
 * Notices an agent of another protocol before a command talks to it. The agent's version stands in its run
 * file, so that the usual case, both from the same package, costs no request.
 * @returns false when the agent is known to speak another one
 * @throws UnusableAgentError when the agent does not answer, unless the command can deal with that
 */
export async function checkProtocol(
  command: { readonly endsSilentAgents?: boolean },
  { connection, output }: AgentContext,
): Promise<boolean> {
  if (runFileHints(connection.instance).version === version()) return true;
  try {
    return noteOtherProtocol(await connection.status(), connection, output);
  } catch (error) {
    // The command itself meets the other failures: a missing agent, which it may start, or an error answer.
    if (error instanceof SilentAgentError && command.endsSilentAgents === true) return true;
    if (error instanceof UnusableAgentError) throw error;
    return true;
  }
}
