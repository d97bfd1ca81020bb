// What the edge knows of LiveReload.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What serves pages; absent where it is switched off, and then these addresses are like any that is not there. */
export interface LiveReloadService {
  /** The reference client's own file. */
  script(): Promise<Buffer>;
  /** Whether there is room for another page. */
  readonly isFull: boolean;
  /** Takes over the upgrade of a page that the guard has let in. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, address: string): void;
}
