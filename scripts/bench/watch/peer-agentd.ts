// The agent, and a plain WebSocket client of it in the process of the benchmark.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { defaultSettleMs, type ServerFrame, version } from '../../../shared/index.ts';
import { TreeModel } from '../../../test/support/model.ts';
import { type AgentProcess, launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import { monotonicMs } from '../support/clock.ts';
import { ObservedPeer } from './observed-peer.ts';
import type { Observed } from './observer.ts';
import type { Peer } from './peer.ts';

/** The agent; with `settleMs` unlike the default it is measured for latency alone. */
export function agentdPeer(bench: Bench, settleMs = defaultSettleMs): Peer {
  const isDefault = settleMs === defaultSettleMs;
  return {
    key: 'agentd',
    name: isDefault ? 'agentd' : `agentd --settle ${settleMs}`,
    version: `${version()} (build ${bench.build.digest})`,
    settle: `${settleMs} ms${isDefault ? ', its default' : ''}`,
    latencyOnly: !isDefault,
    async start(root) {
      const agent = launchAgent(bench, root, isDefault ? [] : ['--settle', String(settleMs)]);
      return new RunningAgentd(agent, root, await agent.readyMs);
    },
  };
}

class RunningAgentd extends ObservedPeer {
  readonly pid: number;
  readonly readyMs: number;
  private readonly agent: AgentProcess;
  private readonly root: string;
  /** Stricter than what the peers are measured by: kinds, sizes, times, and the order of events count. */
  private model: TreeModel | undefined;
  private ws: WebSocket | undefined;

  constructor(agent: AgentProcess, root: string, readyMs: number) {
    super();
    this.agent = agent;
    this.root = root;
    this.pid = agent.pid;
    this.readyMs = readyMs;
  }

  async observe(observed: Observed): Promise<void> {
    const ws = new WebSocket(this.agent.streamUrl('topic=file'));
    this.ws = ws;
    const hello = once(ws, 'message');
    await hello;
    this.observer.begin(observed, this.root);
    if (observed === 'paths') this.model = TreeModel.ofDisk(this.root);
    ws.on('message', (data) => this.take(monotonicMs(), JSON.parse(String(data)) as ServerFrame));
    ws.on('close', (code) => this.observer.losses.push(`the stream was closed with ${code}`));
    ws.on('error', (error) => this.observer.losses.push(error.message));
  }

  private take(atMs: number, frame: ServerFrame): void {
    if (frame.type === 'gap') this.observer.losses.push(`gap: ${frame.reason}`);
    if (frame.type !== 'file') return;
    this.model?.apply(frame.changes);
    for (const { event, path } of frame.changes) {
      this.observer.told(path, atMs, () => !event.startsWith('unlink'));
    }
  }

  async troubles(): Promise<readonly string[]> {
    const troubles = [...this.agent.complaints];
    if (this.model !== undefined) {
      const { faults } = this.model;
      const stale = this.model.differences(this.root).filter((difference) => difference.startsWith('stale'));
      if (faults.length > 0) troubles.push(`${faults.length} events that do not fit, first: ${faults[0]}`);
      if (stale.length > 0) troubles.push(`${stale.length} entries told wrongly, first: ${stale[0]}`);
    }
    return troubles;
  }

  async stop(): Promise<void> {
    this.ws?.removeAllListeners('close').terminate();
    await this.agent.stop();
  }
}
