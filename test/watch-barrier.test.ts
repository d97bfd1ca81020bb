// The barrier under fire: whatever goes on elsewhere, what was written before the call is in when it answers.
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FileRecord, ServerFrame } from '../shared/index.ts';
import type { TestAgent } from './support/agent.ts';
import { roomForMany } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { commit, git } from './support/git.ts';
import { times } from './support/long.ts';
import { until } from './support/wait.ts';
import { backends, behindItsBack, watched } from './support/watched.ts';
import { startWriter } from './support/writer.ts';

async function indexed(agent: TestAgent, path: string): Promise<FileRecord | undefined> {
  const [, line] = (await agent.request(`/v1/files?match=${path}`)).text.trim().split('\n');
  return line === undefined ? undefined : (JSON.parse(line) as FileRecord);
}

/** The frames from `begin` on that came before the answer to the sync that is called `id`. */
async function framesBefore(client: TestClient, begin: number, id: string): Promise<ServerFrame[]> {
  for (;;) {
    const frames = client.frames.slice(begin);
    const end = frames.findIndex((frame) => frame.type === 'synced' && frame.id === id);
    if (end !== -1) return frames.slice(0, end);
    await once(client.ws, 'message');
  }
}

/**
 * Of the default the most; the others' barriers differ in how they are waited for, not in what comes of it. Git is asked
 * after each fiftieth.
 */
const writesBefore = {
  directories: times(100, 1000),
  recursive: times(50, 300),
  chokidar: times(50, 300),
  polling: times(50, 300),
};

describe.each(backends)('with the backend %s', (backend) => {
  const writes = writesBefore[backend];

  it(`after each of ${writes} writes the index holds the write, and git sees nothing of it`, async () => {
    const { root, agent, client } = await watched(
      (at) => {
        git(at, 'init', '--quiet');
        for (let file = 0; file < 7; file++) writeFileSync(join(at, `f${file}`), '');
        commit(at, 'seven files');
        // Known to git alone: the agent shall have its hands full.
        writeFileSync(join(at, '.git/info/exclude'), 'busy\n');
      },
      { flags: ['--backend', backend], settleMs: 4, parent: roomForMany },
    );
    const writer = startWriter(join(root, 'busy'));
    const odd = new Set<string>();
    for (let round = 1; round <= writes; round++) {
      const path = `f${round % 7}`;
      const begin = client.frames.length;
      // The call before the write may be read together with the one after it, and before the write's hint.
      client.send({ type: 'sync', id: `before ${round}` });
      writeFileSync(join(root, path), 'x'.repeat(round));
      client.send({ type: 'sync', id: `after ${round}` });
      const told = (await framesBefore(client, begin, `after ${round}`))
        .flatMap((frame) => (frame.type === 'file' ? frame.changes : []))
        .findLast((change) => change.path === path);
      expect(told).toMatchObject({ event: 'change', size: round });
      if (round % 50 !== 0) continue;
      writeFileSync(join(root, path), 'over HTTP');
      await agent.sync();
      expect(await indexed(agent, path)).toMatchObject({ size: 9 });
      for (const line of git(root, 'status', '--porcelain').split('\n'))
        odd.add(line.replace(/^ M f\d$/, ''));
    }
    expect([...odd]).toEqual(['']);
    await writer.stop();
  });

  it('answers 504 at its time-out, and in time the next time', async () => {
    const { root, agent, client, expectTrue } = await watched(() => {}, {
      flags: ['--backend', backend],
      parent: roomForMany,
    });
    // More to look at than a millisecond is enough for. With `recursive`, Node on Linux lists the directory for each hint.
    const files = backend === 'recursive' ? 400 : 3000;
    await behindItsBack(agent, () => {
      for (let file = 0; file < files; file++) writeFileSync(join(root, `f${file}`), '');
    });
    const answer = await agent.request('/v1/sync?timeout=1', { method: 'POST' });
    expect(answer.status).toBe(504);
    expect(answer.json()).toMatchObject({ code: 'sync_timeout', status: 504 });
    await expectTrue();
    expect(client.changes.filter((change) => change.startsWith('add'))).toHaveLength(files);
  });
});

it('of calls made at once answers each, and leaves no cookie', async () => {
  const { root, agent, client } = await watched(() => {}, { settleMs: 4 });
  const writer = startWriter(join(root, 'busy'));
  await Promise.all(
    Array.from({ length: 100 }, async (_unused, index) => {
      const path = `f${index}`;
      writeFileSync(join(root, path), String(index));
      await agent.sync();
      expect(await indexed(agent, path)).toMatchObject({ path });
    }),
  );
  await until('100 files', () => client.changes.filter((change) => /^add f\d+$/.test(change)).length === 100);
  await writer.stop();
  await agent.sync();
  expect(readdirSync(join(agent.runtime, 'default.cookies'))).toHaveLength(1);
});

it('a sync is true, and the agent lives, whatever became of the directory of the cookie', async () => {
  const { root, agent, expectTrue } = await watched(() => {}, { settleMs: 4 });
  const client = await connect(agent);
  const cookies = join(agent.runtime, 'default.cookies');
  const misfortunes = [
    () => rmSync(cookies, { recursive: true }),
    () => {
      rmSync(cookies, { recursive: true });
      mkdirSync(cookies, { mode: 0o700 });
    },
    () => {
      rmSync(cookies, { recursive: true });
      writeFileSync(cookies, '');
    },
  ];
  for (const [index, befall] of misfortunes.entries()) {
    befall();
    const begin = client.frames.length;
    writeFileSync(join(root, `f${index}`), '');
    client.send({ type: 'sync', id: `s${index}` });
    const frames = await framesBefore(client, begin, `s${index}`);
    const told = frames.flatMap((frame) => (frame.type === 'file' ? frame.changes : []));
    expect(told).toContainEqual(expect.objectContaining({ event: 'add', path: `f${index}` }));
  }
  await expectTrue();
  expect((await agent.stop()).code).toBe(0);
});

it('leaves nothing that git would see', async () => {
  const { root, agent } = await watched((at) => git(at, 'init', '--quiet'));
  for (let round = 0; round < 20; round++) await agent.sync();
  expect(git(root, 'status', '--porcelain')).toBe('');
});
