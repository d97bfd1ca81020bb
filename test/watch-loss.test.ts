// The kernel's queue of hints is finite: what it drops is found all the same, and said to have been lost.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { roomForMany } from './support/cleanup.ts';
import { brief, watched } from './support/watched.ts';

it('behind a stopped agent, 40,000 files in 200 new directories are told after a recrawl gap', async () => {
  const { agent, client, root, expectTrue, changes } = await watched(() => {}, { parent: roomForMany });
  agent.kill('SIGSTOP');
  for (let directory = 0; directory < 200; directory++) {
    mkdirSync(join(root, `d${directory}`));
    for (let file = 0; file < 200; file++) writeFileSync(join(root, `d${directory}/f${file}`), '');
  }
  agent.kill('SIGCONT');
  await client.waitFor('recrawl', (frame) => frame.type === 'gap' && frame.reason === 'recrawl');
  await expectTrue();
  await changes();
  writeFileSync(join(root, 'd7/later'), '');
  expect(brief(await changes())).toEqual(['add d7/later']);
});

it('a full queue loses nothing in the end: 40,000 files in a directory that is watched already', async () => {
  const { agent, client, root, expectTrue } = await watched((at) => mkdirSync(join(at, 'd')), {
    parent: roomForMany,
  });
  agent.kill('SIGSTOP');
  for (let file = 0; file < 40_000; file++) writeFileSync(join(root, `d/f${file}`), '');
  agent.kill('SIGCONT');
  await client.waitFor('recrawl', (frame) => frame.type === 'gap' && frame.reason === 'recrawl');
  await expectTrue();
});
