// Where an agent is found: its runtime directory (socket, run file, locks) and its state directory
// (token, log). Both belong to one user alone.
import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, sep } from 'node:path';
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
  /** What the agent keeps for its next start; see agent/store. */
  readonly storeDirectory: string;
}

/** Whether a path is a directory's own, or that of something below it. Both absolute, without links. */
export function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** What the name of an instance looks like. */
export const instanceNamePattern = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** Where files go that have no other place: it is this user's alone. */
function temporaryPlace(): string {
  const user = process.getuid === undefined ? userInfo().username : String(process.getuid());
  return join(tmpdir(), `devagent-${user}`);
}

/**
 * The user's home directory; undefined where there is none, as for a user of a container who has a number and no
 * name.
 */
export function homeDirectory(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    // Neither HOME nor the system's list of users has one.
    return undefined;
  }
}

/** `$AGENT_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/devagent`, else `TMPDIR/devagent-UID`. */
function runtimeDirectory(env: Environment): string {
  if (env['AGENT_RUNTIME_DIR']) return env['AGENT_RUNTIME_DIR'];
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'devagent');
  return temporaryPlace();
}

/** `$AGENT_STATE_DIR`, else the platform's place for state, else, without a home, `TMPDIR/devagent-UID`. */
function stateDirectory(env: Environment): string {
  if (env['AGENT_STATE_DIR']) return env['AGENT_STATE_DIR'];
  const home = homeDirectory();
  switch (process.platform) {
    case 'darwin':
      return home === undefined ? temporaryPlace() : join(home, 'Library', 'Logs', 'devagent');
    case 'win32': {
      const local = env['LOCALAPPDATA'] || (home && join(home, 'AppData', 'Local'));
      return local ? join(local, 'devagent', 'Log') : temporaryPlace();
    }
    default: {
      const xdg = env['XDG_STATE_HOME'] || (home && join(home, '.local', 'state'));
      return xdg ? join(xdg, 'devagent') : temporaryPlace();
    }
  }
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
    storeDirectory: join(state, `${name}.store`),
  };
}
