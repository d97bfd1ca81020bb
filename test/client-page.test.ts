// The client library in a page, by the laws of test/support/client-laws.ts.
import { describeInBrowser } from './support/browser.ts';
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
});
