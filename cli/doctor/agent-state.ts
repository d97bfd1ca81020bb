import type { Status } from '../../shared/index.ts';
import type { Connection } from '../agent/index.ts';
import { CliError, NoAgentError, UnsafePlaceError } from '../outcome/index.ts';

/** What became of asking the agent for its status. */
export type AgentState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly status: Status }
  /** Somebody has its socket, and gives no status. */
  | { readonly kind: 'unusable'; readonly why: string; readonly hint: string | undefined };

/** An agent in good health answers within milliseconds; a doctor waits a little for one that is busy. */
const answerLimitMs = 3_000;

/** Asks the agent for its status; starts none. */
export async function askAgent(connection: Connection): Promise<AgentState> {
  try {
    const status = await connection.request<Status>({
      method: 'GET',
      path: '/v1/status',
      timeoutMs: answerLimitMs,
    });
    return { kind: 'running', status };
  } catch (error) {
    if (error instanceof NoAgentError) return { kind: 'none' };
    if (error instanceof UnsafePlaceError) {
      const hint = 'See the finding about the runtime directory.';
      return { kind: 'unusable', why: 'not asked, for somebody else could be answering', hint };
    }
    if (error instanceof CliError) return { kind: 'unusable', why: error.message, hint: error.hint };
    throw error;
  }
}
