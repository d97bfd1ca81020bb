// The kernel's queue of hints is finite: what it drops is found all the same, and said to have been lost.
import { closeSync, linkSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { roomForMany, temporaryDirectory } from './support/cleanup.ts';
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

it('what a full queue dropped is told though those that filled it are of directories that are gone', async () => {
  const [directories, names, writes] = [4000, 25, 40_000];
  const outside = temporaryDirectory(roomForMany);
  const { agent, client, root } = await watched(
    (at) => {
      mkdirSync(join(at, 'kept'));
      for (let directory = 0; directory < directories; directory++) {
        const path = join(at, `big/d${directory}`);
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, 'f0'), '');
        // Quicker than files, and as many entries to drop.
        for (let name = 1; name < names; name++) linkSync(join(path, 'f0'), join(path, `f${name}`));
      }
    },
    { parent: roomForMany, settleMs: 4 },
  );
  const open = Array.from({ length: 200 }, (_unused, n) => openSync(join(root, `big/d${n}/f0`), 'w'));
  for (const [round, waitMs] of [10, 30].entries()) {
    await agent.sync();
    renameSync(join(root, 'big'), join(outside, 'big'));
    // The agent has begun to drop what was below it.
    await delay(waitMs);
    for (let write = 0; write < writes; write++) writeSync(open[write % open.length] as number, 'x');
    const fresh = Array.from({ length: 20 }, (_unused, file) => `kept/f${round}-${file}`);
    for (const path of fresh) writeFileSync(join(root, path), '');
    await agent.sync();
    await agent.broadcast(round);
    await client.waitForMessages(round + 1);
    expect(client.changes.filter((change) => change.startsWith(`add kept/f${round}-`))).toHaveLength(20);
    renameSync(join(outside, 'big'), join(root, 'big'));
  }
  for (const file of open) closeSync(file);
});
