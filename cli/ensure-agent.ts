import type { Status } from '../shared/index.ts';
import type { CommandContext } from './command.ts';
import { switchFlag } from './flags.ts';

/** The flag of every command that starts an agent where none runs. */
export const startFlags = {
  'no-start': switchFlag('Exit 3 if no agent runs, rather than start one in the background'),
} as const;

/** What an agent is started with, if one has to be. */
export interface StartWish {
  /** Whether none is to be started. */
  readonly noStart: boolean;
  /** Absolute; watched by an agent that is started, and no business of one that runs. */
  readonly roots: readonly string[];
}

/**
 * Makes sure that an agent is there before a command that lives from its events begins. This is the one
 * place where such commands can start an agent in the background.
 * @returns the agent's status
 * @throws NoAgentError when none is running
 */
export async function ensureAgent(context: CommandContext, _wish: StartWish): Promise<Status> {
  return context.connection.status();
}
