// Where an agent is found: its runtime directory (socket, run file, locks) and its state directory
// (token, log). Both belong to one user alone.
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve, sep } from 'node:path';
import envPaths from 'env-paths';
import { DevagentError } from './errors.ts';
import { limits } from './limits.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The files of one instance. */
export interface InstancePaths {
  readonly name: string;
  readonly runtime: string;
  readonly state: string;
  /** The Unix socket, or the named pipe on Windows. */
  readonly socket: string;
  readonly runFile: string;
  /** Held for the moment of starting; see agent/instance. */
  readonly lockFile: string;
  /** Where the barrier of the watcher writes its cookies. */
  readonly cookieDirectory: string;
  readonly tokenFile: string;
  readonly logFile: string;
}

/** Whether a path is a directory's own, or that of something below it. Both absolute, without links. */
export function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** What the name of an instance looks like. */
export const instanceNamePattern = /^[a-z0-9][a-z0-9._-]{0,31}$/;

function userId(): string {
  return process.getuid === undefined ? userInfo().username : String(process.getuid());
}

/** `$AGENT_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/devagent`, else `TMPDIR/devagent-UID`. */
function runtimeDirectory(env: Environment = process.env): string {
  if (env['AGENT_RUNTIME_DIR']) return env['AGENT_RUNTIME_DIR'];
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'devagent');
  return join(tmpdir(), `devagent-${userId()}`);
}

/** `$AGENT_STATE_DIR`, else the platform's place for state (XDG state on Linux). */
function stateDirectory(env: Environment = process.env): string {
  if (env['AGENT_STATE_DIR']) return env['AGENT_STATE_DIR'];
  if (process.platform === 'linux' && env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'devagent');
  // env-paths calls the XDG state directory `log`.
  return envPaths('devagent', { suffix: '' }).log;
}

/**
 * The paths of the instance `name`.
 * @throws DevagentError `bad_name` for a malformed name, `socket_path_too_long` for a socket path over
 *   the platform's limit: Node would cut it off silently and bind somewhere else.
 */
export function instancePaths(
  name: string,
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): InstancePaths {
  if (!instanceNamePattern.test(name)) {
    throw new DevagentError(
      'bad_name',
      `"${name}" can't be the name of an agent: use 1 to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit`,
    );
  }
  const runtime = runtimeDirectory(env);
  const state = stateDirectory(env);
  const socket =
    platform === 'win32'
      ? `\\\\.\\pipe\\devagent-${userInfo().username}-${name}`
      : join(runtime, `${name}.sock`);
  const limitBytes = platform === 'darwin' ? limits.socketPathBytes.darwin : limits.socketPathBytes.linux;
  const bytes = Buffer.byteLength(socket);
  if (platform !== 'win32' && bytes > limitBytes) {
    throw new DevagentError(
      'socket_path_too_long',
      `the socket path ${socket} is ${bytes} bytes long and the limit is ${limitBytes}: set AGENT_RUNTIME_DIR to a shorter directory`,
    );
  }
  return {
    name,
    runtime,
    state,
    socket,
    runFile: join(runtime, `${name}.json`),
    lockFile: join(runtime, `${name}.lock`),
    cookieDirectory: join(runtime, `${name}.cookies`),
    tokenFile: join(state, 'token'),
    logFile: join(state, `${name}.log`),
  };
}

/**
 * Makes `directory` (0700) unless it is there, and makes sure that nobody else can plant files in it.
 * @throws DevagentError `directory_not_private` for a link, another user's directory, or one that
 *   others can enter.
 */
export function ensurePrivateDirectory(directory: string, purpose: string): void {
  const refuse = (why: string, remedy: string, cause?: unknown): never => {
    throw new DevagentError(
      'directory_not_private',
      `the ${purpose} directory ${directory} ${why}: ${remedy}`,
      { cause },
    );
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') refuse(`can't be made (${code})`, 'name another', error);
  }
  // With a slash at its end the link itself would not be seen.
  const stats = lstatSync(resolve(directory));
  const objection = objectionToDirectory(directory, stats, process.getuid?.());
  if (objection !== undefined) refuse(objection.why, objection.remedy);
}

/**
 * Why a directory is not one in which nobody else can plant files, and what to do; undefined when it is.
 * @param stats of the path itself, links not followed
 * @param userId undefined where users and modes mean nothing
 */
export function objectionToDirectory(
  directory: string,
  stats: Pick<Stats, 'uid' | 'mode' | 'isDirectory' | 'isSymbolicLink'>,
  userId: number | undefined,
): { why: string; remedy: string } | undefined {
  if (stats.isSymbolicLink()) return { why: 'is a symbolic link', remedy: 'name the real directory instead' };
  if (!stats.isDirectory()) return { why: 'is not a directory', remedy: 'remove it or name another' };
  if (userId === undefined) return undefined;
  if (stats.uid !== userId) {
    return {
      why: `belongs to the user ${stats.uid}, not to you (${userId})`,
      remedy: 'name another directory',
    };
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    return { why: `can be entered by others (mode ${mode})`, remedy: `run: chmod 700 ${directory}` };
  }
  return undefined;
}
