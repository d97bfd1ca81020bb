// The token that loopback clients show: made once, then the same for every agent of this user.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { DevagentError, ensurePrivateDirectory, readTokenFile } from '../../shared/index.ts';
import { createExclusive } from './exclusive-file.ts';
import { directoryUnusable } from './unusable.ts';

const tokenBytes = 32;

/**
 * Reads the token, and makes it (0600) when there is none. Agents that start at once get the same one.
 * @throws DevagentError as readTokenFile and ensurePrivateDirectory do
 */
export function loadToken(file: string): string {
  ensurePrivateDirectory(dirname(file), 'state');
  const existing = readTokenFile(file);
  if (existing !== undefined) return existing;
  const fresh = randomBytes(tokenBytes).toString('base64url');
  if (madeExclusively(file, fresh)) return fresh;
  // Another agent was faster: its token is the one.
  const token = readTokenFile(file);
  if (token !== undefined) return token;
  throw new DevagentError(
    'bad_token_file',
    `the token file ${file} disappeared while it was read: start again`,
  );
}

function madeExclusively(file: string, token: string): boolean {
  try {
    return createExclusive(file, token);
  } catch (error) {
    throw directoryUnusable('state', dirname(file), 'write the token', error);
  }
}
