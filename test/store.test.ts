// What survives an agent: it is stopped, killed, and started again in the same place.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Status } from '../shared/index.ts';
import { type AgentOptions, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { canBindByPermissions, startPowerlessAgent } from './support/confined-agent.ts';
import { until } from './support/wait.ts';

type Options = AgentOptions & { readonly start?: (options: AgentOptions) => Promise<TestAgent> };

/** Starts another agent in the place of one that has ended. */
async function startAgain({ roots, runtime, state }: TestAgent, options: Options = {}): Promise<TestAgent> {
  const { start = startAgent, ...others } = options;
  return start({ roots, runtime, state, ...others });
}

async function end(agent: TestAgent, signal: NodeJS.Signals): Promise<void> {
  agent.kill(signal);
  await agent.exited;
}

async function storeOf(agent: TestAgent): Promise<Status['store']> {
  return (await agent.request('/v1/status')).json<Status>().store;
}

const placeOf = (agent: TestAgent): string => join(agent.state, `${agent.name}.store`);
const epochOf = (cursor: string): string => cursor.split(':')[0] as string;
const seqOf = (cursor: string): number => Number(cursor.split(':')[1]);

describe('the journal on disk', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('goes on after %s: the next cursor follows', async (signal) => {
    const first = await startAgent();
    const { cursor } = await first.broadcast({ n: 1 });
    const last = await first.broadcast({ n: 2 });
    await end(first, signal);
    const second = await startAgain(first);
    expect(await storeOf(second)).toMatchObject({ path: placeOf(first), restored: true, degraded: null });
    const client = await connect(second, `since=${cursor}&topic=message`);
    expect(client.hello).toMatchObject({ resumed: true });
    const next = await second.broadcast({ n: 3 });
    expect(epochOf(next.cursor)).toBe(epochOf(last.cursor));
    expect(seqOf(next.cursor)).toBeGreaterThan(seqOf(last.cursor));
    await client.waitForMessages(2);
    expect(client.messages.map(({ data }) => data)).toEqual([{ n: 2 }, { n: 3 }]);
  });

  it('is private, and its lock goes with the agent', async () => {
    const first = await startAgent();
    await first.broadcast('x');
    await end(first, 'SIGTERM');
    const mark = join(placeOf(first), 'mark');
    expect(statSync(mark).mode & 0o777).toBe(0o600);
    expect(statSync(placeOf(first)).mode & 0o777).toBe(0o700);
    expect(readdirSync(placeOf(first)).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('has the named cursors after %s', async (signal) => {
    const first = await startAgent();
    const { cursor } = await first.broadcast('x');
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await first.request('/v1/cursors/tool', put)).status).toBe(200);
    await until('it to be kept', () => existsSync(join(placeOf(first), 'cursors')));
    await end(first, signal);
    const second = await startAgain(first);
    expect((await second.request('/v1/cursors')).json()).toEqual([{ name: 'tool', cursor }]);
  });

  it('keeps nothing with --no-store', async () => {
    const first = await startAgent({ flags: ['--no-store'] });
    const { cursor } = await first.broadcast('x');
    expect(await storeOf(first)).toBeNull();
    expect(existsSync(placeOf(first))).toBe(false);
    await end(first, 'SIGTERM');
    const second = await startAgain(first, { env: { AGENT_NO_STORE: '1' } });
    expect(epochOf((await second.broadcast('y')).cursor)).not.toBe(epochOf(cursor));
    expect(existsSync(placeOf(first))).toBe(false);
  });

  it('is bounded: old segments go, and what is left is what the next agent has', async () => {
    const flags = ['--journal-bytes', '65536'];
    const first = await startAgent({ flags });
    for (let n = 0; n < 40; n++) await first.broadcast({ n, text: 'x'.repeat(8_000) });
    const { bytes = 0 } = (await storeOf(first)) ?? {};
    expect(bytes).toBeGreaterThan(64 * 1024);
    expect(bytes).toBeLessThan(100 * 1024);
    const before = (await first.request('/v1/status')).json<Status>();
    await end(first, 'SIGKILL');
    const second = await startAgain(first, { flags });
    const after = (await second.request('/v1/status')).json<Status>();
    expect(after.oldest).toBe(before.oldest);
  });
});

describe('a store that can not be used', () => {
  it('is left to the agent that has it; the other one goes on in memory', async () => {
    const first = await startAgent();
    await first.broadcast('x');
    const second = await startAgent({ state: first.state });
    expect((await storeOf(second))?.degraded).toContain(`the process ${first.pid} `);
    expect(await storeOf(second)).toMatchObject({ restored: false });
    await second.broadcast('y');
    await end(second, 'SIGTERM');
    const next = await first.broadcast('z');
    await end(first, 'SIGKILL');
    const third = await startAgain(first);
    expect(epochOf((await third.broadcast('w')).cursor)).toBe(epochOf(next.cursor));
  });

  it('of a machine that nobody can see is not taken', async () => {
    const first = await startAgent();
    await end(first, 'SIGKILL');
    const lock = join(placeOf(first), 'lock');
    const owner = JSON.parse(readFileSync(lock, 'utf8')) as object;
    writeFileSync(lock, JSON.stringify({ ...owner, host: 'elsewhere' }));
    const second = await startAgain(first);
    expect((await storeOf(second))?.degraded).toContain('on the machine elsewhere');
    await end(second, 'SIGTERM');
    writeFileSync(lock, JSON.stringify({ ...owner, pid: second.pid, boot: 'another' }));
    const third = await startAgain(first);
    expect(await storeOf(third)).toMatchObject({ restored: true, degraded: null });
  });

  it('a full disk does not stop the agent, and the next epoch is new', async () => {
    // As a full disk does, a limit on the length of files fails in the middle of a write; the log stays short.
    const prefix = ['sh', '-c', 'ulimit -f 64 && exec "$@"', 'sh'];
    const first = await startAgent({ prefix, flags: ['--log-level', 'warn'] });
    const texts = Array.from({ length: 20 }, (_, n) => `${n}${'x'.repeat(4_000)}`);
    const client = await connect(first);
    for (const text of texts) await first.broadcast(text);
    await client.waitForMessages(texts.length);
    expect(client.messages.map(({ data }) => data)).toEqual(texts);
    expect((await storeOf(first))?.degraded).toContain('EFBIG');
    expect(first.stderr).toContain('EFBIG');
    const { cursor } = await first.broadcast('last');
    await end(first, 'SIGTERM');
    const second = await startAgain(first);
    expect(await storeOf(second)).toMatchObject({ restored: false, degraded: null });
    expect(epochOf((await second.broadcast('y')).cursor)).not.toBe(epochOf(cursor));
    expect(second.stderr).toContain('could not go on writing');
  });

  (canBindByPermissions() ? it : it.skip)('a read-only directory does not stop the agent', async () => {
    const state = temporaryDirectory();
    mkdirSync(join(state, 'default.store'), { mode: 0o500 });
    const agent = await startPowerlessAgent({ state });
    await agent.broadcast('x');
    expect((await storeOf(agent))?.degraded).toContain('EACCES');
  });

  it('one that others can enter is not used', async () => {
    const state = temporaryDirectory();
    mkdirSync(join(state, 'default.store'));
    chmodSync(join(state, 'default.store'), 0o755);
    const agent = await startAgent({ state });
    expect((await storeOf(agent))?.degraded).toContain('chmod 700');
    expect(readdirSync(join(state, 'default.store'))).toEqual([]);
  });

  it.each(['mark', 'journal'])('begins anew when its %s is gone', async (what) => {
    const first = await startAgent();
    const { cursor } = await first.broadcast('x');
    await end(first, 'SIGKILL');
    for (const name of readdirSync(placeOf(first)))
      if (name.includes(what)) rmSync(join(placeOf(first), name));
    const second = await startAgain(first);
    expect(await storeOf(second)).toMatchObject({ restored: false, degraded: null });
    expect(second.stderr).toContain('begun anew');
    const client = await connect(second, `since=${cursor}`);
    await until('the gap', () => client.frames.some(({ type }) => type === 'gap'));
    expect(client.frames.find(({ type }) => type === 'gap')).toMatchObject({ reason: 'epoch' });
  });
});
