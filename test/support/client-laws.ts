// The laws of the client library as it is built, the same wherever it runs. Whatever happens to its connection, the
// tree that it keeps is the disk.
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './agent.ts';
import { itHoldsCallLaws } from './client-call-laws.ts';
import {
  addressOf,
  type ClientPlace,
  clientsOf,
  connectAt,
  differences,
  expectTreesAreDisk,
  operate,
  plant,
  proxyTo,
} from './client-place.ts';
import { RandomOperations } from './random-operations.ts';
import { testSeed } from './seed.ts';
import { sharedAgent } from './shared-agent.ts';
import { until } from './wait.ts';

/** Several times what it takes on a machine that has other things to do as well. */
const cutsLimitMs = 120_000;

/** Has the library hold them in one place. */
export function describeClientLaws(place: ClientPlace): void {
  const { name, plane, pauses, trees, cuts, open } = place;
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

    itHoldsCallLaws(place, shared);
  });
}
