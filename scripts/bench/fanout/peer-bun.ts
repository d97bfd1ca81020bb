// A process, run by Bun: messages passed on with the WebSocket server that it ships, which is uWebSockets. The argument
// says how: `publish` to a topic that all clients have subscribed to, or a loop of `send`.

/** As much of Bun as is used: the project does not depend on it, so its types are not there. */
interface Socket {
  readonly data: { readonly publisher: boolean };
  send(text: string): number;
  subscribe(topic: string): void;
}
interface Server {
  readonly port: number;
  upgrade(request: Request, options: { data: Socket['data'] }): boolean;
  publish(topic: string, text: string): number;
}
interface BunRuntime {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: Server): Response | undefined;
    websocket: Record<'open' | 'close', (ws: Socket) => void> & {
      message(ws: Socket, text: string): void;
      perMessageDeflate: boolean;
    };
  }): Server;
}
declare const Bun: BunRuntime;

const publishes = process.argv[2] === 'publish';
const clients = new Set<Socket>();
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const publisher = new URL(request.url).pathname === '/publish';
    return self.upgrade(request, { data: { publisher } }) ? undefined : new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(ws) {
      if (ws.data.publisher) return;
      clients.add(ws);
      if (publishes) ws.subscribe('all');
    },
    close: (ws) => void clients.delete(ws),
    message(ws, text) {
      if (!ws.data.publisher) return;
      const { data } = JSON.parse(text) as { data: string };
      if (publishes) server.publish('all', data);
      else for (const client of clients) client.send(data);
    },
  },
});
console.log(server.port);
