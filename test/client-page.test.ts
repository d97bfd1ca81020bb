// The client library in a page, by the laws of test/support/client-laws.ts, and where a page is told less than others.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { describeInBrowser } from './support/browser.ts';
import { cleanUpWith } from './support/cleanup.ts';
import { openPageHost } from './support/client-host.ts';
import { describeClientLaws } from './support/client-laws.ts';
import { times } from './support/long.ts';

describeInBrowser('devagent/client', [], (browser) => {
  describeClientLaws({
    name: 'Chromium',
    plane: 'loopback',
    pauses: false,
    // Chromium puts off new WebSockets, for seconds, while more than some 12 are under way.
    trees: 10,
    cuts: times(60, 1000),
    open: () => openPageHost(browser()),
  });

  it('asks again where an answer ends within its head, which browsers take for a whole one', async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      const origin = request.headers.origin ?? '';
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-headers', '*, authorization');
      if (request.method === 'OPTIONS') response.end();
      else if (++asked === 1)
        request.socket.end(`HTTP/1.1 200 OK\r\naccess-control-allow-origin: ${origin}\r\ncontent-len`);
      else response.end('{"protocol":1,"version":"1.0.0"}');
    });
    cleanUpWith(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const host = await openPageHost(browser());
    await host.run(async ({ lib }, url) => (await lib.connect({ url, token: 'x' })).close(), url);
    expect(asked).toBe(2);
  });
});
