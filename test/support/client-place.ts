// Places where the client library runs, and what its laws do and compare there.
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { FileRecord } from 'devagent/client';
import type { ClientInfo } from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';
import { expectNoAuditFindings } from './audit.ts';
import { temporaryDirectory } from './cleanup.ts';
import type { ClientHost } from './client-host.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { TreeModel } from './model.ts';
import type { RandomOperations } from './random-operations.ts';

/** Somewhere to reach an agent: as `connect` takes it. */
type Address = { url: string; token: string } | { socket: string };

/** A place where the library runs, and the way from there to an agent. */
export interface ClientPlace {
  readonly name: string;
  readonly plane: 'local' | 'loopback';
  /** Whether its WebSocket can stop reading; one that can't has to be closed for that. */
  readonly pauses: boolean;
  /** How many trees it keeps while its connections are cut, and how often they are. */
  readonly trees: number;
  readonly cuts: number;
  open(): ClientHost | Promise<ClientHost>;
}

/** The address of an agent as seen from there. */
export function addressOf(agent: TestAgent, plane: ClientPlace['plane']): Address {
  return plane === 'local'
    ? { socket: agent.socket }
    : { url: `http://127.0.0.1:${agent.port}/`, token: agent.token };
}

/** A proxy before the agent, and its address. */
export async function proxyTo(
  agent: TestAgent,
  plane: ClientPlace['plane'],
  seed: number,
): Promise<[CuttingProxy, Address]> {
  if (plane === 'local') {
    const socket = join(temporaryDirectory(), 'proxy.sock');
    return [await startCuttingProxy({ path: agent.socket }, seed, socket), { socket }];
  }
  const proxy = await startCuttingProxy({ port: agent.port, host: '127.0.0.1' }, seed);
  return [proxy, { url: `http://127.0.0.1:${proxy.port}/`, token: agent.token }];
}

/** Connects there, for the functions that follow. */
export function connectAt(host: ClientHost, address: Address): Promise<void> {
  return host.run(async (scope, options) => {
    scope.agent = await scope.lib.connect({ ...options, name: 'law', timeoutMs: 30_000 });
  }, address);
}

/** Opens trees there. */
export function plant(host: ClientHost, count: number): Promise<void> {
  return host.run((scope, trees) => {
    scope.trees = Array.from({ length: trees }, () => scope.agent.tree());
  }, count);
}

/** Fails unless each tree there is the disk once it has been synced. */
export async function expectTreesAreDisk(host: ClientHost, agent: TestAgent): Promise<void> {
  const trees = await host.run(async ({ trees }) => {
    await Promise.all(trees.map((tree) => tree.sync()));
    return trees.map((tree) => ({ whole: tree.whole, records: [...tree].map(([, record]) => record) }));
  }, undefined);
  expect(trees.map(({ whole }) => whole)).toEqual(trees.map(() => true));
  expect(trees.flatMap(({ records }) => differences(records, agent.root))).toEqual([]);
  await expectNoAuditFindings(agent);
}

/** How these records differ from the disk. */
export function differences(records: readonly FileRecord[], root: string): string[] {
  return TreeModel.ofRecords(records).differences(root);
}

/** An agent's clients. */
export function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return agent.request('/v1/clients').then((answer) => answer.json<ClientInfo[]>());
}

/** Does so many operations. */
export function operate(operations: RandomOperations, count: number): void {
  for (let done = 0; done < count; done += 1) operations.step();
}
