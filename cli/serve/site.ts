// The folder's web site: requests in, files, lists and reasons out.
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { relative } from 'node:path';
import send from 'send';
import { contentTypeOf, declarationBytes } from './charset.ts';
import { Folder, type NotFound } from './folder.ts';
import { errorPage, listingPage, pagePolicy } from './html.ts';
import { injectInto, isDocument } from './inject.ts';
import type { Opened } from './opened.ts';
import { type RequestPath, readRequestPath, urlPathOf } from './request-path.ts';
import { storedAs } from './stored-encoding.ts';

const indexNames = ['index.html', 'index.htm'];
const htmlName = /\.html?$/i;
/** A page that is larger is data, and sent as it is. */
const mostHtmlBytes = 8 * 1024 * 1024;
/**
 * A file that is no larger is read before anything is said of it, so that what is written to it meanwhile can't break
 * the answer off: nearly all that sites are made of. A larger one is sent while it is read, and takes no more memory.
 */
const mostReadAheadBytes = 64 * 1024;
const pieceBytes = 64 * 1024;

/** What a site is made of. */
export interface SiteOptions {
  /** The folder's real path. */
  readonly root: string;
  /** Whether a page that is not there is the first page: its script looks at the address. */
  readonly spa: boolean;
  /** What goes into every page, at the time it is asked for. */
  readonly script: () => string;
  /** Told once of each page that a browser shows and that will not reload, and why. */
  readonly staysAsItIs: (path: string, why: string) => void;
}

/** How a file is to be sent. */
interface Sending {
  readonly type: string;
  readonly coding: string | undefined;
  /** Of a page with the script in it; undefined for what is sent as it is. */
  readonly page: Buffer | undefined;
  /** The whole of a small file; undefined for one that is read while it is sent. */
  readonly whole: Buffer | undefined;
}

/** Pages that are said to stay as they are; more are not read by anybody. */
const mostNoted = 100;

const reasons: Readonly<Record<NotFound, readonly [status: number, detail: string]>> = {
  missing: [404, 'There is no such file in the folder.'],
  outside: [403, 'A link leads out of the folder: what is behind it is not served.'],
  unreadable: [403, 'This file may not be read.'],
  special: [403, 'This is no file that could be sent.'],
};

