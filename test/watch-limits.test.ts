// When the kernel gives no more watches the root is polled, and says so; what is told stays true.
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { canLimitInotify, startAgentWithFiles, startLimitedAgent } from './support/confined-agent.ts';
import { until } from './support/wait.ts';
import { brief, follow, type Watched, watched } from './support/watched.ts';

/** Makes `count` directories with a file in each. */
function fill(root: string, count: number): void {
  for (let number = 0; number < count; number++) {
    mkdirSync(join(root, `d${number}`));
    writeFileSync(join(root, `d${number}/f`), '');
  }
}

/** Every kind of change, each told without being asked for, and the disk in the end. */
async function expectService({ root, client, expectTrue }: Watched): Promise<void> {
  const steps: [string, () => void][] = [
    ['add new', () => writeFileSync(join(root, 'new'), '1')],
    ['change d0/f', () => appendFileSync(join(root, 'd0/f'), '2')],
    ['addDir d1/deeper', () => mkdirSync(join(root, 'd1/deeper'))],
    ['unlinkDir d2', () => rmSync(join(root, 'd2'), { recursive: true })],
  ];
  for (const [change, act] of steps) {
    act();
    await client.waitForChange(change);
  }
  await expectTrue();
}

const real = canLimitInotify();
const inNamespaces = real ? describe : describe.skip;
const where = real
  ? 'for real, in a user namespace with limits of its own'
  : 'NOT TRIED: no user namespaces on this machine; agent/watch/root-engine.test.ts has the errors thrown by hand';

inNamespaces(`limits of inotify, ${where}`, () => {
  it('out of watches at the start, a root is polled, and names the limit and what raises it', async () => {
    const watch = await watched((at) => fill(at, 20), { start: startLimitedAgent({ watches: 10 }) });
    const status = await watch.status();
    expect(status).toMatchObject({ backend: 'polling', watches: 0 });
    expect(status.degraded).toMatch(/ENOSPC.*sudo sysctl fs\.inotify\.max_user_watches=\d+/);
    await expectService(watch);
  });

  it('out of watches later, what was made meanwhile is told, and nothing twice', async () => {
    const watch = await watched((at) => fill(at, 3), { start: startLimitedAgent({ watches: 20 }) });
    expect(await watch.status()).toMatchObject({ backend: 'directories', degraded: null });
    for (let number = 3; number < 60; number++) {
      mkdirSync(join(watch.root, `d${number}`));
      writeFileSync(join(watch.root, `d${number}/f`), '');
    }
    await watch.client.waitForChange('add d59/f');
    expect(await watch.status()).toMatchObject({ backend: 'polling' });
    expect((await watch.status()).degraded).toMatch(/max_user_watches/);
    await expectService(watch);
  });

  it('a root within the limit keeps its watches when another is beyond it', async () => {
    const [small, large] = [temporaryDirectory(), temporaryDirectory()];
    fill(small, 3);
    const agent = await startLimitedAgent({ watches: 20 })({ roots: [small] });
    const watch = await follow(agent, [small, large]);
    fill(large, 40);
    const added = await agent.request('/v1/roots', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: large }),
    });
    expect(added.json()).toMatchObject({ path: large, backend: 'polling' });
    expect(await watch.status(small)).toMatchObject({ backend: 'directories', degraded: null, watches: 4 });
  });

  it('out of inotify instances, a root is polled, and names that limit', async () => {
    const watch = await watched((at) => fill(at, 5), { start: startLimitedAgent({ instances: 0 }) });
    const status = await watch.status();
    expect(status).toMatchObject({ backend: 'polling', watches: 0 });
    expect(status.degraded).toMatch(/EMFILE.*sudo sysctl fs\.inotify\.max_user_instances=\d+/);
    await expectService(watch);
  });
});

const openFiles = 64;

/** Takes every open file that the agent may have; the function that it returns gives them back. */
async function takeOpenFiles({ agent }: Watched): Promise<() => void> {
  const open = (): number => readdirSync(`/proc/${agent.pid}/fd`).length;
  // What connects after the last one that is accepted waits in the kernel, or is turned away.
  const sockets = Array.from({ length: openFiles }, () => {
    const socket = createConnection(agent.socket);
    cleanUpWith(() => void socket.destroy());
    return socket.on('error', () => {});
  });
  await until(
    () => `no file to be left, of which ${open()} are open`,
    () => open() >= openFiles,
  );
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

it('out of open files for a while, a sync fails, and a directory is told when it can be listed', async () => {
  const watch = await watched(() => {}, { start: startAgentWithFiles(openFiles) });
  const { root, agent, client, expectTrue } = watch;
  const giveBack = await takeOpenFiles(watch);
  mkdirSync(join(root, 'd'));
  writeFileSync(join(root, 'd/f'), '');
  await until('the log line', () => /skipped .*EMFILE/.test(agent.stderr));
  client.send({ type: 'sync', id: 'starved' });
  expect(await client.waitFor('an answer', (frame) => 'id' in frame && frame.id === 'starved')).toMatchObject(
    {
      type: 'error',
      code: 'sync_failed',
      detail: expect.stringMatching(/\/d can't be listed \(EMFILE\).*ulimit/),
    },
  );
  giveBack();
  await client.waitForChange('add d/f');
  await expectTrue();
});

it('out of open files for a while, rules keep counting until they can be read, and are read then', async () => {
  const prepare = (at: string): void => {
    writeFileSync(join(at, '.gitignore'), '*.o\n');
    for (const name of ['module', 'deep', 'deep/er', 'other']) mkdirSync(join(at, name));
    writeFileSync(join(at, 'other/.gitignore'), 'x\n');
    for (const name of ['b.o', 'module/c.o', 'deep/er/d', 'other/a', 'other/x'])
      writeFileSync(join(at, name), '');
  };
  const watch = await watched(prepare, { start: startAgentWithFiles(openFiles) });
  const { root, agent, client } = watch;
  const giveBack = await takeOpenFiles(watch);
  writeFileSync(join(root, 'other/.gitignore'), 'a\n');
  writeFileSync(join(root, 'deep/er/.gitignore'), 'd\n');
  // From now on the rules above it do not count in it.
  writeFileSync(join(root, 'module/.git'), 'gitdir: ../.git/modules/module\n');
  writeFileSync(join(root, 'b.o'), 'more');
  writeFileSync(join(root, 'other/x'), 'more');
  await until('the log line', () => /rules do not count.*EMFILE/.test(agent.stderr));
  client.send({ type: 'sync', id: 'starved' });
  expect(await client.waitFor('an answer', (frame) => 'id' in frame && frame.id === 'starved')).toMatchObject(
    { type: 'error', code: 'sync_failed' },
  );
  const meanwhile = brief(client.files.flatMap(({ changes }) => changes));
  for (const change of ['add b.o', 'add other/x']) expect(meanwhile).not.toContain(change);
  giveBack();
  const changes = ['unlink other/a', 'add other/x', 'add module/c.o', 'unlink deep/er/d'];
  for (const change of changes) await client.waitForChange(change);
  await agent.sync();
  expect((await watch.status()).degraded).toBeNull();
});
