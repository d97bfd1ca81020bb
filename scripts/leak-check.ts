// What clients leave behind that come and go: open handles, registered clients and heap, over several rounds
// of connects and disconnects. Fails when the last round left more than the one before it.
//
// Run after a build: npm run leak -- [--connects N] [--rounds N] [--dist DIR]
//   N connects of each transport, in all rounds together
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Status, type Transport, version } from '../shared/index.ts';
import { churn } from '../test/support/churn.ts';
import { Inspector, inspectable } from '../test/support/inspector.ts';
import { residentMB } from '../test/support/procfs.ts';
import { until } from '../test/support/wait.ts';

const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];
/** A client that is kept is several kilobytes; the rest is code that V8 compiles when it turns out to be hot. */
const slackBytesPerConnect = 64;

interface Sample {
  readonly connects: number;
  readonly clients: number;
  readonly handles: number;
  readonly heapBytes: number;
  readonly residentMB: number;
  readonly seconds: number;
}

/** A whole number of at least `least`. */
function countOf(flag: string, value: string, least: number): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < least) {
    throw new Error(`--${flag} ${value}: give a whole number of at least ${least}`);
  }
  return count;
}

function get(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function statusOf(socketPath: string): Promise<Status> {
  return JSON.parse((await get(socketPath, '/v1/status')).body) as Status;
}

/** Waits until every client is gone; a socket that is never closed shows as a handle. */
async function sample(
  pid: number,
  socketPath: string,
  inspector: Inspector,
  connects: number,
  seconds: number,
): Promise<Sample> {
  let clients = 0;
  await until(
    () => `all clients to be gone; there are ${clients}`,
    async () => {
      clients = (await statusOf(socketPath)).clients;
      return clients === 0;
    },
  );
  const heapBytes = await inspector.usedHeapBytes();
  const handles = readdirSync(`/proc/${pid}/fd`).length;
  return { connects, clients, handles, heapBytes, residentMB: residentMB(pid), seconds };
}

function print({ connects, clients, handles, heapBytes, residentMB: resident, seconds }: Sample): void {
  const cells = [
    String(connects).padStart(9),
    String(clients).padStart(8),
    String(handles).padStart(8),
    (heapBytes / 1e6).toFixed(2).padStart(9),
    resident.toFixed(1).padStart(7),
    seconds.toFixed(1).padStart(8),
  ];
  console.log(cells.join('  '));
}

async function measure(agentd: string, directory: string, connects: number, rounds: number): Promise<void> {
  const root = join(directory, 'root');
  mkdirSync(root);
  const child: ChildProcess = spawn(process.execPath, [agentd, root, '--port', '0', '--log-level', 'warn'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...inspectable,
      AGENT_RUNTIME_DIR: join(directory, 'run'),
      AGENT_STATE_DIR: join(directory, 'state'),
    },
  });
  const closed = once(child, 'close');
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  const socketPath = join(directory, 'run', 'default.sock');
  try {
    const pid = child.pid as number;
    await until(
      () => `the agent to be ready: ${stderr}`,
      () =>
        get(socketPath, '/healthz').then(
          ({ status }) => status === 200,
          () => false,
        ),
    );
    const inspector = await Inspector.open(() => stderr);
    console.log(' connects   clients   handles  heap (MB)  RSS (MB)  seconds');
    const samples = [await sample(pid, socketPath, inspector, 0, 0)];
    print(samples[0] as Sample);
    const perRound = Math.ceil(connects / rounds);
    for (let round = 1; round <= rounds; round++) {
      const startMs = performance.now();
      for (const transport of transports) await churn(socketPath, transport, perRound);
      const seconds = (performance.now() - startMs) / 1000;
      const taken = await sample(pid, socketPath, inspector, round * perRound * transports.length, seconds);
      samples.push(taken);
      print(taken);
    }
    inspector.close();
    judge(samples.slice(-2) as [Sample, Sample]);
  } finally {
    child.kill('SIGTERM');
    await closed;
  }
}

function judge([before, last]: [Sample, Sample]): void {
  const perConnect = (last.heapBytes - before.heapBytes) / (last.connects - before.connects);
  console.log(`the last round left ${perConnect.toFixed(1)} bytes of heap a connect`);
  if (perConnect > slackBytesPerConnect || last.handles > before.handles) {
    console.error('something is left behind');
    process.exitCode = 1;
  }
}

const { values } = parseArgs({
  options: {
    connects: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist/', import.meta.url)) },
  },
});
const connects = countOf('connects', values.connects, 1);
const rounds = countOf('rounds', values.rounds, 2);
const directory = mkdtempSync(join(tmpdir(), 'devagent-leak-'));
console.log(`devagent ${version()}, node ${process.version}: ${connects} connects of each of ${transports}`);
try {
  await measure(join(values.dist, 'agentd.js'), directory, connects, rounds);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
