// The barrier's own directory under all that can happen to it, with the kernel's real hints and real files.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Change } from '../../shared/index.ts';
import { cleanUpWith, roomForMany, temporaryDirectory } from '../../test/support/cleanup.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { Barrier } from './barrier.ts';
import { kernelQueueLength } from './loss-signs.ts';
import { Watcher } from './watcher.ts';

let cookies: string;

function open(): Barrier {
  const barrier = new Barrier(cookies, silentLog);
  cleanUpWith(() => barrier.close());
  return barrier;
}

beforeEach(() => {
  cookies = join(temporaryDirectory(), 'run', 'cookies');
  mkdirSync(join(cookies, '..'));
});

const misfortunes: [string, () => void][] = [
  ['its directory was removed', () => rmSync(cookies, { recursive: true })],
  [
    'its directory was removed and made again',
    () => {
      rmSync(cookies, { recursive: true });
      mkdirSync(cookies);
    },
  ],
  ['its directory was moved away', () => renameSync(cookies, temporaryDirectory())],
  [
    'its directory was replaced by one that holds the same',
    () => {
      const [cookie = ''] = readdirSync(cookies);
      renameSync(cookies, temporaryDirectory());
      mkdirSync(cookies);
      writeFileSync(join(cookies, cookie), '');
    },
  ],
  [
    'what is in its directory was removed',
    () => readdirSync(cookies).map((name) => rmSync(join(cookies, name))),
  ],
];

describe.each(misfortunes)('after %s', (_what, befall) => {
  it('vouches again, for calls before and behind it', async () => {
    const barrier = open();
    const before = barrier.pass();
    befall();
    expect(await before).toBe(true);
    expect(await barrier.pass()).toBe(true);
    befall();
    expect(await Promise.all([barrier.pass(), barrier.pass()])).toEqual([true, true]);
  });
});

it.each([
  ['the directory above is gone', () => rmSync(join(cookies, '..'), { recursive: true })],
  [
    'a file is in its place',
    () => {
      rmSync(cookies, { recursive: true });
      writeFileSync(cookies, '');
    },
  ],
])('while %s it vouches for nothing, and does again when it can', async (_what, befall) => {
  const barrier = open();
  befall();
  expect(await barrier.pass()).toBe(false);
  expect(await barrier.pass()).toBe(false);
  rmSync(join(cookies, '..'), { recursive: true, force: true });
  mkdirSync(join(cookies, '..'));
  expect(await barrier.pass()).toBe(true);
});

it('a cookie whose hint a full queue dropped is written again', async () => {
  const busy = temporaryDirectory(roomForMany);
  const watcher = watch(busy, () => {});
  cleanUpWith(() => watcher.close());
  const barrier = open();
  await barrier.pass();
  // Just before the cookie is written, in the same turn of the loop: its hint finds no room.
  setImmediate(() => {
    for (let file = 0; file <= kernelQueueLength(); file++) mkdirSync(join(busy, String(file)));
  });
  expect(await barrier.pass()).toBe(true);
});

it('where no hint ever comes, it says so', async () => {
  const barrier = open();
  // As on a file system that gives none.
  Object.assign(barrier, { taste: () => {} });
  expect(await barrier.pass()).toBe(false);
});

it('rejects the calls that wait for it when it is closed, and leaves nothing', async () => {
  const barrier = open();
  const calls = [barrier.pass()];
  await new Promise((resolve) => setImmediate(resolve));
  calls.push(barrier.pass());
  barrier.close();
  calls.push(barrier.pass());
  for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
  await expect(barrier.pass()).rejects.toMatchObject({ code: 'sync_failed' });
  expect(existsSync(cookies)).toBe(false);
});

it("leaves another barrier's cookie in a directory that both use", async () => {
  const old = new Barrier(cookies, silentLog);
  const next = open();
  expect(await Promise.all([old.pass(), next.pass()])).toEqual([true, true]);
  old.close();
  expect(readdirSync(cookies)).toHaveLength(1);
  expect(await next.pass()).toBe(true);
});

describe('a watcher of two roots whose barrier vouches for nothing', () => {
  async function watchTwo(): Promise<{ watcher: Watcher; roots: string[]; told: Set<string> }> {
    const told = new Set<string>();
    const batch = async (root: string, changes: Change[]): Promise<void> => {
      for (const { path } of changes) told.add(join(root, path));
    };
    const watcher = new Watcher(
      {
        backend: 'directories',
        // No hint closes a batch while the test runs.
        settleMs: 60_000,
        ignore: [],
        gitignore: true,
        cookieDirectory: join(cookies, 'in', 'nothing'),
      },
      {
        batch,
        lost: async () => {},
        viewEnded: () => {},
        rootChanged: async (change) => void change.commit(1),
      },
      silentLog,
    );
    cleanUpWith(() => watcher.close());
    const roots = [temporaryDirectory(), temporaryDirectory()];
    for (const root of roots) await watcher.add(root);
    return { watcher, roots, told };
  }

  it('finds what was written before a sync by looking, though no hint has come', async () => {
    const { watcher, roots, told } = await watchTwo();
    for (let round = 0; round < 20; round++) {
      // What goes on from here does so while the loop reads events, and no hint is read before the next turn.
      await stat(cookies).catch(() => {});
      const written = roots.map((root) => join(root, `f${round}`));
      for (const path of written) writeFileSync(path, '');
      await watcher.sync();
      expect(written.filter((path) => !told.has(path))).toEqual([]);
    }
  });

  it('has a sync of one root wait for that root alone', async () => {
    const { watcher, roots, told } = await watchTwo();
    const [first = '', second = ''] = roots;
    for (const root of roots) writeFileSync(join(root, 'f'), '');
    let release = (): void => {};
    const held = watcher.withIndexes(second, () => new Promise<void>((resolve) => (release = resolve)));
    let all = false;
    const syncOfAll = watcher.sync().then(() => (all = true));
    await watcher.sync(first);
    expect([...told]).toEqual([join(first, 'f')]);
    expect(all).toBe(false);
    release();
    await Promise.all([held, syncOfAll]);
    expect(told).toContain(join(second, 'f'));
  });

  it('rejects a sync that its end overtakes', async () => {
    const { watcher } = await watchTwo();
    const call = watcher.sync();
    const [{ status }] = await Promise.all([
      call.then(
        () => ({ status: 'resolved' }),
        (error) => ({ status: error.code }),
      ),
      watcher.close(),
    ]);
    expect(status).toBe('sync_failed');
  });
});
