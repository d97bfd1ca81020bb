// A backend whose errors are thrown by hand, on real files. That the kernel throws them is tested in
// test/watch-limits.test.ts, where it can be made to.
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Change } from '../../shared/index.ts';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import type { BackendFactory, HintSink } from './backend.ts';
import { directoriesBackend } from './backend-directories.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { RootEngine } from './root-engine.ts';

/** Its barrier says that all hints are in: those that a test gives by hand are. */
const directories = directoriesBackend(async () => true);

/** Real watches, until `allowed` have been made; then each throws. */
function limitedBackend(allowed: number, code: string): BackendFactory {
  return (path, sink) => {
    const backend = directories(path, sink);
    const watchDirectory = backend.watchDirectory.bind(backend);
    let made = 0;
    return Object.assign(backend, {
      watchDirectory: (directory: string, place: string | Buffer) => {
        if (++made > allowed) throw Object.assign(new Error(`${code}: thrown by hand`), { code });
        watchDirectory(directory, place);
      },
    });
  };
}

describe.each([
  ['ENOSPC', 'fs.inotify.max_user_watches'],
  ['EMFILE', 'fs.inotify.max_user_instances'],
])('when a watch can not be made, with %s', (code, limit) => {
  let root: string;
  let told: Change[];

  async function start(allowed: number): Promise<RootEngine> {
    const engine = new RootEngine(
      root,
      limitedBackend(allowed, code),
      { ignore: [], gitignore: true, settleMs: 4 },
      eventsInto(told),
      silentLog,
    );
    cleanUpWith(() => engine.close());
    await engine.start();
    return engine;
  }

  const toldOf = (event: string, path: string): Promise<unknown> =>
    until(`${event} ${path}`, () => told.some((change) => change.event === event && change.path === path));

  beforeEach(() => {
    told = [];
    root = temporaryDirectory();
    for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name));
    writeFileSync(join(root, 'c/f'), '');
  });

  it.each([0, 2])('after %i others, the root is polled and says what to raise', async (allowed) => {
    const engine = await start(allowed);
    expect(engine.status()).toMatchObject({ backend: 'polling', watches: 0, files: 1, dirs: 3 });
    expect(engine.status().degraded).toContain(code);
    expect(engine.status().degraded).toMatch(new RegExp(`sudo sysctl ${limit}=\\d+`));
    expect(told).toEqual([]);
    appendFileSync(join(root, 'c/f'), 'more');
    await toldOf('change', 'c/f');
  });

  it('while it runs, what is made from then on is found by polling', async () => {
    const engine = await start(4);
    expect(engine.status()).toMatchObject({ backend: 'directories', watches: 4, degraded: null });
    mkdirSync(join(root, 'd/e'), { recursive: true });
    writeFileSync(join(root, 'd/e/f'), '');
    await toldOf('add', 'd/e/f');
    expect(engine.status()).toMatchObject({ backend: 'polling', watches: 0 });
    expect(engine.status().degraded).toContain(limit);
    writeFileSync(join(root, 'a/new'), '');
    await toldOf('add', 'a/new');
  });
});

/** Real watches; the first one of the directory called `name` comes while that is elsewhere. */
function unluckyBackend(name: string): BackendFactory {
  return (path, sink) => {
    const backend = directories(path, sink);
    const watchDirectory = backend.watchDirectory.bind(backend);
    let unlucky = true;
    return Object.assign(backend, {
      watchDirectory: (directory: string, place: string | Buffer) => {
        if (directory !== name || !unlucky) return watchDirectory(directory, place);
        unlucky = false;
        renameSync(join(path, name), join(path, `${name}.aside`));
        try {
          watchDirectory(directory, place);
        } finally {
          renameSync(join(path, `${name}.aside`), join(path, name));
        }
      },
    });
  };
}

