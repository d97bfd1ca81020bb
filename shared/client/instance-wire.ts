// The way to the user's own agent, by its name.
import { DevagentError, type InstancePaths, requirePrivateDirectory } from '../index.ts';
import { AgentError } from './errors.ts';
import { type LocalPlace, socketWire } from './node-wire.ts';
import type { Wire } from './wire.ts';

/**
 * A way to an instance's socket. Each connection fails with an AgentError `directory_not_private` while others could
 * have put a socket of theirs in the place of the agent's.
 */
export function instanceWire(
  { socket, runtime }: InstancePaths,
  options: Omit<LocalPlace, 'socket' | 'check'>,
): Wire {
  // Again each time: the directory may have been removed since, and made anew by somebody else.
  const check = (): void => asAgentErrors(() => requirePrivateDirectory(runtime, 'runtime'));
  return socketWire({ ...options, socket, check });
}

/** Names and paths that can't be are wrong options; other errors keep their codes. */
export function asAgentErrors<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof DevagentError)) throw error;
    const { code, message } = error;
    throw new AgentError(code === 'directory_not_private' ? code : 'bad_options', message);
  }
}
