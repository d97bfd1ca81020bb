// The token that loopback clients show: made once, then the same for every agent of this user.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DevagentError, ensurePrivateDirectory } from '../../shared/index.ts';
import { createExclusive } from './exclusive-file.ts';
import { errorCode } from './file-errors.ts';

const tokenBytes = 32;
/** 32 bytes in base64url. */
const pattern = /^[A-Za-z0-9_-]{43}$/;

const newOne = 'and the next start makes a new one';

/**
 * Reads the token, and makes it (0600) when there is none. Agents that start at once get the same one.
 * @throws DevagentError `bad_token_file` for a file that others can read, that is not this user's, or that holds no
 *   token: it says what to do. A token that others could read is not repaired but refused, because they may
 *   have read it.
 */
export function loadToken(file: string): string {
  ensurePrivateDirectory(dirname(file), 'state');
  const existing = readToken(file);
  if (existing !== undefined) return existing;
  const fresh = randomBytes(tokenBytes).toString('base64url');
  if (createExclusive(file, fresh)) return fresh;
  // Another agent was faster: its token is the one.
  return readToken(file) ?? refuse(file, 'disappeared while it was read', 'start again');
}

function readToken(file: string): string | undefined {
  let descriptor: number;
  try {
    // No links: the checks below are about this file, and not one that somebody else chose. Not blocking: a
    // pipe of this name would be waited for.
    descriptor = openSync(
      file,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) === 'ELOOP') refuse(file, 'is a symbolic link', `delete it, ${newOne}`);
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) refuse(file, 'is not a regular file', `delete it, ${newOne}`);
    if (process.getuid !== undefined) {
      if (stats.uid !== process.getuid()) {
        refuse(
          file,
          `belongs to the user ${stats.uid}, not to you (${process.getuid()})`,
          `delete it, ${newOne}`,
        );
      }
      if ((stats.mode & 0o077) !== 0) {
        const why = `can be read by others (mode ${(stats.mode & 0o777).toString(8)})`;
        refuse(file, why, `delete it, ${newOne}; or, if nobody has read it, run: chmod 600 ${file}`);
      }
    }
    const token = readFileSync(descriptor, 'utf8').trim();
    if (!pattern.test(token)) refuse(file, 'holds no token', `delete it, ${newOne}`);
    return token;
  } finally {
    closeSync(descriptor);
  }
}

function refuse(file: string, why: string, remedy: string): never {
  throw new DevagentError('bad_token_file', `the token file ${file} ${why}: ${remedy}`);
}
