// A directory that an agent watches, and a client whose model of it is held against the disk.
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Change, RootStatus } from '../../shared/index.ts';
import { type AgentOptions, startAgent, type TestAgent } from './agent.ts';
import { expectNoAuditFindings } from './audit.ts';
import { batchesOf, batchFaults } from './batch-laws.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { connect, type TestClient } from './client.ts';
import { TreeModel } from './model.ts';
import { sharedAgent } from './shared-agent.ts';
import { until } from './wait.ts';

/** All of them work on Linux. */
export const backends = ['directories', 'recursive', 'chokidar', 'polling'] as const;

/**
 * What a test does between two barriers is one batch, however slow the machine, and its order can be asserted.
 */
const usualSettleMs = 100;

/** How a directory is watched. */
export interface WatchedOptions {
  readonly flags?: readonly string[];
  /** Where the directory is made. */
  readonly parent?: string;
  /** Default `usualSettleMs`. */
  readonly settleMs?: number;
  /** Starts the agent; default `startAgent`. */
  readonly start?: (options: AgentOptions) => Promise<TestAgent>;
  /** One that runs is told to watch it, too, instead; its flags are its own. */
  readonly agent?: TestAgent;
}

/** What has been told of some roots. */
export interface Watched {
  readonly agent: TestAgent;
  readonly client: TestClient;
  /** The first root. */
  readonly root: string;
  /** Waits at the barrier, and gives the changes told since they were asked for last. */
  changes(): Promise<Change[]>;
  /**
   * Waits at the barrier, and fails unless the events alone give the disk, each in its place, and no audit had to
   * help.
   */
  expectTrue(): Promise<void>;
  /** A root, by default the first, as the status tells of it. */
  status(root?: string): Promise<RootStatus>;
}

function seqOf(cursor: string): number {
  return Number(cursor.split(':')[1]);
}

/** Follows the roots of a running agent, all of them at rest. */
export async function follow(agent: TestAgent, roots: readonly string[] = agent.roots): Promise<Watched> {
  const client = await connect(agent);
  cleanUpWith(() => expectNoAuditFindings(agent));
  const models = new Map(roots.map((root) => [root, TreeModel.ofDisk(root)]));
  const faults: string[] = [];
  let told = 0;
  let applied = 0;
  const settle = async (): Promise<void> => {
    const cursor = await agent.sync();
    await until(
      () => `events up to ${cursor}`,
      () => seqOf(client.events.at(-1)?.cursor ?? client.hello.cursor) >= seqOf(cursor),
    );
    const events = client.files.slice(applied);
    for (const { root, changes } of events) models.get(root)?.apply(changes);
    for (const { changes } of batchesOf(events)) faults.push(...batchFaults(changes));
    applied = client.files.length;
  };
  return {
    agent,
    client,
    root: roots[0] as string,
    async changes() {
      await settle();
      const fresh = client.files.slice(told).flatMap(({ changes }) => changes);
      told = client.files.length;
      return fresh;
    },
    async expectTrue() {
      await settle();
      expect([...faults, ...[...models.values()].flatMap((model) => model.faults)]).toEqual([]);
      for (const [root, model] of models) expect(model.differences(root)).toEqual([]);
      await expectNoAuditFindings(agent);
    },
    async status(root = roots[0]) {
      const { roots } = (await agent.request('/v1/status')).json<{ roots: RootStatus[] }>();
      return roots.find(({ path }) => path === root) as RootStatus;
    },
  };
}

/** Watches a fresh directory that `prepare` may fill. */
export async function watched(
  prepare: (root: string) => void = () => {},
  options: WatchedOptions = {},
): Promise<Watched> {
  const { flags = [], parent, settleMs = usualSettleMs, start = startAgent, agent } = options;
  const root = temporaryDirectory(parent);
  prepare(root);
  if (agent !== undefined) {
    const answer = await agent.request('/v1/roots', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: root }),
    });
    expect(answer.json()).toMatchObject({ path: root, ready: true });
    return follow(agent, [root]);
  }
  return follow(await start({ roots: [root], flags: [...flags, '--settle', String(settleMs)] }));
}

/**
 * Gives what watches a fresh directory that `prepare` may fill, by one agent for all tests of the file, or of the
 * `describe` that this is called in.
 */
export function watchedByOne(
  flags: readonly string[] = [],
): (prepare?: (root: string) => void) => Promise<Watched> {
  const shared = sharedAgent({ flags: [...flags, '--settle', String(usualSettleMs)] });
  return (prepare) => watched(prepare, { agent: shared() });
}

/** `EVENT PATH`, with ` from PATH` where that is told. */
export function brief(changes: readonly Change[]): string[] {
  return changes.map(
    ({ event, path, from }) => `${event} ${path}${from === undefined ? '' : ` from ${from}`}`,
  );
}

/** Has things happen while the agent stands still, so that it sees none of them half done. */
export async function behindItsBack(agent: TestAgent, operations: () => void): Promise<void> {
  agent.kill('SIGSTOP');
  try {
    // The signal takes effect when each of the process's threads has met it.
    await until('the agent to stand still', () =>
      /\) T /.test(readFileSync(`/proc/${agent.pid}/stat`, 'utf8')),
    );
    operations();
  } finally {
    agent.kill('SIGCONT');
  }
}
