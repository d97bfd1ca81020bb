// The client library in Node, by the laws of test/support/client-laws.ts: over TCP and over the Unix socket.
import { startNodeHost } from './support/client-host.ts';
import { describeClientLaws } from './support/client-laws.ts';
import { times } from './support/long.ts';

describeClientLaws({
  name: 'Node over TCP',
  plane: 'loopback',
  pauses: true,
  trees: times(20, 40),
  cuts: times(60, 1000),
  open: () => startNodeHost(['--no-experimental-websocket']),
});

describeClientLaws({
  name: 'Node over the Unix socket',
  plane: 'local',
  pauses: true,
  trees: times(20, 40),
  cuts: times(60, 1000),
  open: () => startNodeHost([]),
});

describeClientLaws({
  name: 'Node with a WebSocket of its own',
  plane: 'loopback',
  pauses: false,
  trees: times(20, 40),
  // What it does at a cut is what a page does, and pages are cut off more often.
  cuts: times(60, 250),
  open: () => startNodeHost(['--experimental-websocket']),
});
