// What a client that stops reading costs the sender: resident memory before and after 200 MB of messages,
// with and without such a client, beside a plain broadcast loop over ws.
//
// Run after a build: tsx scripts/bench/stuck-client.ts [MEGABYTES]
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { version } from '../../shared/index.ts';
import { residentMB } from '../../test/support/procfs.ts';
import { packageVersion } from '../support/tool-packages.ts';
import { describeHardware } from './support/machine.ts';
import { projectDirectory } from './support/peer-packages.ts';

const megabyte = 1_000_000;
const messageBytes = 1024;
const readers = 5;
/** Messages published ahead of the slowest reader, so that only the stuck client is ever behind. */
const ahead = 500;
const sampleMs = 100;

/** A process that sends messages to every client: the agent, or the peer. */
interface Sender {
  readonly child: ChildProcess;
  readonly url: string;
  /** Sends messages `from`..`to`-1. */
  publish(from: number, to: number): void;
  stop(): Promise<void>;
}

interface Result {
  readonly sender: string;
  readonly stuckClients: number;
  readonly beforeMB: number;
  readonly peakMB: number;
  readonly afterMB: number;
  readonly seconds: number;
}

/** Message `n`, a string of its own: a shared one would cost a queue next to nothing. */
function messageText(n: number): string {
  return String(n).padStart(messageBytes, 'x');
}

async function startAgent(): Promise<Sender> {
  const directory = mkdtempSync(join(tmpdir(), 'devagent-bench-'));
  const agentd = fileURLToPath(new URL('../../dist/agentd.js', import.meta.url));
  const runtime = join(directory, 'run');
  const root = join(directory, 'root');
  mkdirSync(root);
  const child = spawn(process.execPath, [agentd, root, '--port', '0', '--log-level', 'warn'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: join(directory, 'state') },
  });
  const url = `ws+unix:${join(runtime, 'default.sock')}:/v1/events`;
  let publisher: WebSocket | undefined;
  while (publisher === undefined) {
    if (child.exitCode !== null)
      throw new Error(`agentd ended with ${child.exitCode}: run npm run build first`);
    publisher = await openPublisher(`${url}?topic=none`);
  }
  const socket = publisher;
  return {
    child,
    url,
    publish: (from, to) => {
      for (let n = from; n < to; n++) {
        socket.send(JSON.stringify({ type: 'publish', id: n, data: messageText(n) }));
      }
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Undefined while nobody listens yet. */
async function openPublisher(url: string): Promise<WebSocket | undefined> {
  const ws = new WebSocket(url);
  try {
    await once(ws, 'open');
    // Answers are read and dropped.
    ws.on('message', () => {});
    return ws;
  } catch {
    // Not there yet: asked again in a moment.
    await delay(20);
    return undefined;
  }
}

/** The peer: a server that sends each message to each client, as the README of ws shows it. */
async function startPeer(): Promise<Sender> {
  const directory = mkdtempSync(join(tmpdir(), 'devagent-bench-'));
  const path = join(directory, 'peer.sock');
  const child = fork(fileURLToPath(import.meta.url), ['peer', path], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return {
    child,
    url: `ws+unix:${path}:/`,
    publish: (from, to) => void child.send({ from, to }),
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function runPeer(path: string): void {
  const http = createServer().listen(path, () => process.send?.('listening'));
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  process.on('message', ({ from, to }: { from: number; to: number }) => {
    for (let n = from; n < to; n++) {
      const text = messageText(n);
      for (const client of server.clients) if (client.readyState === client.OPEN) client.send(text);
    }
  });
}

/** A client that counts messages. */
async function openReader(url: string): Promise<{ ws: WebSocket; messages: () => number }> {
  const ws = new WebSocket(url);
  let messages = 0;
  ws.on('message', (data: Buffer) => {
    if (data.length >= messageBytes) messages += 1;
  });
  await once(ws, 'open');
  return { ws, messages: () => messages };
}

async function measure(
  name: string,
  start: () => Promise<Sender>,
  stuckClients: number,
  totalMB: number,
): Promise<Result> {
  const sender = await start();
  const pid = sender.child.pid as number;
  const clients = await Promise.all(Array.from({ length: readers }, () => openReader(sender.url)));
  for (let opened = 0; opened < stuckClients; opened++) {
    const { ws } = await openReader(sender.url);
    ws.pause();
    clients.push({ ws, messages: () => Number.POSITIVE_INFINITY });
  }
  const total = Math.round((totalMB * megabyte) / messageBytes);
  const slowest = (): number => Math.min(...clients.map(({ messages }) => messages()));

  const beforeMB = residentMB(pid);
  let peakMB = beforeMB;
  const sampler = setInterval(() => {
    peakMB = Math.max(peakMB, residentMB(pid));
  }, sampleMs);
  const startedMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const count = Math.min(ahead - (sent - slowest()), total - sent);
    if (count > 0) sender.publish(sent, sent + count);
    sent += Math.max(count, 0);
    await delay(1);
  }
  while (slowest() < total) await delay(1);
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(sampler);
  const afterMB = residentMB(pid);
  for (const { ws } of clients) ws.terminate();
  await sender.stop();
  return { sender: name, stuckClients, beforeMB, peakMB: Math.max(peakMB, afterMB), afterMB, seconds };
}

function print(results: readonly Result[], totalMB: number): void {
  const rows = [
    ['sender', 'stuck clients', 'before MB', 'peak MB', 'after MB', 'grown by MB', 'seconds'],
    ...results.map(({ sender, stuckClients, beforeMB, peakMB, afterMB, seconds }) => [
      sender,
      String(stuckClients),
      beforeMB.toFixed(0),
      peakMB.toFixed(0),
      afterMB.toFixed(0),
      (afterMB - beforeMB).toFixed(0),
      seconds.toFixed(1),
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
    );
    return `| ${cells.join(' | ')} |`;
  });
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  const ratioOf = (sender: string): string => {
    const [without, stuck] = results.filter((result) => result.sender === sender);
    return ((stuck?.peakMB ?? 0) / (without?.peakMB ?? 1)).toFixed(1);
  };
  process.stdout.write(
    [
      `Resident memory of the sender, ${totalMB} MB of messages of ${messageBytes} bytes to ${readers} clients that read.`,
      '',
      ...lines,
      '',
      `Peak with a stuck client over peak without: devagent ${ratioOf('devagent')}, ws loop ${ratioOf('ws loop')}.`,
      '',
      describeHardware(),
      `node ${process.versions.node}, devagent ${version()}, ws ${packageVersion('ws', projectDirectory)}`,
      '',
    ].join('\n'),
  );
}

async function main(totalMB: number): Promise<void> {
  const results: Result[] = [];
  for (const [name, start] of [
    ['devagent', startAgent],
    ['ws loop', startPeer],
  ] as const) {
    for (const stuckClients of [0, 1]) results.push(await measure(name, start, stuckClients, totalMB));
  }
  print(results, totalMB);
}

if (process.argv[2] === 'peer') runPeer(process.argv[3] as string);
else await main(Number(process.argv[2] ?? 200));
