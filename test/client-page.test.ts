// The client library in a page, by the laws of test/support/client-laws.ts.
import { afterAll, beforeAll, it } from '@jest/globals';
import { type Browser, startBrowser } from './support/browser.ts';
import { openPageHost } from './support/client-host.ts';
import { describeClientLaws } from './support/client-laws.ts';
import { findProgram } from './support/find-program.ts';

const chromium = findProgram('chromium', 'chromium-browser', 'google-chrome');

if (chromium === undefined) {
  it.skip('devagent/client in Chromium, which is not installed (Debian: chromium)', () => {});
} else {
  let browser: Browser | undefined;

  beforeAll(async () => {
    browser = await startBrowser(chromium, []);
  });

  afterAll(async () => {
    await browser?.close();
  });

  describeClientLaws({
    name: 'Chromium',
    plane: 'loopback',
    pauses: false,
    // Chromium puts off new WebSockets, for seconds, while more than some 12 are under way.
    trees: 10,
    cuts: 1000,
    open: () => openPageHost(browser as Browser),
  });
}
