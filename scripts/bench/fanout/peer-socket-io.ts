// A process: messages passed on with Socket.IO, over WebSocket alone.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** As much of socket.io as is used: the project does not depend on it, so its types are not there. */
interface Io {
  emit(event: string, data: string): void;
  of(namespace: string): {
    on(
      event: 'connection',
      listener: (socket: { on(event: string, listener: (message: { data: string }) => void): void }) => void,
    ): void;
  };
}

// The arguments: the package.json that the peers are installed beside, and which of them this is.
const require = createRequire(process.argv[2] as string);
const { Server } = require(process.argv[3] as string) as { Server: new (...args: unknown[]) => Io };
const http = createServer();
const io = new Server(http, { transports: ['websocket'], pingInterval: 600_000, serveClient: false });
// Publishers stand in a namespace of their own: they are not to get what they sent.
io.of('/publish').on('connection', (socket) => {
  socket.on('publish', ({ data }) => io.emit('message', data));
});
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port));
