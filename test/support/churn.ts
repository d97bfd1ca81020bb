// Clients that come and go, many at a time, each only until it has been greeted.
import { connect } from 'node:net';
import type { Transport } from '../../shared/index.ts';

const clientsAtOnce = 25;
/** A close frame without a code, masked with zeros. */
const closeFrame = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);

const headers: Readonly<Record<Transport, readonly string[]>> = {
  ws: [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
  sse: ['Accept: text/event-stream'],
  ndjson: [],
};

/** Connects and disconnects `count` clients at a Unix socket. */
export async function churn(socketPath: string, transport: Transport, count: number): Promise<void> {
  let next = 0;
  const comeAndGo = async (): Promise<void> => {
    // Filters of their own, some of them: what is kept for a filter has to go with its last client.
    while (next < count) {
      const number = next++;
      await visit(socketPath, transport, number % 3 === 0 ? `topic=t${number}` : '', number % 2 === 0);
    }
  };
  await Promise.all(Array.from({ length: clientsAtOnce }, comeAndGo));
}

/** @param inOrder whether it says goodbye, or is gone at once */
function visit(socketPath: string, transport: Transport, query: string, inOrder: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    let greeted = false;
    socket.on('data', (piece) => {
      if (greeted) return;
      text += piece.toString('latin1');
      greeted = text.includes('"type":"hello"');
      if (!greeted) return;
      if (!inOrder) socket.destroy();
      else if (transport === 'ws') socket.write(closeFrame);
      else socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (greeted) resolve();
      else reject(new Error(`not greeted over ${transport}: ${text}`));
    });
    const path = `/v1/events${query === '' ? '' : `?${query}`}`;
    socket.write([`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers[transport], '', ''].join('\r\n'));
  });
}
