// One client with a wide view beside many with the default one: whether they notice.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Bench } from '../support/bench.ts';
import { measureFanout } from './fanout.ts';
import type { Amounts } from './options.ts';
import type { Round, Wide } from './results.ts';
import { agentdServer, type RunningAgent } from './server-agentd.ts';
import type { Swarm } from './swarm.ts';

const filesADirectory = 100;
/** Batches of changes that only the wide view holds. */
const quietBatches = 50;
const patienceMs = 60_000;

/** Measures an agent whose root has so many ignored files, with and without a client that sees them, in turns. */
export async function measureWide(
  bench: Bench,
  swarm: Swarm,
  clients: number,
  amounts: Amounts,
): Promise<Wide> {
  const rounds: Record<'without' | 'beside', Round[]> = { without: [], beside: [] };
  for (let number = 1; number <= amounts.rounds; number++) {
    for (const which of ['without', 'beside'] as const) {
      const server = serverWith(bench, amounts.ignoredFiles, which === 'beside');
      rounds[which].push(await measureFanout(swarm, server, clients, amounts, number));
    }
  }
  const quiet = await measureQuiet(bench, swarm, clients, amounts.ignoredFiles);
  return { ...rounds, ignoredFiles: amounts.ignoredFiles, ...quiet };
}

function serverWith(bench: Bench, files: number, hasWide: boolean) {
  const server = agentdServer(bench);
  return {
    ...server,
    start: async (): Promise<RunningAgent> => {
      const running = await server.start((root) => fill(root, files));
      if (hasWide) await connectWide(bench, running);
      return running;
    },
  };
}

/** Changes what only the wide view holds, and counts who is written to. */
async function measureQuiet(bench: Bench, swarm: Swarm, clients: number, files: number): Promise<Quiet> {
  let root = '';
  const running = await agentdServer(bench).start((directory) => {
    root = directory;
    fill(directory, files);
  });
  try {
    const wide = await connectWide(bench, running);
    await swarm.open(running.clients, clients);
    const before = await running.deliveries();
    const received = wide.count();
    for (let batch = 0; batch < quietBatches; batch++) {
      writeFileSync(join(root, 'node_modules', `new-${batch}`), '');
      const endMs = performance.now() + patienceMs;
      while (wide.count() === received + batch) {
        if (performance.now() > endMs) throw new Error('the wide view did not report a change');
        await delay(1);
      }
    }
    const own = wide.count() - received;
    return { ownDeliveries: own, otherDeliveries: (await running.deliveries()) - before - own };
  } finally {
    await swarm.close();
    await running.stop();
  }
}

type Quiet = Pick<Wide, 'ownDeliveries' | 'otherDeliveries'>;

/** Connects a client that sees what is ignored, and counts its events. */
async function connectWide({ cleanups }: Bench, running: RunningAgent): Promise<{ count(): number }> {
  let events = 0;
  const { port, path } = running.clients;
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}&ignored=1`, { perMessageDeflate: false });
  cleanups.add(() => ws.terminate());
  await new Promise<void>((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data) => {
      // The greeting comes when the view is crawled.
      if (String(data).startsWith('{"type":"hello"')) resolve();
      else events += 1;
    });
  });
  return { count: () => events };
}

/** A node_modules, which is ignored by default, and a file that is not. */
function fill(root: string, files: number): void {
  writeFileSync(join(root, '.gitignore'), 'node_modules\n');
  for (let done = 0; done < files; done += filesADirectory) {
    const directory = join(root, 'node_modules', `package-${done / filesADirectory}`);
    mkdirSync(directory, { recursive: true });
    const own = Math.min(filesADirectory, files - done);
    for (let file = 0; file < own; file++) writeFileSync(join(directory, `file-${file}.js`), '');
  }
}
