// Trees of the client library while roots come and go: a tree that says that it is whole is the disk, and has the
// roots that the agent watches.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { Agent, LiveTree } from 'devagent/client';
import type { ServerFrame } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, forAllTests, roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { startCuttingProxy } from './support/cutting-proxy.ts';
import { TreeModel } from './support/model.ts';
import { RandomOperations, randomFrom } from './support/random-operations.ts';
import { openRaw, rawRequest } from './support/raw-http.ts';
import { until } from './support/wait.ts';

const { connect: connectLibrary } = (await import(
  pathToFileURL('dist/client/node.js').href
)) as typeof import('devagent/client');

/** Seeds that once failed stay here; a fresh one joins them in each run, and is in the test's name. */
const seeds = [1, 2, Math.floor(Math.random() * 2 ** 31)];
const steps = 80;

function addRoot(agent: TestAgent, path: string): Promise<unknown> {
  return agent.request('/v1/roots', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path }),
  });
}

function removeRoot(agent: TestAgent, path: string): Promise<unknown> {
  return agent.request(`/v1/roots?path=${encodeURIComponent(path)}`, { method: 'DELETE' });
}

async function rootsOf(agent: TestAgent): Promise<string[]> {
  return (await agent.request('/v1/roots'))
    .json<{ path: string }[]>()
    .map(({ path }) => path)
    .sort();
}

/** A directory with files, more of them than one event holds if need be. */
function filled(files: number): string {
  const root = temporaryDirectory(roomForMany);
  mkdirSync(join(root, 'd'));
  for (let file = 0; file < files; file += 1) writeFileSync(join(root, file % 2 ? 'd' : '.', `f${file}`), '');
  return root;
}

async function openLibrary(socket: string): Promise<Agent> {
  const library = await connectLibrary({ socket });
  cleanUpWith(() => library.close());
  return library;
}

/** Waits until the tree has caught up, and compares it with the disk, root by root. */
async function expectDisk(tree: LiveTree, roots: readonly string[]): Promise<void> {
  await tree.sync();
  expect(tree.whole).toBe(true);
  expect(tree.roots.sort()).toEqual([...roots]);
  for (const root of roots) {
    expect(TreeModel.ofRecords(tree.files(root).values()).differences(root)).toEqual([]);
  }
}

/** What the frames of a stream with `snapshot=1` come to, each held to what was known before it. */
class StrictModel {
  readonly models = new Map<string, TreeModel>();
  readonly faults: string[] = [];
  private readonly client: TestClient;
  private taken = 0;

  constructor(client: TestClient) {
    this.client = client;
  }

  /** Takes in what has come. */
  update(): this {
    for (const frame of this.client.frames.slice(this.taken)) this.take(frame);
    this.taken = this.client.frames.length;
    for (const { faults } of this.models.values()) this.faults.push(...faults.splice(0));
    return this;
  }

  private take(frame: ServerFrame): void {
    if (frame.type === 'hello' || (frame.type === 'gap' && frame.reason !== 'recrawl')) this.models.clear();
    if (frame.type === 'snapshot') this.of(frame.root).load(frame.files);
    if (frame.type === 'file') this.of(frame.root).apply(frame.changes);
    if (frame.type !== 'root') return;
    const { size } = this.of(frame.root).entries;
    if (frame.watched) return;
    if (size > 0) this.faults.push(`${frame.root} went with ${size} entries left`);
    this.models.delete(frame.root);
  }

  private of(root: string): TreeModel {
    const model = this.models.get(root) ?? new TreeModel();
    this.models.set(root, model);
    return model;
  }
}

