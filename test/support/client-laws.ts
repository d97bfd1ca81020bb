// The laws of the client library as it is built, the same wherever it runs. Whatever happens to its connection, the
// tree that it keeps is the disk.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FileRecord } from 'devagent/client';
import type { ClientInfo } from '../../shared/index.ts';
import { startAgent, type TestAgent } from './agent.ts';
import { expectNoAuditFindings } from './audit.ts';
import { temporaryDirectory } from './cleanup.ts';
import type { ClientHost } from './client-host.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { TreeModel } from './model.ts';
import { RandomOperations } from './random-operations.ts';
import { testSeed } from './seed.ts';
import { sharedAgent } from './shared-agent.ts';
import { until } from './wait.ts';

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

function addressOf(agent: TestAgent, plane: ClientPlace['plane']): Address {
  return plane === 'local'
    ? { socket: agent.socket }
    : { url: `http://127.0.0.1:${agent.port}/`, token: agent.token };
}

/** A proxy before the agent, and its address. */
async function proxyTo(
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
function connectAt(host: ClientHost, address: Address): Promise<void> {
  return host.run(async (scope, options) => {
    scope.agent = await scope.lib.connect({ ...options, name: 'law', timeoutMs: 30_000 });
  }, address);
}

/** Opens trees there. */
function plant(host: ClientHost, count: number): Promise<void> {
  return host.run((scope, trees) => {
    scope.trees = Array.from({ length: trees }, () => scope.agent.tree());
  }, count);
}

/** Fails unless each tree there is the disk once it has been synced. */
async function expectTreesAreDisk(host: ClientHost, agent: TestAgent): Promise<void> {
  const trees = await host.run(async ({ trees }) => {
    await Promise.all(trees.map((tree) => tree.sync()));
    return trees.map((tree) => ({ whole: tree.whole, records: [...tree].map(([, record]) => record) }));
  }, undefined);
  expect(trees.map(({ whole }) => whole)).toEqual(trees.map(() => true));
  expect(trees.flatMap(({ records }) => differences(records, agent.root))).toEqual([]);
  await expectNoAuditFindings(agent);
}

function differences(records: readonly FileRecord[], root: string): string[] {
  return TreeModel.ofRecords(records).differences(root);
}

function clientsOf(agent: TestAgent): Promise<ClientInfo[]> {
  return agent.request('/v1/clients').then((answer) => answer.json<ClientInfo[]>());
}

function operate(operations: RandomOperations, count: number): void {
  for (let done = 0; done < count; done += 1) operations.step();
}

/** Several times what it takes on a machine that has other things to do as well. */
const cutsLimitMs = 120_000;

/** Has the library hold them in one place. */
export function describeClientLaws({ name, plane, pauses, trees, cuts, open }: ClientPlace): void {
  // In the name, so that whatever fails says where it began.
  const seed = testSeed();
  describe(`devagent/client in ${name}, seed ${seed}`, () => {
    const shared = sharedAgent();

    it(
      `keeps its trees true and misses no message over ${cuts} disconnections`,
      async () => {
        const agent = await startAgent();
        const [proxy, address] = await proxyTo(agent, plane, seed);
        const host = await open();
        await connectAt(host, address);
        await host.run(
          (scope) =>
            new Promise<void>((resolve) => {
              scope.events = [];
              scope.agent.on('message', (event) => scope.events.push(event));
              scope.agent.on('gap', (event) => scope.events.push(event));
              scope.agent.on('connected', () => resolve());
            }),
          undefined,
        );
        await plant(host, trees);
        const operations = new RandomOperations(agent.root, seed);
        let sent = 0;
        let looks = 0;
        await until(
          () => `${cuts} cuts; ${proxy.cuts} so far`,
          async () => {
            looks += 1;
            // Every time, and it would pile up: more than lines that are cut let through.
            if (looks % 2 === 0) {
              operate(operations, 3);
              await agent.broadcast(sent++);
            }
            return proxy.cuts >= cuts;
          },
          cutsLimitMs,
        );
        proxy.mend();
        await expectTreesAreDisk(host, agent);
        const got = await until('the last message', async () => {
          const events = await host.run((scope) => scope.events, undefined);
          const last = events.at(-1);
          return last?.type === 'message' && last.data === sent - 1 && events;
        });
        expect(got.map((event) => (event.type === 'message' ? event.data : event))).toEqual(
          Array.from({ length: sent }, (_, number) => number),
        );
      },
      cutsLimitMs + 30_000,
    );

    it('keeps its trees true over restarts of the agent', async () => {
      let agent = await startAgent();
      const { roots, runtime, state, port } = agent;
      const host = await open();
      await connectAt(host, addressOf(agent, plane));
      await plant(host, 2);
      const operations = new RandomOperations(agent.root, seed);
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
        operate(operations, 30);
        await expectTreesAreDisk(host, agent);
        operate(operations, 5);
        agent.kill(signal);
        await agent.exited;
        operate(operations, 30);
        agent = await startAgent({ roots, runtime, state, flags: ['--port', String(port)] });
        operate(operations, 30);
        await expectTreesAreDisk(host, agent);
      }
    });

    it('is told of a gap when its cursor has expired, and gets a fresh snapshot', async () => {
      const agent = await startAgent({ flags: ['--journal-bytes', String(64 * 1024)] });
      const [proxy, address] = await proxyTo(agent, plane, seed);
      proxy.mend();
      const host = await open();
      await connectAt(host, address);
      await host.run(async (scope) => {
        scope.events = [];
        scope.tree = new scope.lib.Tree();
        const follow = async (whenWhole: () => void): Promise<void> => {
          for await (const event of scope.agent.events({ snapshot: true })) {
            scope.tree.apply(event);
            scope.events.push(event);
            if (scope.tree.whole) whenWhole();
            if (event.type === 'message' && event.data === 'end') return;
          }
        };
        await new Promise<void>((resolve) => {
          scope.done = follow(resolve);
        });
      }, undefined);
      const operations = new RandomOperations(agent.root, seed);
      operate(operations, 50);
      await agent.sync();
      proxy.block(true);
      operate(operations, 50);
      for (let sent = 0; sent < 20; sent += 1) await agent.broadcast('x'.repeat(8 * 1024));
      await agent.sync();
      proxy.block(false);
      await until('the gap', () =>
        host.run(({ events }) => events.some(({ type }) => type === 'gap'), undefined),
      );
      operate(operations, 50);
      await agent.sync();
      await agent.broadcast('end');
      const { gaps, records } = await host.run(async ({ done, events, tree }) => {
        await done;
        return {
          gaps: events.flatMap((event) => (event.type === 'gap' ? [event.reason] : [])),
          records: [...tree.files().values()],
        };
      }, undefined);
      expect(gaps).toEqual(['expired']);
      expect(differences(records, agent.root)).toEqual([]);
    });

    it('leaves to the journal what a slow reader does not take, and tells it what it missed', async () => {
      const agent = await startAgent({ flags: ['--journal-bytes', String(1024 * 1024)] });
      const operations = new RandomOperations(agent.root, seed);
      operate(operations, 50);
      const host = await open();
      await connectAt(host, addressOf(agent, plane));
      await host.run(async (scope) => {
        scope.tree = new scope.lib.Tree();
        scope.stream = scope.agent.events({ snapshot: true });
        while (!scope.tree.whole) {
          const { value } = await scope.stream.next();
          if (value !== undefined) scope.tree.apply(value);
        }
      }, undefined);
      const sendSome = async (): Promise<void> => {
        for (let sent = 0; sent < 10; sent += 1) await agent.broadcast('x'.repeat(64 * 1024));
      };
      // Until neither the library nor the kernel takes more.
      await until('the client to lag or to leave', async () => {
        await sendSome();
        return (await clientsOf(agent)).every(({ lag }) => lag.events > 0);
      });
      await sendSome();
      await sendSome();
      operate(operations, 50);
      await agent.sync();

      await host.run((scope) => {
        scope.events = [];
        const readOn = async (): Promise<void> => {
          for (;;) {
            const { value } = await scope.stream.next();
            if (value === undefined) return;
            scope.tree.apply(value);
            scope.events.push(value);
            if (value.type === 'message' && value.data === 'end') return;
          }
        };
        scope.done = readOn();
      }, undefined);
      await until('the gap', () =>
        host.run(({ events }) => events.some(({ type }) => type === 'gap'), undefined),
      );
      operate(operations, 50);
      await agent.sync();
      await agent.broadcast('end');
      const { heldChars, gaps, records } = await host.run(async ({ done, events, tree }) => {
        await done;
        const firstGap = events.findIndex(({ type }) => type === 'gap');
        return {
          heldChars: JSON.stringify(events.slice(0, firstGap)).length,
          gaps: events.flatMap((event) => (event.type === 'gap' ? [event.reason] : [])),
          records: [...tree.files().values()],
        };
      }, undefined);
      // One that can't be paused holds its queue and no more; what the kernel holds of another is not ours.
      if (!pauses) expect(heldChars).toBeLessThan(1.2 * 1024 * 1024);
      expect(gaps).toEqual([pauses ? 'slow' : 'expired']);
      expect(differences(records, agent.root)).toEqual([]);
    });

    it('ends a stream by its signal, by leaving the loop, and by closing, and the connection with it', async () => {
      const agent = shared();
      const host = await open();
      await connectAt(host, addressOf(agent, plane));
      const endings = await host.run(async ({ agent, lib }) => {
        const ended: unknown[] = [];
        for await (const { type } of agent.events()) {
          ended.push(type);
          break;
        }
        const abort = new AbortController();
        for await (const { type } of agent.events({ signal: abort.signal })) {
          ended.push(type);
          abort.abort();
        }
        for await (const { type } of agent.events({ signal: abort.signal })) ended.push(type);
        const tree = agent.tree();
        await tree.sync();
        tree.close();
        ended.push(await tree.ended);
        const waiting = agent.tree();
        for await (const { type } of agent.events()) {
          ended.push(type);
          await agent[Symbol.asyncDispose]();
        }
        ended.push(await waiting.ended);
        const codeOf = (error: unknown) => (error instanceof lib.AgentError ? error.code : String(error));
        ended.push(await agent.status().catch(codeOf), await waiting.sync().catch(codeOf));
        return ended;
      }, undefined);
      expect(endings).toEqual(['connected', 'connected', null, 'connected', null, 'closed', 'closed']);
      await until('the connections to end', async () => (await clientsOf(agent)).length === 0);
    });

    it('does each of its calls', async () => {
      const agent = shared();
      writeFileSync(join(agent.root, 'a.ts'), 'a');
      writeFileSync(join(agent.root, 'b.js'), 'b');
      await agent.sync();
      const other = temporaryDirectory();
      const host = await open();
      await connectAt(host, addressOf(agent, plane));
      const got = await host.run(
        async ({ agent }, { root, other }) => {
          const heard: unknown[] = [];
          const isHeard = new Promise<void>((resolve) => {
            agent.on('message', ({ topic, data }) => {
              heard.push({ topic, data });
              resolve();
            });
          });
          await new Promise<void>((resolve) => {
            const off = agent.on('connected', () => {
              off();
              resolve();
            });
          });
          const answer = await agent.broadcast({ ok: true }, { topic: 'build.done', key: 'k', wait: 5000 });
          const again = await agent.broadcast({ ok: true }, { topic: 'build.done', key: 'k' });
          await isHeard;
          const files: string[] = [];
          for await (const { path } of agent.files({ root, match: '*.ts' })) files.push(path);
          const added = await agent.roots.add(other);
          const { path } = await agent.roots.remove(other);
          const { cursor } = await agent.sync();
          return {
            heard,
            answer,
            again,
            files,
            added: added.path,
            removed: path,
            cursor,
            status: await agent.status(),
          };
        },
        { root: agent.root, other },
      );
      expect(got).toMatchObject({
        heard: [{ topic: 'build.done', data: { ok: true } }],
        answer: { matched: 1, delivered: 1, lagging: 0, cursor: got.status.cursor },
        again: got.answer,
        files: ['a.ts'],
        added: other,
        removed: other,
        cursor: got.status.cursor,
        status: { pid: agent.pid, protocol: 1 },
      });
      expect((await clientsOf(agent)).map(({ name }) => name)).toEqual(['law']);
    });

    it('takes every limit of time, also those that no timer can hold', async () => {
      const agent = shared();
      const host = await open();
      const answers = await host.run(
        async ({ lib }, address) => {
          const times = [1000.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 1e12, Number.POSITIVE_INFINITY];
          const results: unknown[] = [];
          for (const timeoutMs of times) {
            const agent = await lib.connect({ ...address, timeoutMs });
            await agent.sync({ timeoutMs });
            await agent.status({ timeoutMs });
            const { lagging } = await agent.broadcast('x', { timeoutMs, wait: timeoutMs });
            results.push(lagging);
            await agent.close();
          }
          return results;
        },
        addressOf(agent, plane),
      );
      expect(answers).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it('fails for good, and says by its type and code why, where trying again would not help', async () => {
      const agent = shared();
      const host = await open();
      const errors = await host.run(
        async ({ lib }, { address, url }) => {
          const told = (error: unknown) =>
            error instanceof lib.AgentError
              ? { type: error.name, code: error.code, status: error.problem?.status, message: error.message }
              : String(error);
          const failureOf = (promise: Promise<unknown>) => promise.then(() => 'no error', told);
          const agent = await lib.connect(address);
          const failed = [
            await failureOf(lib.connect({ url, token: 'wrong-secret' })),
            await failureOf(lib.connect({ url: `${url}?token=wrong-secret` })),
            await failureOf(lib.connect({ url: 'no url', token: 'wrong-secret' })),
            await failureOf(
              lib.connect({ url: 'http://127.0.0.1:9/', token: 'wrong-secret', timeoutMs: 200 }),
            ),
            await failureOf(agent.broadcast('x', { topic: 'file' })),
            await failureOf(agent.events({ since: 'nonsense' }).next()),
            await failureOf(agent.tree({ root: '/no/root' }).sync()),
            await new Promise((resolve) => {
              agent.on('error', (error) => resolve(told(error)));
              agent.on('connected', async ({ client }) => {
                await fetch(`${url}v1/clients/${client}?token=${address.token}`, { method: 'DELETE' });
              });
            }),
          ];
          await agent.close();
          return failed;
        },
        {
          address: { ...addressOf(agent, 'loopback'), token: agent.token },
          url: `http://127.0.0.1:${agent.port}/`,
        },
      );
      expect(errors).toMatchObject([
        { type: 'AgentAuthError', code: 'token_required', status: 401 },
        { type: 'AgentAuthError', code: 'token_required', status: 401 },
        { type: 'AgentError', code: 'bad_options' },
        { type: 'AgentUnreachableError', code: 'unreachable' },
        { type: 'AgentError', code: 'reserved_topic', status: 400 },
        { type: 'AgentError', code: 'bad_parameter', status: 400 },
        { type: 'AgentError', code: 'unknown_root', status: 400 },
        { type: 'AgentError', code: 'disconnected' },
      ]);
      expect(JSON.stringify(errors)).not.toContain('wrong-secret');
    });
  });
}
