// An agent that is killed again and again, at any moment: no cursor is given twice, and nothing that changes is lost.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { ServerFrame, Status } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { applied, changesOf, type Listing, listingOf } from './support/changes.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { times } from './support/long.ts';
import { TreeModel } from './support/model.ts';
import { testSeed } from './support/seed.ts';
import { until } from './support/wait.ts';

const kills = times(8, 1_000);

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Does something to a small tree. */
function operate(root: string, random: () => number): void {
  const directory = join(root, `d${Math.floor(random() * 5)}`);
  const path = join(directory, `f${Math.floor(random() * 8)}`);
  const what = random();
  if (what < 0.1) rmSync(directory, { recursive: true, force: true });
  else if (what < 0.3) rmSync(path, { force: true });
  else {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, 'x'.repeat(Math.floor(random() * 100)));
  }
}

/** Waits until the roots are known to the store, as they are some milliseconds after the first crawl. */
async function indexKept(agent: TestAgent): Promise<void> {
  const directory = join(agent.state, 'default.store');
  await until('the index to be kept', () =>
    readdirSync(directory).some(
      (name) => name.endsWith('.index') && statSync(join(directory, name)).size > 300,
    ),
  );
}

it(
  `over ${kills} kills each cursor is of one event, and the events lead to what is on disk`,
  async () => {
    const seed = testSeed();
    const random = randomFrom(seed);
    const root = temporaryDirectory();
    for (let n = 0; n < 30; n++) operate(root, random);
    let agent = await startAgent({ roots: [root] });
    await indexKept(agent);
    const { runtime, state } = agent;
    const model = TreeModel.ofDisk(root);
    const seen = new Map<string, string>();
    const known: { cursor: string; listing: Listing }[] = [];
    let last = await agent.sync();
    const [epoch] = last.split(':');

    /** @param isFollower whether the model is built of these */
    const take = (frames: readonly ServerFrame[], isFollower: boolean): void => {
      for (const frame of frames) {
        if (frame.type !== 'file' && frame.type !== 'message' && frame.type !== 'gap') continue;
        if (frame.type === 'gap' && frame.reason !== 'recrawl') throw new Error(JSON.stringify(frame));
        const text = JSON.stringify(frame);
        if ((seen.get(frame.cursor) ?? text) !== text)
          throw new Error(`${seen.get(frame.cursor)} and ${text}`);
        seen.set(frame.cursor, text);
        if (!isFollower) continue;
        if (frame.type === 'file') model.apply(frame.changes);
        last = frame.cursor;
      }
    };

    try {
      for (let life = 0; life < kills; life++) {
        const isSeen = random() < 0.8;
        if (isSeen) {
          await until('it to be ready', async () => (await agent.request('/healthz')).status === 200);
          if (known.length < 20) known.push(await listingOf(agent, root));
          const follower = await connect(agent, `since=${last}`);
          const other = await connect(agent);
          const timer = setTimeout(() => agent.kill('SIGKILL'), random() * 200);
          let ended = false;
          void agent.exited.then(() => {
            ended = true;
          });
          while (!ended) {
            operate(root, random);
            if (random() < 0.3) void agent.broadcast({ life, number: random() }).catch(() => {});
            await nextTurn();
          }
          clearTimeout(timer);
          await until(
            'the streams to end',
            () => follower.closed !== undefined && other.closed !== undefined,
          );
          take(follower.frames, true);
          take(other.frames, false);
        } else {
          setTimeout(() => agent.kill('SIGKILL'), random() * 300);
          await agent.exited;
        }
        for (let n = Math.floor(random() * 4); n > 0; n--) operate(root, random);
        agent = await startAgent({ roots: [root], runtime, state, ready: random() < 0.7 });
        await until('it to listen', () =>
          agent.request('/v1/status').then(
            () => true,
            () => false,
          ),
        );
      }
      const { store, cursor } = (await agent.request('/v1/status')).json<Status>();
      expect(store).toMatchObject({ restored: true, degraded: null });
      expect(cursor.split(':')[0]).toBe(epoch);
      const follower = await connect(agent, `since=${last}`);
      await agent.sync();
      await agent.broadcast('the end');
      await follower.waitFor('the end', (frame) => frame.type === 'message' && frame.data === 'the end');
      take(follower.frames, true);
      expect(model.differences(root)).toEqual([]);
      expect(model.faults).toEqual([]);
      const { listing: now } = await listingOf(agent, root);
      for (const { cursor: since, listing } of known) {
        const { complete, changes } = await changesOf(agent, `since=${since}`);
        expect(complete).toBe(true);
        expect(applied(listing, changes)).toEqual(now);
      }
    } catch (error) {
      throw new Error(`TEST_SEED=${seed}`, { cause: error });
    }
  },
  times(120_000, 3_600_000),
);