describe('roots that come and go', () => {
  const shared = forAllTests(() =>
    startAgent({
      roots: [temporaryDirectory(roomForMany)],
      flags: ['--journal-bytes', String(64 * 1024)],
    }),
  );

  it.each(seeds)('leave trees and raw streams true, over gaps and cut connections, seed %i', async (seed) => {
    const agent = shared();
    const random = randomFrom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const [steady, ...others] = [agent.root, filled(3), filled(1500), filled(0)] as const;
    const files = [steady, ...others].map((root, index) => new RandomOperations(root, seed + index));
    const proxySocket = join(temporaryDirectory(), 'proxy.sock');
    const proxy = await startCuttingProxy({ path: agent.socket }, seed, proxySocket);
    proxy.mend();
    const [steadyLine, badLine] = [await openLibrary(agent.socket), await openLibrary(proxySocket)];
    const trees = [steadyLine.tree(), badLine.tree(), badLine.tree({ match: '**' })];
    const strict = new StrictModel(await connect(agent, 'snapshot=1&topic=file'));
    let asked: Promise<unknown>[] = [];

    for (let step = 1; step <= steps; step += 1) {
      const kind = random();
      if (kind < 0.2) asked.push(addRoot(agent, pick(others)));
      else if (kind < 0.35) asked.push(removeRoot(agent, pick(others)));
      else if (kind < 0.4) {
        trees.shift()?.close();
        trees.push(pick([steadyLine, badLine]).tree());
      } else if (kind < 0.5) proxy.block(true);
      else if (kind < 0.6) proxy.block(false);
      else if (kind < 0.65)
        for (let sent = 0; sent < 10; sent += 1) asked.push(agent.broadcast('x'.repeat(8192)));
      else for (let done = 0; done < 5; done += 1) pick(files).step();
      if (random() < 0.3) {
        await Promise.all(asked);
        asked = [];
      }
      if (step % (steps / 4) !== 0) continue;
      await Promise.all(asked);
      proxy.block(false);
      const roots = await rootsOf(agent);
      for (const tree of trees) await expectDisk(tree, roots);
      // Comes after all that the stream has to say of what was done before.
      const probe = `probe-${seed}-${step}`;
      writeFileSync(join(steady, probe), '');
      await until('the probe', () => strict.update().models.get(steady)?.entries.has(probe));
      expect(strict.faults).toEqual([]);
      for (const root of roots) {
        expect((strict.models.get(root) ?? new TreeModel()).differences(root)).toEqual([]);
      }
      expect([...strict.models.keys()].filter((root) => !roots.includes(root))).toEqual([]);
    }
    for (const root of others) await removeRoot(agent, root);
    for (const tree of trees) tree.close();
  });

  it('are in the fresh snapshot of a client that was too slow, and its tree is whole with the last of them', async () => {
    const agent = shared();
    const [added, proxySocket] = [filled(20), join(temporaryDirectory(), 'proxy.sock')];
    const proxy = await startCuttingProxy({ path: agent.socket }, 1, proxySocket);
    proxy.mend();
    const library = await openLibrary(proxySocket);
    const tree = library.tree();
    await expectDisk(tree, [agent.root]);
    const gaps: string[] = [];
    cleanUpWith(library.on('gap', ({ reason }) => gaps.push(reason)));
    await addRoot(agent, added);
    await expectDisk(tree, [agent.root, added].sort());
    proxy.hold(true);
    const others = [added, filled(5)] as const;
    await removeRoot(agent, others[0]);
    for (const root of others) await addRoot(agent, root);
    // More than the kernel and the agent keep ready for it.
    const name = 'n'.repeat(200);
    for (let round = 0; round < 3; round += 1) {
      for (let file = 0; file < 1500; file += 1)
        writeFileSync(join(agent.root, `${name}${file}`), `${round}`);
      await agent.sync();
    }
    proxy.hold(false);
    await expectDisk(tree, [agent.root, ...others].sort());
    await until('the gap', () => gaps.includes('slow'));
    for (const root of others) await removeRoot(agent, root);
  });
});

/** A name server that takes its time, as one over a network may. */
const slowLookups = `import dns from 'node:dns'
const { lookup } = dns
dns.lookup = (...given) => setTimeout(() => lookup(...given), 500)`;

it('a stream that begins before the agent knows its roots waits for them', async () => {
  const agent = await startAgent({
    roots: [filled(4)],
    ready: false,
    flags: ['--host', 'localhost'],
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slowLookups)}` },
  });
  const connection = await until('a connection', async () => {
    if (!existsSync(agent.socket)) return undefined;
    const attempt = await openRaw(agent, 'local');
    return attempt.closed ? undefined : attempt;
  });
  connection.write(rawRequest('GET /v1/events?snapshot=1 HTTP/1.1', ['Host: localhost']));
  await until('hello', () => connection.received.includes('"hello"'));
  const [hello = ''] = /^\{"type":"hello".*$/m.exec(connection.received.toString()) ?? [];
  expect(JSON.parse(hello)).toMatchObject({ roots: agent.roots });
  await until('a snapshot', () => connection.received.includes('"done":true'));
});

it('a tree takes the longest frames that an agent sends', async () => {
  const root = temporaryDirectory(roomForMany);
  // Characters that JSON writes as six.
  const directory = Array(14).fill('\u0001'.repeat(250)).join('/');
  mkdirSync(join(root, directory), { recursive: true });
  const agent = await startAgent({ roots: [root] });
  for (let file = 0; file < 990; file += 1)
    writeFileSync(join(root, directory, `${'\u0002'.repeat(200)}${file}`), '');
  await agent.sync();
  const tree = (await openLibrary(agent.socket)).tree();
  await expectDisk(tree, [root]);
});
