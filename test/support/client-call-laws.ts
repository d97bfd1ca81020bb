// The laws of the client library's calls and of its streams' ends, the same wherever it runs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { TestAgent } from './agent.ts';
import { temporaryDirectory } from './cleanup.ts';
import { addressOf, type ClientPlace, clientsOf, connectAt } from './client-place.ts';
import { until } from './wait.ts';

/** Has the library hold them in one place, with an agent that all of them share. */
export function itHoldsCallLaws({ plane, open }: ClientPlace, shared: () => TestAgent): void {
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
    const begin = await agent.sync();
    writeFileSync(join(agent.root, 'a.ts'), 'a');
    writeFileSync(join(agent.root, 'b.js'), 'b');
    await agent.sync();
    const other = temporaryDirectory();
    const host = await open();
    await connectAt(host, addressOf(agent, plane));
    const got = await host.run(
      async ({ agent }, { root, other, begin }) => {
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
        const changes = await agent.changes({ since: begin, match: ['*.ts'], topic: 'build.>', limit: 5 });
        const peeked = await agent.changes({ since: 'n:nobody', peek: true });
        const peekedAgain = await agent.changes({ since: 'n:nobody', peek: true, timeoutMs: 5000 });
        const added = await agent.roots.add(other);
        const { path } = await agent.roots.remove(other);
        const { cursor } = await agent.sync();
        return {
          heard,
          answer,
          again,
          files,
          changes,
          reasons: [peeked.reason, peekedAgain.reason],
          added: added.path,
          removed: path,
          cursor,
          status: await agent.status(),
        };
      },
      { root: agent.root, other, begin },
    );
    expect(got).toMatchObject({
      heard: [{ topic: 'build.done', data: { ok: true } }],
      answer: { matched: 1, delivered: 1, lagging: 0, cursor: got.status.cursor },
      again: got.answer,
      files: ['a.ts'],
      changes: {
        complete: true,
        changes: [{ event: 'add', path: 'a.ts' }],
        messages: [{ data: { ok: true } }],
      },
      reasons: ['new', 'new'],
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
          await failureOf(lib.connect({ url: 'http://127.0.0.1:9/', token: 'wrong-secret', timeoutMs: 200 })),
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
}
