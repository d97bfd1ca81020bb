// A process: messages passed on with ws, as its README shows it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

const http = createServer();
const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
const clients = new Set<WebSocket>();
wss.on('connection', (ws, { url }) => {
  if (url === '/publish') {
    ws.on('message', (text) => {
      const { data } = JSON.parse(String(text)) as { data: string };
      for (const client of clients) if (client.readyState === WebSocket.OPEN) client.send(data);
    });
    return;
  }
  clients.add(ws);
  ws.on('error', () => {}).on('close', () => clients.delete(ws));
});
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port));
