// In a process of its own: asks the agent again and again whether it is well, and keeps the longest wait for an answer.
// The agent answers from its one loop, so that is how long the loop stood still; the loop here is idle. What either
// process waits for a processor that others have is taken off: that is not the agent's doing.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** An agent: its Unix socket, and its process. */
export interface Asked {
  readonly socketPath: string;
  readonly pid: number;
}

/** What it is told: whom to ask, null for nobody; or to say what it found since it was told to last. */
export type ToProber = { readonly ask: Asked | null } | 'take';

/** Often enough that a standstill is met near its beginning, seldom enough to cost the agent next to nothing. */
const pauseMs = 5;

let asked: Asked | null = null;
let worstMs = 0;
let connections = new Agent({ keepAlive: true, maxSockets: 1 });

/** How long the process's main thread has waited for a processor so far, in ms; 0 where the kernel does not tell. */
function queuedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    // A kernel without it, or a process that has ended.
    return 0;
  }
}

function answered(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: '/healthz', agent: connections }, (response) => {
      response.resume().on('close', resolve);
    });
    // Where nobody answers, that is found out by those who need an answer.
    probe.on('error', () => resolve());
    probe.end();
  });
}

process.on('disconnect', () => process.exit());
process.on('message', (message: ToProber) => {
  if (message === 'take') {
    process.send?.(worstMs);
    worstMs = 0;
    return;
  }
  asked = message.ask;
  // A connection that is under way belongs to what it was asked for before.
  connections.destroy();
  connections = new Agent({ keepAlive: true, maxSockets: 1 });
});

for (;;) {
  const [whom, used] = [asked as Asked | null, connections];
  if (whom !== null) {
    const queued = (): number => queuedMs(whom.pid) + queuedMs(process.pid);
    const [startedMs, queuedBeforeMs] = [performance.now(), queued()];
    await answered(whom.socketPath);
    const waitedMs = performance.now() - startedMs - (queued() - queuedBeforeMs);
    if (used === connections) worstMs = Math.max(worstMs, waitedMs);
  }
  await delay(pauseMs);
}
