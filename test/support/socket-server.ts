// What can sit at an agent's socket and is not a healthy agent.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';

/** A runtime and a state directory with something at the socket of the instance `default`. */
export interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly socket: string;
  /** Writes a run file as an agent would. */
  writeRunFile(content: unknown): void;
}

function place(): Place {
  const directory = temporaryDirectory();
  const runtime = join(directory, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  return {
    env: { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: join(directory, 'state') },
    socket: join(runtime, 'default.sock'),
    writeRunFile: (content) => writeFileSync(join(runtime, 'default.json'), JSON.stringify(content)),
  };
}

/** As for `http.Server`'s event `upgrade`. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listens at the place's socket, and destroys what is connected when the test is over. */
async function listen(server: Server, at: Place): Promise<Set<Socket>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(at.socket, resolve));
  cleanUpWith(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return sockets;
}

/** Something that accepts connections and does with them what it is told. */
export async function serveConnections(onConnection: (socket: Socket) => void): Promise<Place> {
  const at = place();
  await listen(createServer(onConnection), at);
  return at;
}

/** Something that speaks HTTP, and upgrades connections if it is told how. */
export async function serveHttp(onRequest: RequestListener, onUpgrade?: UpgradeListener): Promise<Place> {
  const at = place();
  const server = createHttpServer(onRequest);
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  await listen(server, at);
  return at;
}

/** A way to a real agent whose connections can be cut. */
export interface Cable extends Place {
  /** Breaks every connection, without any farewell. */
  cut(): void;
}

/** Puts a cable between clients and the agent at `socket`. */
export async function layCable(socket: string): Promise<Cable> {
  const at = place();
  const near = await listen(
    createServer((client) => {
      const far = createConnection(socket);
      far.on('error', () => client.destroy());
      client.on('close', () => far.destroy());
      far.on('close', () => client.destroy());
      client.pipe(far).pipe(client);
    }),
    at,
  );
  return {
    ...at,
    cut: () => {
      for (const socket of near) socket.destroy();
    },
  };
}
