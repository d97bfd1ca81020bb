// The server of a folder: its site, and beside it, where no file of the folder can be, LiveReload for its pages.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { requestHost } from '../../shared/index.ts';
import { PageSessions, type Reload, readScript } from '../../shared/livereload/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';
import { HostCheck } from './host-check.ts';
import { defaultPort, type ListeningPlace, listenBeside } from './listen.ts';
import { Site } from './site.ts';

/** Hidden names are never the folder's own. */
const ownFolder = '.devagent';
const scriptPath = `/${ownFolder}/livereload.js`;
const socketPath = `/${ownFolder}/livereload`;

/** How a folder is served. */
export interface FolderServerOptions {
  /** The folder's real path. */
  readonly root: string;
  readonly spa: boolean;
  readonly host: string;
  /** Undefined for the default, or a free one where that is taken. */
  readonly port: number | undefined;
  /** Whether other machines may ask. */
  readonly isRemote: boolean;
  /** Names that it answers to, besides loopback ones. */
  readonly allowHost: readonly string[];
  /** Told of pages that will not reload, and why. */
  readonly staysAsItIs: (path: string, why: string) => void;
}

/** Serves a folder, and has its pages reload. */
export class FolderServer {
  readonly #options: FolderServerOptions;
  readonly #hosts: HostCheck;
  readonly #site: Site;
  readonly #pages: PageSessions;
  #servers: readonly Server[] = [];
  /** Another for each start, so that a page of an earlier server is known for an old one. */
  readonly #run = randomBytes(6).toString('hex');
  /** Counts what pages were told to reload for. */
  #revision = 0;
  #lastReload: Reload = { command: 'reload', path: '/', liveCSS: false, liveImg: false };

  constructor(options: FolderServerOptions) {
    this.#options = options;
    this.#hosts = new HostCheck([...options.allowHost, options.host], options.isRemote);
    const { root, spa, staysAsItIs } = options;
    this.#site = new Site({ root, spa, staysAsItIs, script: () => this.#script() });
    this.#pages = new PageSessions({
      // What happened between the making of a page and its connection, while this server was away, too.
      connected: ({ snippet }) =>
        snippet === undefined || snippet === this.#state ? undefined : this.#lastReload,
    });
  }

  /**
   * Begins to listen. `localhost` is `::1` before it is 127.0.0.1 to browsers: where this listens on the second, it
   * does on the first, too.
   * @throws CliError when it can't
   */
  async listen(): Promise<ListeningPlace> {
    const { host, port } = this.#options;
    try {
      const place = await listenBeside(host, port, () => this.#makeServer());
      this.#servers = place.servers;
      return place;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CliError(
        exitCodes.failed,
        code === 'EADDRINUSE'
          ? `port ${port} is taken: choose another with --port, or 0 for any free one`
          : `can't listen on ${host}:${port ?? defaultPort} (${code}): choose another --host or --port`,
        { cause: error },
      );
    }
  }

  /** Ends what would keep the process alive. */
  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  /** The folder's real path. */
  get root(): string {
    return this.#site.root;
  }

  /** Serves another folder from now on; pages know nothing of it yet. @param root its real path */
  turnTo(root: string): void {
    this.#site.turnTo(root);
  }

  /** Has all pages do this, in this order. */
  reload(reloads: readonly Reload[]): void {
    this.#revision += 1;
    this.#lastReload = { command: 'reload', path: reloads[0]?.path ?? '/', liveCSS: false, liveImg: false };
    this.#pages.reload(reloads);
  }

  /** Has all pages show a message's data. */
  alert(data: unknown): void {
    this.#pages.alert(data);
  }

  #makeServer(): Server {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => fail(response, error));
    });
    return server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const status = this.#refusal(request);
      if (status === undefined) this.#pages.accept(request, socket, head);
      else socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    });
  }

  get #state(): string {
    // The letter keeps the client from taking it for a number.
    return `r${this.#run}-${this.#revision}`;
  }

  /** What goes into every page: the client, which finds the rest in its own address. */
  #script(): string {
    // Without a port it would look for one of LiveReload's own where a tunnel has none in its address.
    const query = `snipver=${this.#state}&path=${socketPath.slice(1)}&port=&mindelay=500&maxdelay=5000`;
    return `<script async src="${scriptPath}?${query.replaceAll('&', '&amp;')}"></script>`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#hosts.allows(requestHost(request))) {
      response.writeHead(421, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(
        `this server does not answer to the host "${request.headers.host ?? ''}": use localhost or 127.0.0.1, or start it with --allow-host\n`,
      );
      return;
    }
    if (request.url?.split('?')[0] === scriptPath) await sendScript(request, response);
    else await this.#site.answer(request, response);
  }

  /** Why a page gets no connection: the status line's end. */
  #refusal(request: IncomingMessage): string | undefined {
    const { origin, host } = request.headers;
    if (!this.#hosts.allows(requestHost(request))) return '421 Misdirected Request';
    // Cross-site WebSocket hijacking: only pages that come from here are told anything.
    if (origin !== undefined && !['http:', 'https:'].some((scheme) => origin === `${scheme}//${host}`))
      return '403 Forbidden';
    if (request.url?.split('?')[0] !== socketPath) return '404 Not Found';
    return this.#pages.isFull ? '503 Service Unavailable' : undefined;
  }
}

async function sendScript(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const script = await readScript();
  response.writeHead(200, {
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': script.length,
    // The same however often a page is loaded, for as long as this version is used.
    'cache-control': 'no-cache',
    'cross-origin-resource-policy': 'same-site',
  });
  response.end(request.method === 'HEAD' ? undefined : script);
}

/** A file that went between two looks, or can't be read: whoever asks again gets the answer of that moment. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code } = error as NodeJS.ErrnoException;
  const status =
    code === 'ENOENT' || code === 'ENOTDIR' ? 404 : code === 'EACCES' || code === 'EPERM' ? 403 : 500;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`this can't be sent: ${code ?? String(error)}\n`);
}
