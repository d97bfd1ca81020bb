// The servers of a run: which of them are there, and what they need before they can be started.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../support/tool-packages.ts';
import type { Bench } from '../support/bench.ts';
import { installBun, installPeers, projectDirectory } from '../support/peer-packages.ts';
import type { Endpoint, Server, ServerKey } from './server.ts';
import { agentdServer } from './server-agentd.ts';

/** Where the peers that are packages are installed. */
const peersDirectory = new URL('node_modules/.cache/bench-fanout-peers/', projectDirectory);
const bunDirectory = new URL('node_modules/.cache/bench-fanout-bun/', projectDirectory);
/** What is asked for where it is installed; the run does without it elsewhere. */
const commands = { go: 'go', dpkgQuery: 'dpkg-query' } as const;
/** Where Debian puts the sources of Go packages. */
const debianGoPath = '/usr/share/gocode';

/** The servers that can be started, agentd first, and a line for each that can't. */
export function findServers(
  bench: Bench,
  wanted: readonly ServerKey[],
): { servers: Server[]; skipped: string[] } {
  const servers: Server[] = [];
  const skipped: string[] = [];
  const makers: Readonly<Record<ServerKey, (bench: Bench) => Server>> = {
    agentd: agentdServer,
    'agentd-no-store': (at) => agentdServer(at, 'agentd-no-store', ['--no-store']),
    ws: wsServer,
    'socket.io': socketIoServer,
    gorilla: gorillaServer,
    uws: (at) => bunServer(at, 'uws', 'publish'),
    'uws-send': (at) => bunServer(at, 'uws-send', 'send'),
  };
  for (const key of wanted) {
    try {
      servers.push(makers[key](bench));
    } catch (error) {
      // Without a network or without Go, say: the others are measured all the same.
      skipped.push(`${key} was skipped: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return { servers, skipped };
}

function wsServer(bench: Bench): Server {
  return peer(bench, {
    key: 'ws',
    name: 'ws, a loop of send',
    version: packageVersion('ws', projectDirectory),
    command: nodeCommand('peer-ws.ts'),
  });
}

function socketIoServer(bench: Bench): Server {
  const version = installPeers(bench, 'socket.io', peersDirectory);
  const path = '/socket.io/?EIO=4&transport=websocket';
  return peer(bench, {
    key: 'socket.io',
    name: 'Socket.IO',
    version,
    command: nodeCommand(
      'peer-socket-io.ts',
      fileURLToPath(new URL('package.json', peersDirectory)),
      'socket.io',
    ),
    envelopeBytes: '42["message",""]'.length,
    clients: { path, greetings: 2, say: '40' },
    publishers: { path, greetings: 2, say: '40/publish,' },
    publication: (data) => `42/publish,["publish",${JSON.stringify({ data })}]`,
  });
}

function bunServer(bench: Bench, key: ServerKey, how: 'publish' | 'send'): Server {
  const { version, program } = installBun(bench, bunDirectory);
  return peer(bench, {
    key,
    name: how === 'publish' ? 'uWebSockets in Bun, publish' : 'uWebSockets in Bun, a loop of send',
    version: `Bun ${version}`,
    command: [fileURLToPath(program), fileURLToPath(new URL('peer-bun.ts', import.meta.url)), how],
  });
}

function gorillaServer(bench: Bench): Server {
  const { path: directory } = bench.cleanups.directory(bench.diskDirectory);
  const binary = join(directory, 'gorilla');
  const source = join(directory, 'main.go');
  copyFileSync(new URL('gorilla/main.go', import.meta.url), source);
  try {
    execFileSync(commands.go, ['build', '-o', binary, source], {
      env: { ...process.env, GOPATH: debianGoPath, GO111MODULE: 'off', GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error('Go is not installed (Debian: golang-go)');
    throw new Error('it could not be built (Debian: golang-github-gorilla-websocket-dev)', { cause: error });
  }
  const go = execFileSync(commands.go, ['env', 'GOVERSION'], { encoding: 'utf8' }).trim();
  return peer(bench, {
    key: 'gorilla',
    name: 'gorilla/websocket',
    version: debianVersion(go),
    command: [binary],
  });
}

function debianVersion(go: string): string {
  try {
    const options = ['-W', '-f', '$' + '{Version}', 'golang-github-gorilla-websocket-dev'];
    const version = execFileSync(commands.dpkgQuery, options, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return `${version} (${go})`;
  } catch {
    // Not a Debian: the compiler's version says at least something.
    return go;
  }
}

function nodeCommand(file: string, ...args: string[]): string[] {
  return [process.execPath, '--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), ...args];
}

interface PeerOptions extends Pick<Server, 'key' | 'name' | 'version'> {
  readonly command: readonly string[];
  readonly envelopeBytes?: number;
  readonly clients?: Omit<Endpoint, 'port'>;
  readonly publishers?: Omit<Endpoint, 'port'>;
  readonly publication?: (data: string) => string;
}

/** A server whose first line says its port. */
function peer(bench: Bench, options: PeerOptions): Server {
  const { key, name, version, command, envelopeBytes = 0 } = options;
  const { clients = { path: '/', greetings: 0 }, publishers = { path: '/publish', greetings: 0 } } = options;
  const { publication = (data: string) => JSON.stringify({ type: 'publish', data }) } = options;
  return {
    key,
    name,
    version,
    envelopeBytes,
    start: async () => {
      const [file = '', ...args] = command;
      const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const end = bench.cleanups.process(child);
      const port = await new Promise<number>((resolve, reject) => {
        createInterface(child.stdout).once('line', (line) => resolve(Number(line)));
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
      });
      return {
        pid: child.pid ?? 0,
        clients: { ...clients, port },
        publishers: { ...publishers, port },
        publication: (_, data) => publication(data),
        stop: () => end('SIGKILL'),
      };
    },
  };
}
