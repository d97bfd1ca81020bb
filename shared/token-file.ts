// The token as it is on disk: read by the agent that checks it and by the CLI that shows it, with the same doubts.
import { DevagentError } from './errors.ts';
import { type FileContent, readRegularFile, UnfitFileError } from './regular-file.ts';

/** 32 bytes in base64url. */
const pattern = /^[A-Za-z0-9_-]{43}$/;
/** A token with some blanks around it. */
const limitBytes = 1024;

const newOne = 'delete it, and the next start makes a new one';

/**
 * Reads the token.
 * @returns undefined when there is none
 * @throws DevagentError `bad_token_file` for a file that others can read, that is not this user's, or that holds no
 *   token: it says what to do. A token that others could read is not repaired but refused, because they may
 *   have read it. Error of the file system
 */
export function readTokenFile(file: string): string | undefined {
  const content = contentOf(file);
  if (content === undefined) return undefined;
  const { stats, text } = content;
  if (process.getuid !== undefined) {
    if (stats.uid !== process.getuid()) {
      throw refusal(file, `belongs to the user ${stats.uid}, not to you (${process.getuid()})`);
    }
    if ((stats.mode & 0o077) !== 0) {
      const why = `can be read by others (mode ${(stats.mode & 0o777).toString(8)})`;
      throw refusal(file, why, `${newOne}; or, if nobody has read it, run: chmod 600 ${file}`);
    }
  }
  const token = text.trim();
  if (!pattern.test(token)) throw refusal(file, 'holds no token');
  return token;
}

function contentOf(file: string): FileContent | undefined {
  try {
    return readRegularFile(file, limitBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof UnfitFileError) throw refusal(file, error.message);
    throw error;
  }
}

function refusal(file: string, why: string, remedy = newOne): DevagentError {
  return new DevagentError('bad_token_file', `the token file ${file} ${why}: ${remedy}`);
}
