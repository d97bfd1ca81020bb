// A directory, or one above it, is elsewhere while something below it is listed or watched, and is back, the same
// as before, when anybody looks. Real moves, made at the worst moment from within the engine's own loop.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Change, FileRecord } from '../../shared/index.ts';
import { cleanUpWith, roomForMany, temporaryDirectory } from '../../test/support/cleanup.ts';
import { TreeModel } from '../../test/support/model.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import type { BackendFactory } from './backend.ts';
import { directoriesBackend } from './backend-directories.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { RootEngine } from './root-engine.ts';

const directories = directoriesBackend(async () => true);

/** So many that they can't all be looked at in one slice of the loop. */
const many = 4000;

type Around = (watch: () => void) => void;

/** Real watches; those of `directory` are made within `around`, until it has been called `times` times. */
function backendWith(directory: string, around: Around, times = 1): BackendFactory {
  return (path, sink) => {
    const backend = directories(path, sink);
    const watchDirectory = backend.watchDirectory.bind(backend);
    let left = times;
    return Object.assign(backend, {
      watchDirectory: (key: string, place: string | Buffer) => {
        if (key !== directory || left === 0) return watchDirectory(key, place);
        left -= 1;
        return around(() => watchDirectory(key, place));
      },
    });
  };
}

/** A root `top/root` with the directory `d` in it, beside it the tree `top/other` to be exchanged with. */
function makeTrees(files: number): { top: string; root: string } {
  const top = join(temporaryDirectory(roomForMany), 'top');
  const root = join(top, 'root');
  for (const [tree, count] of [
    ['root/d', files],
    ['other/d', 1],
    ['spare', 1],
  ] as const) {
    mkdirSync(join(top, tree, 'deep'), { recursive: true });
    for (let number = 0; number < count; number++) writeFileSync(join(top, tree, `f${number}`), tree);
    writeFileSync(join(top, tree, 'deep/g'), tree);
  }
  return { top, root };
}

interface Running {
  readonly engine: RootEngine;
  /** Waits, without asking the engine for anything, until its index and what it told are what is on disk. */
  expectTrue(): Promise<void>;
}

async function start(root: string, backend: BackendFactory): Promise<Running> {
  const told: Change[] = [];
  const engine = new RootEngine(
    root,
    backend,
    { ignore: [], gitignore: true, settleMs: 0 },
    eventsInto(told),
    silentLog,
  );
  cleanUpWith(() => engine.close());
  await engine.start();
  // What the first crawl found is not told.
  const model = TreeModel.ofRecords(await recordsOf(engine));
  expect(told).toEqual([]);
  let applied = 0;
  return {
    engine,
    async expectTrue() {
      let differences: string[] = [];
      await until(
        () => `the index to be true; ${differences.slice(0, 5).join(', ')}`,
        async () => {
          // As the watcher's timer does: nothing else tells of a root that has come back.
          engine.beat();
          differences = TreeModel.ofRecords(await recordsOf(engine)).differences(root);
          return differences.length === 0;
        },
        5000,
      );
      model.apply(told.slice(applied));
      applied = told.length;
      expect([...model.faults, ...model.differences(root)]).toEqual([]);
      expect(engine.status()).toMatchObject({ auditFindings: 0, degraded: null });
    },
  };
}

function recordsOf(engine: RootEngine): Promise<FileRecord[]> {
  return engine.withIndex(async (entries) =>
    [...entries()].map(({ path, stat: { kind, size, mtimeMs: mtime } }) => ({ path, kind, size, mtime })),
  );
}

/** Two paths change places. */
function exchange(a: string, b: string): void {
  renameSync(a, `${a}.aside`);
  renameSync(b, a);
  renameSync(`${a}.aside`, b);
}

/** Does something after the watch, in a later turn, and undoes it in another; resolves when it is undone. */
class Meanwhile {
  readonly over: Promise<void>;
  private end = (): void => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  around(act: () => void, undo: () => void): Around {
    const later = async (): Promise<void> => {
      await nextTurn();
      act();
      await nextTurn();
      await nextTurn();
      undo();
      this.end();
    };
    return (watch) => {
      watch();
      void later();
    };
  }
}

/** What is moved, relative to `top`; and what is exchanged with what. */
const moved = ['root/d', 'root', '.'];
const exchanged: [string, string][] = [
  ['root/d', 'spare'],
  ['root', 'other'],
];

describe('while its entries are looked at', () => {
  it.each(moved)('a directory loses nothing when %s is away for a moment', async (which) => {
    const { top, root } = makeTrees(many);
    const [place, aside] = [join(top, which), `${join(top, which)}.aside`];
    const meanwhile = new Meanwhile();
    const around = meanwhile.around(
      () => renameSync(place, aside),
      () => renameSync(aside, place),
    );
    const { expectTrue, engine } = await start(root, backendWith('d', around));
    await meanwhile.over;
    await expectTrue();
    writeFileSync(join(root, 'd/deep/later'), '');
    await expectTrue();
    expect(engine.status().files).toBe(many + 2);
  });

  it.each(exchanged)('a directory takes in nothing of another when %s is %s for a moment', async (a, b) => {
    const { top, root } = makeTrees(many);
    const swap = (): void => exchange(join(top, a), join(top, b));
    const meanwhile = new Meanwhile();
    const { expectTrue, engine } = await start(root, backendWith('d', meanwhile.around(swap, swap)));
    await meanwhile.over;
    await expectTrue();
    for (const name of ['d/later', 'd/deep/later']) writeFileSync(join(root, name), '');
    await expectTrue();
    expect(engine.status().files).toBe(many + 3);
  });
});

describe('while it is watched', () => {
  it.each([
    ['d', 'root/d', 'spare'],
    ['d/deep', 'root/d', 'spare'],
    ['d', 'root', 'other'],
    ['', 'root', 'other'],
  ])('the watch of "%s" is on the right one in the end, when %s is %s for a moment', async (key, a, b) => {
    const { top, root } = makeTrees(3);
    const swap = (): void => exchange(join(top, a), join(top, b));
    const { expectTrue } = await start(
      root,
      backendWith(key, (watch) => {
        swap();
        try {
          watch();
        } finally {
          swap();
        }
      }),
    );
    await expectTrue();
    for (const name of ['later', 'd/later', 'd/deep/later']) {
      writeFileSync(join(root, name), '');
      await expectTrue();
    }
  });
});
