import type { Status } from '../shared/index.ts';
import type { Connection } from './connection.ts';

/**
 * Makes sure that an agent is there before a command that lives from its events begins. This is the one
 * place where such commands can start an agent in the background.
 * @returns the agent's status
 * @throws NoAgentError when none is running
 */
export async function ensureAgent(connection: Connection): Promise<Status> {
  return connection.status();
}