describe('a directory that is elsewhere at the moment when it is to be watched, and back at once', () => {
  it.each(['during the first crawl', 'later'])('has what is in it told, %s', async (when) => {
    const root = temporaryDirectory();
    const told: Change[] = [];
    const make = (): void => {
      mkdirSync(join(root, 'a/deep'), { recursive: true });
      writeFileSync(join(root, 'a/deep/f'), '');
    };
    if (when !== 'later') make();
    const engine = new RootEngine(
      root,
      unluckyBackend('a'),
      { ignore: [], gitignore: true, settleMs: 4 },
      eventsInto(told),
      silentLog,
    );
    cleanUpWith(() => engine.close());
    await engine.start();
    if (when === 'later') make();
    await until('add a/deep/f', () => told.some(({ event, path }) => event === 'add' && path === 'a/deep/f'));
    expect(engine.status()).toMatchObject({ files: 1, dirs: 2, degraded: null });
    writeFileSync(join(root, 'a/deep/g'), '');
    await until('add a/deep/g', () => told.some(({ path }) => path === 'a/deep/g'));
  });
});

describe('a hint of an ignored name', () => {
  async function start(): Promise<{ engine: RootEngine; sink: HintSink; root: string; told: Change[] }> {
    let given: HintSink | undefined;
    const root = temporaryDirectory();
    const told: Change[] = [];
    writeFileSync(join(root, '.gitignore'), '*.log\nout/\n');
    for (const name of ['server.log', 'out', 'seen']) writeFileSync(join(root, name), '');
    const engine = new RootEngine(
      root,
      (path, sink) => {
        given = sink;
        return directories(path, sink);
      },
      { ignore: [], gitignore: true, settleMs: 60_000 },
      eventsInto(told),
      silentLog,
    );
    cleanUpWith(() => engine.close());
    await engine.start();
    return { engine, sink: given as unknown as HintSink, root, told };
  }

  it('leaves nothing to do, unless the name was only ignored as a directory', async () => {
    const { engine, sink } = await start();
    for (const name of ['server.log', 'other.log', 'server.log']) sink.hint('', name, true);
    expect(engine.busy).toBe(false);
    for (const name of ['out', '.gitignore', 'seen']) {
      sink.hint('', name, true);
      expect(engine.busy).toBe(true);
      await engine.sync();
      expect(engine.busy).toBe(false);
    }
  });

  it('counts again when the rules have changed', async () => {
    const { engine, sink, root, told } = await start();
    sink.hint('', 'server.log', true);
    writeFileSync(join(root, '.gitignore'), 'out/\n');
    sink.hint('', '.gitignore', true);
    sink.hint('', 'server.log', true);
    await engine.sync();
    expect(told.map(({ event, path }) => `${event} ${path}`)).toEqual([
      'change .gitignore',
      'add server.log',
    ]);
    appendFileSync(join(root, 'server.log'), 'more');
    sink.hint('', 'server.log', true);
    expect(engine.busy).toBe(true);
  });

  it('counts again when the root is back without the rules', async () => {
    const { engine, sink, root, told } = await start();
    sink.hint('', 'server.log', true);
    renameSync(root, `${root}.away`);
    await engine.sync();
    mkdirSync(root);
    cleanUpWith(() => rmSync(`${root}.away`, { recursive: true }));
    await engine.sync();
    told.length = 0;
    writeFileSync(join(root, 'server.log'), '');
    sink.hint('', 'server.log', true);
    await engine.sync();
    expect(told.map(({ event, path }) => `${event} ${path}`)).toEqual(['add server.log']);
  });
});

it('does the work of two for a thousand calls of sync at once, and each still waits for what came before it', async () => {
  const root = temporaryDirectory();
  const told: Change[] = [];
  let barriers = 0;
  const engine = new RootEngine(
    root,
    directoriesBackend(async () => {
      barriers += 1;
      return false;
    }),
    { ignore: [], gitignore: true, settleMs: 60_000 },
    eventsInto(told),
    silentLog,
  );
  cleanUpWith(() => engine.close());
  await engine.start();
  const first = engine.sync();
  writeFileSync(join(root, 'seen'), '');
  await Promise.all([first, ...Array.from({ length: 1000 }, () => engine.sync())]);
  expect(told.map(({ event, path }) => `${event} ${path}`)).toContain('add seen');
  expect(barriers).toBe(2);
});
