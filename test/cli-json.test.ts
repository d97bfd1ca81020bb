// What scripts program against: the JSON of every command, held against a strict schema each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { cliSchemas, parseCliJson } from './support/cli-schemas.ts';
import { connect } from './support/client.ts';
import { until } from './support/wait.ts';

type Command = keyof typeof cliSchemas;

/** Runs a command to its end with --json, and gives what it printed if all of it is as promised. */
async function jsonOf<C extends Command>(agent: TestAgent, command: C, ...args: string[]) {
  const result = await runCli([command, '--json', ...args], { env: agent.env });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return parseCliJson(command, result.stdout);
}

describe('--json', () => {
  it('has its promised shape with every command', async () => {
    const agent = await startAgent();
    const other = temporaryDirectory();
    const begin = await agent.sync();
    mkdirSync(join(agent.root, 'src'));
    writeFileSync(join(agent.root, 'src/a.ts'), 'x');
    await agent.sync();
    await connect(agent, 'name=vite&topic=build.>&topic=file&match=*.ts&ignore=x');
    const checked = new Set<Command>();
    const check = async <C extends Command>(command: C, ...args: string[]) => {
      checked.add(command);
      return jsonOf(agent, command, ...args);
    };

    expect(await check('broadcast', '--topic', 'build.done', 'hi')).toHaveLength(1);
    expect(await check('tail', '--since', begin, '--limit', '2')).toHaveLength(2);
    const following = check('tail', '--snapshot', '--since', 'other:1', '--limit', '1');
    await until('tail to be connected', async () => (await agent.broadcast('hi', 'chat')).matched === 1);
    const snapshot = await following;
    expect(snapshot.map(({ type }) => type)).toContain('snapshot');
    expect(snapshot.map(({ type }) => type)).toContain('gap');
    expect(await check('wait', '--since', begin)).toMatchObject([{ type: 'file' }]);
    expect(await check('wait', '--since', begin, '--topic', 'build.*')).toMatchObject([{ data: 'hi' }]);
    expect(await check('sync')).toHaveLength(1);
    expect((await check('files')).map((line) => ('path' in line ? line.path : 'the head'))).toEqual([
      'the head',
      'src',
      'src/a.ts',
    ]);
    expect(await check('changes', '--since', begin, '--topic', 'build.*')).toMatchObject([
      { complete: true, changes: [{ path: 'src' }, { path: 'src/a.ts' }], messages: [{ data: 'hi' }] },
    ]);
    expect(await check('watch', other)).toMatchObject([{ path: other, ready: true }]);
    expect((await check('roots'))[0]?.map(({ path }) => path)).toEqual([agent.root, other]);
    expect(await check('unwatch', other)).toEqual([{ path: other }]);
    expect(await check('status')).toMatchObject([{ pid: agent.pid, clients: 1 }]);
    const [clients] = await check('clients');
    expect(clients).toMatchObject([{ name: 'vite', filter: { match: ['*.ts'] } }]);
    const id = clients?.[0]?.id ?? '';
    expect(await check('disconnect', id)).toEqual([{ id }]);
    expect(await check('url')).toMatchObject([{ token: agent.token }]);
    expect(await check('stop')).toMatchObject([{ pid: agent.pid }]);
    expect([...checked].sort()).toEqual(Object.keys(cliSchemas).sort());
  });
});
