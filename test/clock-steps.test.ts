// Somebody sets the machine's clock, or it does so itself after sleeping: what takes a while takes as long as before.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import type { ClientInfo, Status } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { connectRaw } from './support/raw-client.ts';
import { until } from './support/wait.ts';

const hourMs = 3_600_000;
const preload = fileURLToPath(new URL('./support/fixtures/stepped-clock.cjs', import.meta.url));

async function startWithClock(
  flags: string[] = [],
): Promise<{ agent: TestAgent; step: (ms: number) => Promise<void> }> {
  const file = join(temporaryDirectory(), 'clock');
  const agent = await startAgent({ flags, env: { NODE_OPTIONS: `--require=${preload}`, CLOCK_FILE: file } });
  const step = async (ms: number): Promise<void> => {
    writeFileSync(file, String(ms));
    agent.kill('SIGUSR2');
    // A message carries the time of the wall clock.
    const client = await connect(agent);
    await until('the clock to be set', async () => {
      await agent.broadcast('what time is it?');
      const times = client.events.map((event) => (event.type === 'message' ? event.time : 0));
      return times.some((time) => Math.abs(time - Date.now() - ms) < hourMs / 2);
    });
    client.ws.terminate();
  };
  return { agent, step };
}

const uptimeMs = async (agent: TestAgent): Promise<number> =>
  (await agent.request('/v1/status')).json<Status>().uptimeMs;

it.each([hourMs, -hourMs])(
  'a clock that is set by %d ms closes no client, forgets no key and ends no agent',
  async (ms) => {
    const { agent, step } = await startWithClock(['--idle-exit', '60000']);
    const publishOnce = async (): Promise<string> => {
      const answer = await agent.request('/v1/messages?key=k', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'once',
      });
      return answer.json<{ cursor: string }>().cursor;
    };
    const cursor = await publishOnce();
    const stuck = await connectRaw(agent.socket, 'name=stuck');
    stuck.pause();
    const data = 'x'.repeat(200_000);
    await until('it to fall behind', async () => (await agent.broadcast(data)).lagging > 0);

    await step(ms);
    const steppedMs = await uptimeMs(agent);
    expect(steppedMs).toBeGreaterThanOrEqual(0);
    expect(steppedMs).toBeLessThan(hourMs / 2);
    expect(await publishOnce()).toBe(cursor);
    // Who takes nothing is looked for every second.
    await until('that to have happened twice', async () => (await uptimeMs(agent)) > steppedMs + 2_500);
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    expect(clients.map(({ name }) => name)).toEqual(['stuck']);
    expect(agent.logLines.filter(({ event }) => event === 'client stalled')).toEqual([]);
  },
);

it('an agent that nobody uses ends after its time, and not when the clock says so', async () => {
  const { agent, step } = await startWithClock(['--idle-exit', '1500']);
  await step(hourMs);
  await uptimeMs(agent);
  const usedMs = performance.now();
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - usedMs).toBeGreaterThan(1_400);
});
