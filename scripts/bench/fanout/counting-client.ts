// One client: a raw socket that shakes hands and counts frames.
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader, type OnText, pongFrame } from './frames.ts';
import type { Endpoint } from './server.ts';

const readBytes = 65_536;
const headEnd = Buffer.from('\r\n\r\n');

/** What a server is asked for. */
export function upgradeRequest({ port, path }: Endpoint): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16, 'k').toString('base64')}`,
    '',
    '',
  ].join('\r\n');
}

// One for all: what is read is looked at before the next read.
let shared: Buffer | undefined;

/** Connects; resolves when the greetings were all there. `onText` gets the frames after them. */
export async function openClient(endpoint: Endpoint, onText: OnText): Promise<Socket> {
  shared ??= Buffer.allocUnsafe(readBytes);
  const { port, say } = endpoint;
  let greetings = endpoint.greetings;
  let resolve = (): void => {};
  let reject = (_: Error): void => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const frames = new FrameReader(
    (buffer, start, end) => {
      if (greetings === 0) onText(buffer, start, end);
      else if (--greetings === 0) resolve();
    },
    () => socket.write(pongFrame),
  );
  let head: Buffer | undefined = Buffer.alloc(0);
  const shake = (chunk: Buffer): void => {
    head = Buffer.concat([head ?? chunk, chunk]);
    const end = head.indexOf(headEnd);
    if (end === -1) return;
    const status = head.toString('latin1', 0, 12);
    if (status !== 'HTTP/1.1 101')
      reject(new Error(`the server answered ${head.toString('latin1', 0, 300)}`));
    const rest = head.subarray(end + headEnd.length);
    head = undefined;
    if (say !== undefined) socket.write(clientFrame(say));
    if (greetings === 0) resolve();
    frames.take(rest);
  };
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: shared,
      callback: (bytes, buffer) => {
        const chunk = (buffer as Buffer).subarray(0, bytes);
        if (head === undefined) frames.take(chunk);
        else shake(chunk);
        return true;
      },
    },
  });
  socket.setNoDelay(true);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed a connection')));
  socket.write(upgradeRequest(endpoint));
  await promise;
  return socket;
}
