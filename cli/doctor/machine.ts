// What the checks see of the machine, and nothing else of it: so that a check can be shown a machine that is
// not at hand.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  type Stats,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type DirectorySystem,
  homeDirectory,
  type InstancePaths,
  objectionToDirectory,
  objectionToParents,
  oldestNode,
  probeSocket,
  processExists,
  type SocketState,
  version,
} from '../../shared/index.ts';

/** What one machine tells of itself. Where something can't be known, it is undefined or empty. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined where users have no numbers. */
  readonly userId: number | undefined;
  /** Undefined for a user who has none. */
  readonly home: string | undefined;
  readonly temporary: string;
  /** The directory that is asked about, by its real path: the current one. */
  readonly directory: string;
  readonly instance: InstancePaths;
  /** As in `20.19.0`. */
  readonly nodeVersion: string;
  /** The oldest Node that the package runs on. */
  readonly oldestNode: string;
  /** The package's version. */
  readonly version: string;
  /** Milliseconds since 1970. */
  nowMs(): number;
  readText(path: string): string | undefined;
  readLink(path: string): string | undefined;
  realPath(path: string): string | undefined;
  /** The names in a directory. */
  list(directory: string): readonly string[];
  /** Of the path itself, if it is a link. */
  lstat(path: string): Stats | undefined;
  mayWrite(path: string): boolean;
  /** The `type` of statfs(2). */
  fileSystemType(path: string): number | undefined;
  /** `closed` for one that this user may not open. */
  probeSocket(path: string): Promise<SocketState | 'closed'>;
  processExists(pid: number): boolean;
  /** The code of the error that comes when one listens there; undefined when one can. */
  listenError(host: string, port: number): Promise<string | undefined>;
  /** The code of the error that comes when a Unix socket is made in a directory; undefined when one can be. */
  socketError(directory: string): Promise<string | undefined>;
  /** The code of the error that comes when the URL is asked for; undefined when anything answers. */
  fetchError(url: string): Promise<string | undefined>;
  /** How far the times of new files in a directory are ahead of this machine's clock. */
  fileClockAheadMs(directory: string): number | undefined;
}

/** The part of a machine by which it is decided whether a directory is private. */
export function directorySystem({ userId, lstat, readLink }: Machine): DirectorySystem {
  return { userId, lstat, readLink: (path) => readLink(path) ?? '' };
}

/** Whether nobody else can have put anything in a directory, or another in its place. */
export function isPrivate(machine: Machine, directory: string): boolean {
  const path = resolve(directory);
  const stats = machine.lstat(path);
  return (
    objectionToParents(path, directorySystem(machine)) === undefined &&
    (stats === undefined || objectionToDirectory(path, stats, machine.userId) === undefined)
  );
}

/** Local sockets answer within milliseconds. */
const answerLimitMs = 2_000;

/** What `look` gives, or undefined where the system gives an error: not there, or not for this user. */
function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

async function socketState(path: string): Promise<SocketState | 'closed'> {
  try {
    return await probeSocket(path, answerLimitMs);
  } catch {
    return 'closed';
  }
}

async function listenError(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    server.close();
  }
}

async function socketError(directory: string): Promise<string | undefined> {
  const server = createServer();
  try {
    // As short as the shortest name of a socket, whose path has a limit.
    server.listen(join(directory, `.${randomBytes(2).toString('hex')}`));
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    server.close();
  }
}

function fetchError(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: answerLimitMs }, (answer) => {
      answer.destroy();
      resolve(undefined);
    });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    );
    request.on('error', (error) => resolve(codeOf(error)));
  });
}

function fileClockAheadMs(directory: string): number | undefined {
  const path = join(directory, `.devagent-doctor-${randomBytes(6).toString('hex')}`);
  const beforeMs = Date.now();
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch {
    // No file can be made there, which the checks of directories tell.
    return undefined;
  }
  const { mtimeMs } = lstatSync(path);
  rmSync(path, { force: true });
  const afterMs = Date.now();
  return mtimeMs > afterMs ? mtimeMs - afterMs : Math.min(0, mtimeMs - beforeMs);
}

/** The machine that this process runs on. */
export function thisMachine(instance: InstancePaths, directory: string): Machine {
  return {
    platform: process.platform,
    env: process.env,
    userId: process.getuid?.(),
    home: homeDirectory(),
    temporary: tmpdir(),
    directory,
    instance,
    nodeVersion: process.versions.node,
    oldestNode: oldestNode(),
    version: version(),
    nowMs: Date.now,
    readText: (path) => orUndefined(() => readFileSync(path, 'utf8')),
    readLink: (path) => orUndefined(() => readlinkSync(path)),
    realPath: (path) => orUndefined(() => realpathSync(path)),
    list: (path) => orUndefined(() => readdirSync(path)) ?? [],
    lstat: (path) => orUndefined(() => lstatSync(path)),
    mayWrite,
    fileSystemType: (path) => orUndefined(() => statfsSync(path).type),
    probeSocket: socketState,
    processExists,
    listenError,
    socketError,
    fetchError,
    fileClockAheadMs,
  };
}
