// Watchman's socket, speaking JSON: https://facebook.github.io/watchman/docs/socket-interface.html
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { monotonicMs } from '../support/clock.ts';

/** One message from Watchman. */
export type Pdu = Readonly<Record<string, unknown>>;

/** A connection to a daemon. */
export class WatchmanConnection {
  private readonly socket: Socket;
  private readonly waiting: { resolve: (pdu: Pdu) => void; reject: (error: Error) => void }[] = [];
  private rest = '';
  /** Takes what comes without having been asked for, and when it came by the monotonic clock. */
  onUnasked: (pdu: Pdu, atMs: number) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => this.take(text, monotonicMs()));
    socket.on('close', () => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error('watchman closed the connection'));
    });
    socket.on('error', () => {});
  }

  /** Connects; throws while nobody listens. */
  static async open(path: string): Promise<WatchmanConnection> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new WatchmanConnection(socket);
  }

  /** Sends a command; answers in the order of the questions. Throws what Watchman calls an error. */
  async command(...command: readonly unknown[]): Promise<Pdu> {
    const answered = new Promise<Pdu>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.socket.write(`${JSON.stringify(command)}\n`);
    const pdu = await answered;
    if (typeof pdu['error'] === 'string') throw new Error(pdu['error']);
    return pdu;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(text: string, atMs: number): void {
    const lines = `${this.rest}${text}`.split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      const pdu = JSON.parse(line) as Pdu;
      // Unasked ones carry the subscription's name, and so does the answer to `subscribe`, in another field.
      if ('subscription' in pdu || 'log' in pdu) this.onUnasked(pdu, atMs);
      else this.waiting.shift()?.resolve(pdu);
    }
  }
}
