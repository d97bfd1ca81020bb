// Those who send: connections of the run itself.
import { WebSocket } from 'ws';
import { monotonicMs } from '../support/clock.ts';
import type { RunningServer, Server } from './server.ts';
import { timeMark } from './swarm-protocol.ts';

/** Length of a message on the wire, without the frame's header. */
export const messageBytes = 200;

/** Some connections that publish. */
export class Publishers {
  private readonly sockets: readonly WebSocket[];
  private readonly running: RunningServer;
  private readonly envelopeBytes: number;
  private published = 0;
  private answers = 0;

  private constructor(sockets: readonly WebSocket[], running: RunningServer, envelopeBytes: number) {
    this.sockets = sockets;
    this.running = running;
    this.envelopeBytes = envelopeBytes;
    for (const socket of sockets) socket.on('message', () => void this.answers++);
  }

  /** Connects `senders`. */
  static async open({ envelopeBytes }: Server, running: RunningServer, senders: number): Promise<Publishers> {
    const opening = Array.from({ length: senders }, () => openPublisher(running));
    return new Publishers(await Promise.all(opening), running, envelopeBytes);
  }

  /** How many answers came; only agentd gives them. */
  get answered(): number {
    return this.answers;
  }

  /** Has each sender send one message. */
  burst(bytes: number = messageBytes): void {
    for (const socket of this.sockets) this.send(socket, bytes);
  }

  /** Has one sender send one message. */
  single(): void {
    const [socket] = this.sockets;
    if (socket !== undefined) this.send(socket, messageBytes);
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  private send(socket: WebSocket, bytes: number): void {
    this.published += 1;
    const stamp = `${timeMark}${monotonicMs().toFixed(3)}${timeMark}`;
    socket.send(this.running.publication(this.published, stamp.padEnd(bytes - this.envelopeBytes, 'x')));
  }
}

function openPublisher({ publishers }: RunningServer): Promise<WebSocket> {
  const { port, path, greetings, say } = publishers;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    let left = greetings;
    const greeted = (): void => {
      if (--left > 0) return;
      socket.off('message', greeted);
      resolve(socket);
    };
    if (greetings > 0) socket.on('message', greeted);
    socket.on('open', () => {
      if (say !== undefined) socket.send(say);
      if (greetings === 0) resolve(socket);
    });
    // Later ones come when the server is stopped, which closes these.
    socket.on('error', reject);
  });
}
