// Data of messages that nests deeply: up to the stated limit everybody gets it, beyond it nobody does and its
// sender learns why.
import { describe, expect, it } from '@jest/globals';
import { limits, type Status, type Transport } from '../shared/index.ts';
import { runCli, type TestAgent } from './support/agent.ts';
import { startCli } from './support/cli-process.ts';
import { connect } from './support/client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { openStream } from './support/stream.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

const arrays = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const deepest = [arrays(limits.dataDepth), objects(limits.dataDepth)];
const tooDeep = [limits.dataDepth + 1, 900, 3_000, 100_000].flatMap((levels) => [
  arrays(levels),
  objects(levels),
]);

function post(agent: TestAgent, body: string, type = 'application/json') {
  return agent.request('/v1/messages', { method: 'POST', headers: { 'content-type': type }, body });
}

describe('deep data', () => {
  it('reaches every stream, tail and on, up to the limit', async () => {
    const agent = shared();
    const env = { ...agent.env, NO_COLOR: '1' };
    const tails = ['readable', 'json', 'text'].map((format) =>
      startCli(
        ['tail', ...(format === 'readable' ? [] : format === 'json' ? ['--json'] : ['--format', 'text'])],
        {
          env,
        },
      ),
    );
    const on = startCli(['on', '--topic', 'message', '--stdin', '--', 'cat'], { env, cwd: agent.root });
    await until('the four to be connected', async () => {
      return (await agent.request('/v1/status')).json<Status>().clients === 4;
    });
    const streams = await Promise.all(
      (['ws', 'sse', 'ndjson'] as const).flatMap((transport: Transport) => [
        openStream(agent, transport),
        openStream(agent, transport, 'format=text'),
      ]),
    );
    for (const data of deepest) expect((await post(agent, `{"data":${data}}`)).status).toBe(200);
    expect((await post(agent, '{"data":"end"}')).status).toBe(200);
    for (const stream of streams) {
      await stream.waitFor('end');
      for (const data of deepest) expect(stream.items.join('\n')).toContain(data);
    }
    for (const cli of [...tails, on]) {
      await cli.line('the end', (line) => line.includes('end'));
      for (const data of deepest) expect(cli.stdout).toContain(data);
    }
  });

  it('is refused beyond it, whichever way it comes, and costs the others nothing', async () => {
    const agent = shared();
    const text = await openStream(agent, 'ndjson', 'format=text&topic=message');
    const late = await connect(agent, 'topic=late&topic=message');
    const sender = await connect(agent, 'topic=none');
    for (const [id, data] of tooDeep.entries()) {
      const answer = await post(agent, `{"data":${data}}`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'data_too_deep', detail: expect.stringContaining('100') });
      sender.send(`{"type":"publish","id":${id},"data":${data}}`);
      sender.send(`{"type":"subscribe","id":"s${id}","topic":["none"]}`);
      await sender.waitFor('the refusal', (frame) => frame.type === 'error' && frame.id === id);
      expect(sender.frames.find((frame) => frame.type === 'error' && frame.id === id)).toMatchObject({
        code: 'data_too_deep',
      });
      await sender.waitFor('the next answer', (frame) => frame.type === 'ack' && frame.id === `s${id}`);
    }
    expect((await post(agent, 'end', 'text/plain')).json()).toMatchObject({ matched: 2, delivered: 2 });
    await text.waitFor('end');
    await late.waitFor('the end', (frame) => frame.type === 'message' && frame.data === 'end');
    expect(late.events).toHaveLength(1);
  });

  it('is a string like any other as text, however deep', async () => {
    const agent = shared();
    const client = await connect(agent);
    const body = arrays(100_000);
    expect((await post(agent, body, 'text/plain')).status).toBe(200);
    await client.waitFor('it', (frame) => frame.type === 'message' && frame.data === body);
  });

  it('is refused by broadcast itself', async () => {
    const { code, stderr } = await runCli(['broadcast', '--data', arrays(20_000)], { env: shared().env });
    expect(code).toBe(2);
    expect(stderr).toContain('more than 100 levels');
  });
});
