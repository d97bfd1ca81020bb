// What is done to a file but leaves it as it was is no change; what leaves only its times as they were is one.
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from './support/cleanup.ts';
import { behindItsBack, brief, type Watched, watched } from './support/watched.ts';

const files = 20;
/** In whole seconds, so that Node can set it to what it was. */
const long = new Date('2020-01-02T03:04:05Z');

const pathsIn = (root: string): string[] =>
  Array.from({ length: files }, (_, number) => join(root, `f${number}`));

/** Watches files that were written long ago. */
function watchedFiles(settleMs: number): Promise<Watched> {
  return watched(
    (root) => {
      for (const path of pathsIn(root)) {
        writeFileSync(path, 'AAAA', { mode: 0o644 });
        utimesSync(path, long, long);
      }
    },
    { settleMs },
  );
}

const touches: [string, (path: string) => void][] = [
  ['chmod to the same mode', (path) => chmodSync(path, lstatSync(path).mode & 0o777)],
  ['chown to the same owner', (path) => chownSync(path, lstatSync(path).uid, lstatSync(path).gid)],
  ['times set to what they were', (path) => utimesSync(path, long, long)],
  ['another access time', (path) => utimesSync(path, new Date(), long)],
];

/** Each leaves size and mtime as they were. */
const writes: [string, (path: string, text: string) => void][] = [
  [
    'written anew',
    (path, text) => {
      writeFileSync(path, text);
      utimesSync(path, long, long);
    },
  ],
  [
    'written in place, with other attributes set before and after',
    (path, text) => {
      chmodSync(path, 0o644);
      const file = openSync(path, 'r+');
      writeSync(file, text, 0);
      closeSync(file);
      utimesSync(path, long, long);
      chmodSync(path, 0o644);
    },
  ],
  [
    'replaced by another',
    (path, text) => {
      writeFileSync(`${path}.tmp`, text);
      utimesSync(`${path}.tmp`, long, long);
      renameSync(`${path}.tmp`, path);
    },
  ],
  [
    'deleted and made again',
    (path, text) => {
      unlinkSync(path);
      writeFileSync(path, text);
      utimesSync(path, long, long);
    },
  ],
];

describe.each([0, 4, 100])('with a settle time of %i ms', (settleMs) => {
  it('a touch is no change', async () => {
    const { root, agent, changes } = await watchedFiles(settleMs);
    for (const [touch, act] of touches) {
      for (const path of pathsIn(root)) act(path);
      expect([touch, ...brief(await changes())]).toEqual([touch]);
      // Two touches in the same turns of the agent's loop would be as good as a write.
      await agent.sync();
    }
    const link = join(temporaryDirectory(), 'link');
    for (const path of pathsIn(root)) {
      linkSync(path, link);
      rmSync(link);
    }
    expect(brief(await changes())).toEqual([]);
  });

  it('other contents with the same times are a change, touched before or not', async () => {
    const { root, client, changes } = await watchedFiles(settleMs);
    let serial = 1000;
    for (let round = 0; round < 3; round++) {
      for (const [, write] of writes) {
        await changes();
        const before = client.changes.length;
        const text = String(serial++);
        for (const path of pathsIn(root)) write(path, text);
        await changes();
        const told = new Set(client.changes.slice(before).map((change) => change.split(' ')[1]));
        for (const path of pathsIn(root)) expect(told).toContain(path.slice(root.length + 1));
      }
      for (const path of pathsIn(root)) chmodSync(path, 0o644);
    }
  });
});

it('another mode and back is told once at most, and then known to be none', async () => {
  const { root, agent, changes } = await watchedFiles(100);
  const thereAndBack = (): Promise<void> =>
    behindItsBack(agent, () => {
      for (const mode of [0o600, 0o644]) for (const path of pathsIn(root)) chmodSync(path, mode);
    });
  // Two hints each: it could be a write whose mtime was set back.
  await thereAndBack();
  expect(brief(await changes())).toHaveLength(files);
  for (let round = 0; round < 3; round++) {
    await thereAndBack();
    expect(brief(await changes())).toEqual([]);
  }
});

it('another mode, another owner and another time are changes', async () => {
  const { root, changes } = await watchedFiles(100);
  const path = join(root, 'f0');
  chmodSync(path, 0o600);
  expect(brief(await changes())).toEqual(['change f0']);
  utimesSync(path, long, new Date('2021-01-01T00:00:00Z'));
  expect(brief(await changes())).toEqual(['change f0']);
  if (process.getuid?.() === 0) {
    chownSync(path, 1, 1);
    expect(brief(await changes())).toEqual(['change f0']);
  }
});
