// Hints given by hand, on real files: names in another form than a directory lists them, and hints that are lost.
import { execFileSync } from 'node:child_process';
import { appendFileSync, linkSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import type { Log } from '../log/index.ts';
import { afterStorms, type HintSink, type WatchBackend } from './backend.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { RootEngine } from './root-engine.ts';

interface Fed {
  readonly engine: RootEngine;
  readonly sink: HintSink;
  readonly root: string;
  /** What has been told, without what was there at first; one loss is `lost`. */
  readonly told: string[];
  /** Has the hints of these paths come, and what they lead to told. */
  hint(...paths: string[]): Promise<string[]>;
}

/** Watches a directory in which nothing is noticed but what the hints name, unless it is crawled. */
async function fed(
  prepare: (root: string) => void,
  { crawls, log = silentLog }: { crawls?: WatchBackend['crawls']; log?: Log } = {},
): Promise<Fed> {
  const root = temporaryDirectory();
  prepare(root);
  const told: string[] = [];
  let sink: HintSink | undefined;
  const engine = new RootEngine(
    root,
    (_path, given) => {
      sink = given;
      return {
        name: 'chokidar',
        ordered: false,
        namesAsListed: false,
        crawls,
        watches: 1,
        start: async () => {},
        rearm: async () => {},
        barrier: async () => true,
        watchDirectory: () => {},
        unwatchDirectory: () => {},
        close: async () => {},
      };
    },
    { ignore: [], gitignore: true, settleMs: 1 },
    eventsInto([], {
      batch: async (changes) => void told.push(...changes.map(({ event, path }) => `${event} ${path}`)),
      lost: async () => void told.push('lost'),
    }),
    log,
  );
  cleanUpWith(() => engine.close());
  await engine.start();
  const given = sink as unknown as HintSink;
  return {
    engine,
    sink: given,
    root,
    told,
    async hint(...paths) {
      told.length = 0;
      for (const path of paths) {
        const slash = path.lastIndexOf('/');
        given.hint(slash === -1 ? '' : path.slice(0, slash), path.slice(slash + 1), true);
      }
      await engine.sync();
      return told;
    },
  };
}

describe('a hint in another form than its directory lists', () => {
  const composed = 'caf\u00e9';
  const decomposed = 'cafe\u0301';

  it('of a new entry has it told under the name that is listed', async () => {
    const { root, hint } = await fed(() => {});
    writeFileSync(join(root, decomposed), '');
    expect(await hint(composed)).toEqual([`add ${decomposed}`]);
    mkdirSync(join(root, 'Docs'));
    writeFileSync(join(root, 'Docs/Read me.md'), '');
    expect(await hint('DOCS/READ ME.MD')).toEqual(['addDir Docs', 'add Docs/Read me.md']);
  });

  it('of what is below a known directory leads into that', async () => {
    const { root, hint } = await fed((at) => {
      mkdirSync(join(at, 'Src', decomposed), { recursive: true });
      writeFileSync(join(at, 'Src', decomposed, 'Main.ts'), '');
    });
    appendFileSync(join(root, 'Src', decomposed, 'Main.ts'), 'more');
    expect(await hint(`src/${composed}/main.ts`)).toEqual([`change Src/${decomposed}/Main.ts`]);
    writeFileSync(join(root, 'Src', decomposed, 'New.ts'), '');
    expect(await hint(`SRC/${composed}/NEW.TS`)).toEqual([`add Src/${decomposed}/New.ts`]);
  });

  it('of a write that no time shows has that told', async () => {
    const { root, hint } = await fed(() => {});
    writeFileSync(join(root, 'Makefile'), 'a');
    expect(await hint('Makefile')).toEqual(['add Makefile']);
    // As soon as this, the clock may show the same time, and the length is the same.
    writeFileSync(join(root, 'Makefile'), 'b');
    expect(await hint('makefile')).toEqual(['change Makefile']);
  });

  it('of something else where case counts has that told as well', async () => {
    const { root, hint } = await fed((at) => mkdirSync(join(at, 'src')));
    mkdirSync(join(root, 'SRC'));
    writeFileSync(join(root, 'SRC/a'), '');
    writeFileSync(join(root, 'A'), '');
    writeFileSync(join(root, 'a'), '');
    expect((await hint('SRC/a', 'A', 'a')).sort()).toEqual(['add A', 'add SRC/a', 'add a', 'addDir SRC']);
  });

  it('of an entry that is gone, under a short name, has its end told', async () => {
    const { root, hint } = await fed((at) => writeFileSync(join(at, 'a long name.txt'), ''));
    renameSync(join(root, 'a long name.txt'), `${root}.elsewhere`);
    expect(await hint('ALONGN~1.TXT')).toEqual(['unlink a long name.txt']);
  });
});

it('a name that answers and is not listed is gone if a listed one of the same form is the same entry', async () => {
  let place = '';
  // A file system that folds case has Readme answer when README is listed. Here a link does, made between the two.
  const log: Log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    warn: (event: string) => {
      if (event === 'entry skipped') linkSync(join(place, 'README'), join(place, 'Readme'));
    },
    child: () => log,
  });
  const { root, hint, engine } = await fed((at) => writeFileSync(join(at, 'Readme'), ''), { log });
  place = root;
  renameSync(join(root, 'Readme'), join(root, 'README'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  expect((await hint('README')).sort()).toEqual(['add README', 'unlink Readme']);
  expect(engine.status().files).toBe(1);
});

describe('hints that are lost', () => {
  it('for certain are reported once, before what a crawl finds', async () => {
    const { root, sink, told } = await fed(() => {}, { crawls: afterStorms });
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd/f'), '');
    for (let time = 0; time < 3; time++) sink.doubt(true);
    await until('the file', () => told.includes('add d/f'));
    expect(told).toEqual(['lost', 'addDir d', 'add d/f']);
  });

  it('perhaps are found by a crawl, and nothing else is said', async () => {
    const { root, sink, told, engine } = await fed(() => {}, { crawls: afterStorms });
    await until('the first crawl to be over', () => !engine.busy);
    writeFileSync(join(root, 'f'), '');
    sink.doubt(false);
    await until('the file', () => told.includes('add f'));
    expect(told).toEqual(['add f']);
  });

  it('of what is below a directory, joined into one of the directory, are found by a crawl', async () => {
    const { root, sink, told, engine } = await fed((at) => mkdirSync(join(at, 'd/e'), { recursive: true }), {
      crawls: afterStorms,
    });
    await until('the first crawl to be over', () => !engine.busy);
    writeFileSync(join(root, 'd/e/f'), '');
    sink.hint('', 'd', true);
    await until('the file', () => told.includes('add d/e/f'));
    expect(told).toEqual(['add d/e/f']);
  });
});
