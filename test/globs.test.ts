// Globs from outside: whoever gives one, it can't make the agent stand still, and is refused if it can't be used.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { connect } from './support/client.ts';
import { until } from './support/wait.ts';

/** Each took a backtracking matcher for ever on a name of 200 letters. */
const hostile = [
  `${'*a'.repeat(20)}b`,
  '(a+)+b',
  '+(+(a))b',
  '+(*a*)b',
  '**/*a*/**/*a*/**/*b',
  `${'?(a)'.repeat(26)}${'a'.repeat(26)}b`,
  `${'{a,b}'.repeat(40)}c`,
  '{1..100000000}/**/x',
];
const name = 'a'.repeat(200);

it('answers beside filters, questions and rules whose globs were made to be slow', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, `${name}0`), '');
  const agent = await startAgent({
    roots: [root],
    flags: hostile.slice(0, 3).map((glob) => `--ignore=${glob}`),
  });
  const query = new URLSearchParams(hostile.map((glob): [string, string] => ['match', glob]));
  const clients = await Promise.all(
    hostile.map((glob) => connect(agent, `${new URLSearchParams({ match: glob })}`)),
  );
  const all = await connect(agent, `${query}&match=*`);
  writeFileSync(join(root, `${name}1`), '');
  mkdirSync(join(root, 'a/'.repeat(100)), { recursive: true });
  writeFileSync(join(root, 'a/'.repeat(100), `${name}2`), '');
  await agent.sync();
  await until('the event', () =>
    all.files.some(({ changes }) => changes.some(({ path }) => path === `${name}1`)),
  );
  for (const client of clients) expect(client.files).toEqual([]);
  const answer = await agent.request(`/v1/files?${query}`);
  expect(answer.status).toBe(200);
  expect(answer.text.trim().split('\n')).toHaveLength(1);
  expect((await agent.request('/healthz')).status).toBe(200);
  expect(await agent.stop()).toMatchObject({ code: 0 });
});

it('refuses globs that can not be used, naming the glob and why, wherever they are given', async () => {
  const agent = await startAgent();
  const complex = `*${'[ab]'.repeat(600)}*`;
  const wrong: [string, string][] = [
    [complex, 'too complex'],
    ['[z-a]', 'runs backwards'],
    [`${'('.repeat(50)}${')'.repeat(50)}`, 'more than 32 deep'],
  ];
  for (const [glob, why] of wrong) {
    const answer = await agent.request(`/v1/files?${new URLSearchParams({ match: glob })}`);
    expect(answer.json()).toMatchObject({ status: 400, code: 'bad_parameter' });
    const { detail } = answer.json<{ detail: string }>();
    expect(detail).toContain('parameter "match": the glob "');
    expect(detail).toContain(glob.slice(0, 70));
    expect(detail).toContain(why);
    const root = await agent.request('/v1/roots', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: temporaryDirectory(), ignore: ['ok', glob] }),
    });
    expect(root.json()).toMatchObject({ status: 400, code: 'bad_body' });
    expect(root.json<{ detail: string }>().detail).toContain(why);
  }
  // A client may do better.
  const client = await connect(agent);
  client.send({ type: 'subscribe', id: 1, match: ['[z-a]'] });
  const error = await client.waitFor('the error', (frame) => frame.type === 'error');
  expect(error).toMatchObject({ id: 1 });
  expect(JSON.stringify(error)).toContain('runs backwards');

  const { env } = agent;
  for (const args of [
    ['tail', '--match', '[z-a]'],
    ['wait', '--ignore', '[z-a]'],
    ['files', '--match', '[z-a]'],
    ['watch', '.', '--ignore', '[z-a]'],
  ]) {
    const { code, stderr } = await runCliHere(args, env);
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/^agent-cli: --(match|ignore): the glob "\[z-a\]" .* runs backwards/),
    ]);
  }
  const on = await runCli(['on', '[z-a]', '--', 'true'], { env, cwd: agent.root });
  expect(on).toMatchObject({ code: 2, stderr: expect.stringContaining('"[z-a]"') });

  const root = temporaryDirectory();
  writeFileSync(join(root, 'agent.config.json'), JSON.stringify({ ignore: ['ok', complex] }));
  const started = await startAgent({ roots: [root], ready: false });
  expect(await started.exited).toMatchObject({ code: 2 });
  expect(started.stderr).toContain(`"ignore" in ${join(root, 'agent.config.json')}: the glob "*[ab]`);
});
