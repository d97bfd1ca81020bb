// agent-cli disconnect: clients sent away, by the ids that agent-cli clients lists.
import { describe, expect, it } from '@jest/globals';
import { runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { parseCliJson } from './support/cli-schemas.ts';
import { connect } from './support/client.ts';

describe('agent-cli disconnect', () => {
  it('closes the connections of the clients named, and of no others', async () => {
    const agent = await startAgent();
    const [one, two, three] = [await connect(agent), await connect(agent), await connect(agent)];
    const [first, second] = [one.hello.client, two.hello.client];
    expect(await runCli(['disconnect', first, second], { env: agent.env })).toEqual({
      code: 0,
      signal: null,
      stdout: `disconnected ${first}\ndisconnected ${second}\n`,
      stderr: '',
    });
    for (const client of [one, two]) expect(await client.waitForClose()).toMatchObject({ code: 1008 });
    await agent.broadcast('hi');
    await three.waitForMessages(1);
    expect(three.closed).toBeUndefined();
  });

  it('exits 1 for an id that nobody has, says how to see who is there, and goes on', async () => {
    const agent = await startAgent();
    const client = await connect(agent);
    const id = client.hello.client;
    const result = await runCli(['disconnect', 'c/99', id, '--json'], { env: agent.env });
    expect(result.code).toBe(1);
    expect(parseCliJson('disconnect', result.stdout)).toEqual([{ id }]);
    expect(result.stderr).toMatch(
      /^agent-cli: no client c\/99 is connected.*\n {2}see: agent-cli clients\n$/,
    );
    expect(await client.waitForClose()).toMatchObject({ code: 1008 });
  });

  it('exits 2 without an id, 3 without an agent', async () => {
    const env = { AGENT_RUNTIME_DIR: temporaryDirectory() };
    expect(await runCli(['disconnect'], { env })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'agent-cli: ID is missing\n',
    });
    expect(await runCli(['disconnect', 'c1'], { env })).toMatchObject({ code: 3, stdout: '' });
  });
});
