// Why no agent can live in a directory that is private, and what to do: what the system says in a word, in a sentence.
import { DevagentError } from '../../shared/index.ts';
import { errorCode } from './file-errors.ts';

/** What the file system is like where these come. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EROFS: 'it is read-only',
  ENOSPC: 'there is no room left',
  EDQUOT: 'there is no room left for you',
};
/** What bind(2) says on shared folders and some network mounts, which have files alone. */
const noSockets: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EIO']);
/** The process's own limits, which no other directory changes. */
const ownLimits: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

/**
 * The error for a runtime or state directory that can't be used.
 * @param what what was to be done there, as in `make a socket`
 * @returns `error` itself where it says what to do, or is no error of the system
 */
export function directoryUnusable(
  purpose: 'runtime' | 'state',
  directory: string,
  what: string,
  error: unknown,
): unknown {
  const code = errorCode(error);
  if (error instanceof DevagentError || code === undefined) return error;
  const start = `the agent can't ${what} in the ${purpose} directory ${directory}`;
  if (ownLimits.has(code)) {
    return new DevagentError(
      'directory_unusable',
      `${start} (${code}): close other programs, or raise the limit, as with: ulimit -n 4096`,
      { cause: error },
    );
  }
  const reason =
    reasons[code] ??
    (what === makeSocket && noSockets.has(code) ? 'its file system has no sockets' : 'the system refuses it');
  const variable = purpose === 'runtime' ? 'AGENT_RUNTIME_DIR' : 'AGENT_STATE_DIR';
  return new DevagentError(
    'directory_unusable',
    `${start}: ${reason} (${code}): set ${variable} to a directory on a local disk`,
    { cause: error },
  );
}

/** What shared folders refuse. */
export const makeSocket = 'make its socket';
