// The folder's web site: requests in, files, lists and reasons out.
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import send from 'send';
import { Folder, type Found, type NotFound } from './folder.ts';
import { errorPage, listingPage, pagePolicy } from './html.ts';
import { injectInto } from './inject.ts';
import { type RequestPath, readRequestPath, urlPathOf } from './request-path.ts';

const indexNames = ['index.html', 'index.htm'];
const htmlName = /\.html?$/i;
/** A page that is larger is data, and sent as it is. */
const mostHtmlBytes = 8 * 1024 * 1024;

/** What a site is made of. */
export interface SiteOptions {
  /** The folder's real path. */
  readonly root: string;
  /** Whether a page that is not there is the first page: its script looks at the address. */
  readonly spa: boolean;
  /** What goes into every page, at the time it is asked for. */
  readonly script: () => string;
}

const reasons: Readonly<Record<NotFound['kind'], readonly [status: number, detail: string]>> = {
  missing: [404, 'There is no such file in the folder.'],
  outside: [403, 'A link leads out of the folder: what is behind it is not served.'],
  unreadable: [403, 'This file may not be read.'],
  special: [403, 'This is no file that could be sent.'],
};

/** Answers requests from a folder. */
export class Site {
  readonly #options: SiteOptions;
  readonly #folder: Folder;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#folder = new Folder(options.root);
  }

  /** Answers one request. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Pages of other sites get nothing of it, as a script or image either; those of this machine do.
    response.setHeader('cross-origin-resource-policy', 'same-site');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      this.#sendError(request, response, 405, 'Files can only be asked for here.');
      return;
    }
    const path = readRequestPath(request.url ?? '');
    if (path === undefined) {
      this.#sendError(request, response, 400, 'This is no path into the folder.');
      return;
    }
    const found = await this.#folder.find(path.names);
    if (found.kind === 'directory') await this.#sendDirectory(request, response, path, found);
    // A file is no directory, whatever is asked for.
    else if (found.kind === 'file' && !path.isDirectory) await this.#sendFile(request, response, found);
    else await this.#sendNothing(request, response, found.kind === 'file' ? 'missing' : found.kind);
  }

  async #sendDirectory(
    request: IncomingMessage,
    response: ServerResponse,
    { names, isDirectory, query }: RequestPath,
    { path }: Found,
  ): Promise<void> {
    if (!isDirectory) {
      response.writeHead(301, { location: `${urlPathOf(names)}/${query}`, 'content-length': 0 });
      response.end();
      return;
    }
    for (const name of indexNames) {
      const index = await this.#folder.find([...names, name]);
      if (index.kind === 'file') return this.#sendFile(request, response, index);
    }
    const { entries, more } = await this.#folder.list(names, path);
    this.#sendOwnPage(request, response, 200, listingPage(names, entries, more));
  }

  async #sendNothing(
    request: IncomingMessage,
    response: ServerResponse,
    kind: NotFound['kind'],
  ): Promise<void> {
    if (this.#options.spa && kind === 'missing' && isNavigation(request)) {
      const index = await this.#folder.find(['index.html']);
      if (index.kind === 'file') return this.#sendFile(request, response, index);
    }
    this.#sendError(request, response, ...reasons[kind]);
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, found: Found): Promise<void> {
    const page = await this.#pageWithScript(request, found);
    if (page === undefined) {
      await this.#sendAsItIs(request, response, found);
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': page.length,
      // Its script tells which state of the folder it was made from.
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : page);
  }

  /** Undefined for what gets no script. */
  async #pageWithScript(request: IncomingMessage, { path, stats }: Found): Promise<Buffer | undefined> {
    if (!htmlName.test(path) || stats.size > mostHtmlBytes) return undefined;
    // What a script fetches is no page of its own, and would get a second client into the one that there is.
    if (request.headers['sec-fetch-dest'] === 'empty') return undefined;
    // Before the file is read: a change meanwhile makes the page an old one.
    const script = this.#options.script();
    return injectInto(await readWhole(path), script);
  }

  #sendAsItIs(request: IncomingMessage, response: ServerResponse, { path }: Found): Promise<void> {
    response.setHeader('cache-control', 'no-cache');
    const outgoing = send(request, encodeURIComponent(path), {
      // All that they would look after has been: the path is a real one in the folder.
      dotfiles: 'allow',
      index: false,
      cacheControl: false,
    });
    outgoing.on('stream', (stream: NodeJS.ReadableStream & { bytesRead: number; destroy(): void }) => {
      const length = Number(response.getHeader('content-length'));
      // A file that was empty a moment ago, and of which Node would read a byte for this answer without any.
      if (length === 0) {
        stream.destroy();
        response.end();
      }
      // One that became shorter: whoever waits for the rest has to be told that it won't come.
      stream.on('end', () => {
        if (stream.bytesRead < length) response.destroy();
      });
    });
    return new Promise((resolve) => {
      response.on('close', resolve);
      outgoing.on('directory', () => this.#sendError(request, response, ...reasons.missing));
      outgoing.on('error', (error: { status?: number; headers?: Record<string, string> }) => {
        if (response.headersSent) {
          response.destroy();
          return;
        }
        for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
        const status = error.status ?? 500;
        this.#sendError(request, response, status, 'The file can’t be sent as it was asked for.');
      });
      outgoing.pipe(response);
    });
  }

  #sendError(request: IncomingMessage, response: ServerResponse, status: number, detail: string): void {
    for (const name of ['etag', 'last-modified', 'accept-ranges', 'content-type'])
      response.removeHeader(name);
    this.#sendOwnPage(request, response, status, errorPage(status, detail));
  }

  /** A page of ours, which reloads as well: what is missing now may be there soon. */
  #sendOwnPage(request: IncomingMessage, response: ServerResponse, status: number, html: string): void {
    const body = html.replace('</head>', () => `${this.#options.script()}</head>`);
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'content-security-policy': pagePolicy,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

/** Reads a file as large as it is allowed to be, from one opening, whatever is written to it meanwhile. */
async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Whether a browser is about to show what it asks for. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  return headers.accept?.includes('text/html') === true;
}
