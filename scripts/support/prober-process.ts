// In a process of its own: asks the agent again and again whether it is well, and keeps the longest wait for an answer.
// The agent answers from its one loop, so that is how long the loop stood still; the loop here is idle.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What it is told: whom to ask, '' for nobody; or to say what it found since it was told to last. */
export type ToProber = { readonly ask: string } | 'take';

/** Often enough that a standstill is met near its beginning, seldom enough to cost the agent next to nothing. */
const pauseMs = 5;

let socketPath = '';
let worstMs = 0;
let connections = new Agent({ keepAlive: true, maxSockets: 1 });

function answered(path: string): Promise<void> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: path, path: '/healthz', agent: connections }, (response) => {
      response.resume().on('close', resolve);
    });
    // Where nobody answers, that is found out by those who need an answer.
    asked.on('error', () => resolve());
    asked.end();
  });
}

process.on('disconnect', () => process.exit());
process.on('message', (message: ToProber) => {
  if (message === 'take') {
    process.send?.(worstMs);
    worstMs = 0;
    return;
  }
  socketPath = message.ask;
  // A connection that is under way belongs to what it was asked for before.
  connections.destroy();
  connections = new Agent({ keepAlive: true, maxSockets: 1 });
});

for (;;) {
  const [path, used] = [socketPath, connections];
  if (path !== '') {
    const startedMs = performance.now();
    await answered(path);
    if (used === connections) worstMs = Math.max(worstMs, performance.now() - startedMs);
  }
  await delay(pauseMs);
}
