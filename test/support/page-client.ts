// A page as LiveReload's servers see one: a WebSocket that says hello, and keeps what it is told.
import WebSocket from 'ws';
import { cleanUpWith } from './cleanup.ts';
import { until } from './wait.ts';

/** What a page is told. */
export interface Told {
  readonly command: string;
  readonly path?: string;
  readonly message?: string;
  readonly liveCSS?: boolean;
  readonly protocols?: readonly string[];
}

/** A connection to `/livereload`. */
export class PageClient {
  readonly socket: WebSocket;
  readonly told: Told[] = [];
  /** The close code, once it is closed. */
  closeCode: number | undefined;
  /** The status of an answer that was no upgrade. */
  refused: number | undefined;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on('message', (data) => this.told.push(JSON.parse(data.toString()) as Told));
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('unexpected-response', (_request, answer) => {
      this.refused = answer.statusCode;
      answer.destroy();
    });
    this.socket.on('error', () => {});
    cleanUpWith(() => this.socket.terminate());
  }

  /** Whether it was let in: `undefined`, or the status of the refusal. */
  async outcome(): Promise<number | undefined> {
    await until(
      'the upgrade or its refusal',
      () => this.socket.readyState === WebSocket.OPEN || this.refused !== undefined,
    );
    return this.refused;
  }

  /** Waits until so many commands have come, hello included, and gives those after it. */
  async commands(count: number): Promise<Told[]> {
    await until(
      () => `${count} commands; got ${JSON.stringify(this.told)}, closed with ${this.closeCode}`,
      () => this.told.length > count,
    );
    return this.told.slice(1);
  }

  /** Waits until it is closed, and gives the code. */
  closed(): Promise<number> {
    return until('the connection to be closed', () => this.closeCode);
  }
}

/** What livereload-js says first. */
export const clientHello = {
  command: 'hello',
  protocols: ['http://livereload.com/protocols/official-6', 'http://livereload.com/protocols/official-7'],
  ver: '4.0.2',
};

/** Connects without a word. */
export function connectPage(url: string, headers: Readonly<Record<string, string>> = {}): PageClient {
  return new PageClient(url, headers);
}

/** Connects and shakes hands. */
export async function openPage(
  url: string,
  { headers = {}, snippet }: { headers?: Readonly<Record<string, string>>; snippet?: string } = {},
): Promise<PageClient> {
  const page = new PageClient(url, headers);
  await page.outcome();
  page.socket.send(
    JSON.stringify({ ...clientHello, ...(snippet === undefined ? {} : { snipver: snippet }) }),
  );
  await page.commands(0);
  return page;
}
