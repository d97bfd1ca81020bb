// What is asked of the agent alone: how little it does when nothing happens, and whether its first crawl
// keeps broadcasts waiting.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ServerFrame } from '../../../shared/index.ts';
import { cpuMs, residentMB } from '../../../test/support/procfs.ts';
import { type AgentProcess, launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import type { Tree } from './trees.ts';

/** From ready until the idle time is taken: within it V8 collects the garbage of the crawl, once. */
const restMs = 90_000;
const publishMs = 5;
/** Crawls over which the messages are pooled: one has too few for a 99th percentile. */
const crawls = 3;
const messagesAfterCrawl = 200;

/** Idle processor time. */
export interface IdleResult {
  readonly files: number;
  readonly seconds: number;
  readonly cpuMs: number;
  /** From ready until then, and how long that was. */
  readonly restCpuMs: number;
  readonly restSeconds: number;
  /** At the end: the garbage of the crawl is collected by then. */
  readonly residentMB: number;
}

/** Delivery of broadcasts, all crawls pooled. */
export interface CrawlResult {
  readonly files: number;
  readonly crawlMs: number[];
  /** From the publisher's send to the subscriber's receipt, during the first crawl. */
  readonly duringMs: number[];
  /** The same, once the crawl is over. */
  readonly afterMs: number[];
  lost: number;
}

/** Processor time of an agent without clients, on a tree that nobody touches. */
export async function measureIdle(bench: Bench, tree: Tree, seconds: number): Promise<IdleResult> {
  const agent = launchAgent(bench, tree.root);
  await agent.readyMs;
  bench.progress(`agentd idle for ${restMs / 1000 + seconds} s`);
  const readyMs = cpuMs(agent.pid);
  await delay(restMs);
  const beforeMs = cpuMs(agent.pid);
  await delay(seconds * 1000);
  const usedMs = cpuMs(agent.pid) - beforeMs;
  const memoryMB = residentMB(agent.pid);
  await agent.stop();
  return {
    files: tree.files.length,
    seconds,
    cpuMs: usedMs,
    restCpuMs: beforeMs - readyMs,
    restSeconds: restMs / 1000,
    residentMB: memoryMB,
  };
}

/** Delivery of broadcasts while the first crawl runs. */
export async function measureCrawl(bench: Bench, tree: Tree): Promise<CrawlResult> {
  const files = tree.files.length;
  const result: CrawlResult = { files, crawlMs: [], duringMs: [], afterMs: [], lost: 0 };
  for (let crawl = 1; crawl <= crawls; crawl++) {
    bench.progress(`agentd, broadcasts during the crawl of ${files} files, ${crawl} of ${crawls}`);
    await broadcastDuringCrawl(bench, tree, result);
  }
  return result;
}

async function broadcastDuringCrawl(bench: Bench, tree: Tree, result: CrawlResult): Promise<void> {
  const agent = launchAgent(bench, tree.root);
  let ready = false;
  const crawled = agent.readyMs.then((ms) => {
    ready = true;
    result.crawlMs.push(ms);
  });
  const subscriber = await openAsSoonAsPossible(agent, 'topic=bench', crawled);
  const publisher = await openAsSoonAsPossible(agent, 'topic=none', crawled);
  // Answers are read and dropped.
  publisher.on('message', () => {});
  const sent = { during: 0, after: 0 };
  const received = { during: 0, after: 0 };
  subscriber.on('message', (data) => {
    const atMs = monotonicMs();
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type !== 'message') return;
    const { phase, sentMs } = frame.data as { phase: 'during' | 'after'; sentMs: number };
    received[phase] += 1;
    result[`${phase}Ms`].push(atMs - sentMs);
  });
  while (!ready || sent.after < messagesAfterCrawl) {
    const phase = ready ? 'after' : 'during';
    sent[phase] += 1;
    const data = { phase, sentMs: monotonicMs() };
    publisher.send(JSON.stringify({ type: 'publish', id: sent.during + sent.after, topic: 'bench', data }));
    await delay(publishMs);
  }
  const all = (): boolean => received.during === sent.during && received.after === sent.after;
  for (const giveUpMs = monotonicMs() + 2000; !all() && monotonicMs() < giveUpMs; ) await delay(publishMs);
  result.lost += sent.during + sent.after - received.during - received.after;
  subscriber.terminate();
  publisher.terminate();
  await agent.stop();
}

/** Connects as soon as the agent listens. Rejects when it ends before. */
async function openAsSoonAsPossible(
  agent: AgentProcess,
  query: string,
  crawled: Promise<void>,
): Promise<WebSocket> {
  for (;;) {
    const ws = new WebSocket(agent.streamUrl(query));
    try {
      await once(ws, 'open');
      return ws;
    } catch {
      // Not there yet; or not any more, which `crawled` knows.
      await Promise.race([delay(2), crawled]);
    }
  }
}