/** Answers requests from a folder. */
export class Site {
  readonly #options: SiteOptions;
  #folder: Folder;
  readonly #noted = new Set<string>();

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#folder = new Folder(options.root);
  }

  /** The folder's real path. */
  get root(): string {
    return this.#folder.root;
  }

  /** Answers from another folder from now on. @param root its real path */
  turnTo(root: string): void {
    this.#folder = new Folder(root);
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
    const opened = await this.#folder.open(path.names);
    if (typeof opened === 'string') return this.#sendNothing(request, response, opened);
    try {
      if (opened.isDirectory) await this.#sendDirectory(request, response, path, opened);
      // A file is no directory, whatever is asked for.
      else if (path.isDirectory) await this.#sendNothing(request, response, 'missing');
      else await this.#sendFile(request, response, opened);
    } finally {
      await opened.close();
    }
  }

  async #sendDirectory(
    request: IncomingMessage,
    response: ServerResponse,
    { names, isDirectory, query }: RequestPath,
    directory: Opened,
  ): Promise<void> {
    if (!isDirectory) {
      response.writeHead(301, { location: `${urlPathOf(names)}/${query}`, 'content-length': 0 });
      response.end();
      return;
    }
    for (const name of indexNames) if (await this.#sendIfFile(request, response, [...names, name])) return;
    const { entries, more } = await this.#folder.list(names, directory);
    this.#sendOwnPage(request, response, 200, listingPage(names, entries, more));
  }

  async #sendNothing(request: IncomingMessage, response: ServerResponse, why: NotFound): Promise<void> {
    const isPage = this.#options.spa && why === 'missing' && isNavigation(request);
    if (isPage && (await this.#sendIfFile(request, response, ['index.html']))) return;
    this.#sendError(request, response, ...reasons[why]);
  }

  /** @returns whether there is such a file */
  async #sendIfFile(
    request: IncomingMessage,
    response: ServerResponse,
    names: readonly string[],
  ): Promise<boolean> {
    const opened = await this.#folder.open(names);
    if (typeof opened === 'string') return false;
    try {
      if (!opened.isDirectory) await this.#sendFile(request, response, opened);
      return !opened.isDirectory;
    } finally {
      await opened.close();
    }
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, file: Opened): Promise<void> {
    const { type, coding, page, whole } = await this.#prepare(request, response, file);
    response.setHeader('content-type', type);
    if (page === undefined) {
      if (coding !== undefined) response.setHeader('content-encoding', coding);
      await this.#sendAsItIs(request, response, file, whole);
      return;
    }
    response.writeHead(200, {
      'content-length': page.length,
      // Its script tells which state of the folder it was made from.
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : page);
  }

  /** Finds out what a file is, and puts the script into a page. */
  async #prepare(request: IncomingMessage, response: ServerResponse, file: Opened): Promise<Sending> {
    // Before the file is read: a change meanwhile makes the page an old one.
    const script = this.#options.script();
    const content = await file.content();
    const whole = await readWhole(content, file.stats.size, mostReadAheadBytes);
    const begin = (whole ?? (await readBegin(content))).subarray(0, declarationBytes);
    const { name, coding } = storedAs(file.path, begin);
    const plainType = typeByName(request, response, name);
    const type = contentTypeOf(plainType, begin);
    const asItIs = { type, coding, page: undefined, whole };
    if (!htmlName.test(name) || isFetch(request)) return asItIs;
    const isShown = isNavigation(request);
    const html =
      coding === undefined
        ? (whole ?? (await readWhole(content, file.stats.size, mostHtmlBytes)))
        : undefined;
    if (html === undefined) {
      const why = coding === undefined ? 'it is larger than 8 MiB' : 'it is stored compressed';
      if (isShown) this.#note(file, why);
      return asItIs;
    }
    // A fragment, which is made to stand in another page; or a page without such tags, or that is not there yet.
    if (!isShown && !isDocument(html)) return asItIs;
    const { bytes, isDoubtful } = injectInto(html, script);
    if (isDoubtful) this.#note(file, "its own Content-Security-Policy, in a meta element, can't be read");
    return { type: contentTypeOf(plainType, html), coding, page: bytes, whole };
  }

  #note({ path }: Opened, why: string): void {
    if (this.#noted.has(path) || this.#noted.size >= mostNoted) return;
    this.#noted.add(path);
    this.#options.staysAsItIs(relative(this.#folder.root, path), why);
  }

  async #sendAsItIs(
    request: IncomingMessage,
    response: ServerResponse,
    file: Opened,
    whole: Buffer | undefined,
  ): Promise<void> {
    response.setHeader('cache-control', 'no-cache');
    const options = {
      cacheControl: false,
      // For the stream that it makes: what was opened is what is sent.
      fd: await file.content(),
      autoClose: false,
    };
    const outgoing = send(request, '', options);
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
      outgoing.on('error', (error: { status?: number; headers?: Record<string, string> }) => {
        if (response.headersSent) {
          response.destroy();
          return;
        }
        for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
        const status = error.status ?? 500;
        this.#sendError(request, response, status, 'The file can’t be sent as it was asked for.');
      });
      // Its own way there, pipe(), would look the path up again.
      Object.assign(outgoing, { res: response });
      if (whole === undefined) {
        outgoing.send(file.path, file.stats);
        return;
      }
      const stream = (_path: string, { start, end }: { start: number; end: number }): void => {
        response.end(whole.subarray(start, end + 1));
      };
      Object.assign(outgoing, { stream });
      // With the time from before the reading: should this be half of a change, the next answer is another version.
      outgoing.send(file.path, Object.assign(Object.create(file.stats), { size: whole.length }));
    });
  }

  #sendError(request: IncomingMessage, response: ServerResponse, status: number, detail: string): void {
    for (const name of ['etag', 'last-modified', 'accept-ranges', 'content-type', 'content-encoding'])
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

/** The content type that goes with a file's name: `send` puts it into the response. */
function typeByName(request: IncomingMessage, response: ServerResponse, name: string): string {
  const outgoing = send(request, '');
  Object.assign(outgoing, { res: response });
  outgoing.type(name);
  return String(response.getHeader('content-type'));
}

/** Reads as much of a file as may say which encoding it is in. */
async function readBegin(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(declarationBytes), 0, declarationBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/**
 * Reads a file from its beginning, whatever is written to it meanwhile.
 * @param size what it had a moment ago, in bytes
 * @param limitBytes what is read at most
 * @returns undefined for one that is larger
 */
async function readWhole(file: FileHandle, size: number, limitBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  for (let bytes = 0; size <= limitBytes && bytes <= limitBytes; ) {
    // More than is expected, so that one reading finds the end as well: a second one might be of another version.
    const length = Math.min(Math.max(size + 1 - bytes, 1_024), pieceBytes + 1);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, bytes);
    parts.push(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
    // Some file systems may give less than there is.
    if (bytesRead === 0 || (bytesRead < length && bytes >= size)) return Buffer.concat(parts);
  }
  return undefined;
}

/** Whether a script asks: what it gets is no page of its own, and would bring a second client into the one there is. */
function isFetch({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] === 'empty' || headers['x-requested-with'] !== undefined;
}

/** Whether a browser is about to show what it asks for. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  return headers.accept?.includes('text/html') === true;
}
