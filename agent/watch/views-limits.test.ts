// Views on a backend whose watches run out by hand, on real files: what does not fit is refused, and the default view has
// what it needs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { until } from '../../test/support/wait.ts';
import type { BackendFactory } from './backend.ts';
import { directoriesBackend } from './backend-directories.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { RootEngine } from './root-engine.ts';
import { type View, Views, watchLimit } from './views.ts';

const directories = directoriesBackend(async () => true);

/** Real watches, of which there are never more than `allowed` at a time. */
function limitedBackend(allowed: number): BackendFactory {
  return (path, sink) => {
    const backend = directories(path, sink);
    const watchDirectory = backend.watchDirectory.bind(backend);
    return Object.assign(backend, {
      watchDirectory: (directory: string, place: string | Buffer) => {
        if (backend.watches >= allowed) throw Object.assign(new Error('by hand'), { code: 'ENOSPC' });
        watchDirectory(directory, place);
      },
    });
  };
}

let root: string;
let told: string[];
let ended: View[];

async function start(allowed: number): Promise<{ engine: RootEngine; views: Views }> {
  const engine: RootEngine = new RootEngine(
    root,
    limitedBackend(allowed),
    { ignore: [], gitignore: true, settleMs: 1 },
    eventsInto([], {
      batch: async (changes, _placed, view) => {
        for (const { event, path } of changes) told.push(`${view?.id ?? 'default'} ${event} ${path}`);
      },
      refuse: (view, error) => views.refuse(view, watchLimit(error)),
      freeWatches: (error) => {
        const hasFreed = engine.freeOutside();
        views.refuseAll(watchLimit(error));
        return hasFreed;
      },
    }),
    silentLog,
  );
  const views = new Views({ roots: () => [engine], ended: (view) => void ended.push(view) });
  cleanUpWith(async () => {
    views.close();
    await engine.close();
  });
  await engine.start();
  return { engine, views };
}

const everything = (): Parameters<Views['take']>[0] => ({ root, ignored: true, match: [] });
const place = (glob: string): Parameters<Views['take']>[0] => ({ root, ignored: false, match: [glob] });

beforeEach(() => {
  told = [];
  ended = [];
  root = temporaryDirectory();
  writeFileSync(join(root, '.gitignore'), 'out/\nlib/\n');
  for (const path of ['src', 'out/a', 'out/b', 'out/c', 'lib/a'])
    mkdirSync(join(root, path), { recursive: true });
});

describe('a view for which there are not enough watches', () => {
  it('is refused, and lets go of those that it got', async () => {
    const { engine, views } = await start(4);
    const view = views.take(everything());
    await expect(view?.ready).rejects.toMatchObject({ code: 'watch_limit' });
    expect(ended).toEqual([view]);
    expect(engine.status()).toMatchObject({
      backend: 'directories',
      watches: 2,
      degraded: null,
      interests: { clients: 0, watches: 0, files: 0, paths: [] },
    });
    writeFileSync(join(root, 'src/f'), '');
    await until('the default view', () => told.includes('default add src/f'));
  });

  it('leaves another view what that has', async () => {
    const { engine, views } = await start(5);
    const other = views.take(place('lib/**'));
    await other?.ready;
    await expect(views.take(everything())?.ready).rejects.toMatchObject({ code: 'watch_limit' });
    expect(engine.status()).toMatchObject({ watches: 4, interests: { watches: 2, paths: ['lib'] } });
    writeFileSync(join(root, 'lib/a/f'), '');
    await until('the other view', () => told.includes(`${other?.id} add lib/a/f`));
  });

  it('ends when it grows beyond what there is', async () => {
    const { engine, views } = await start(4);
    const view = views.take(place('lib/**'));
    await view?.ready;
    mkdirSync(join(root, 'lib/b'));
    await until('its end', () => view !== undefined && ended.includes(view));
    await until('its watches to go', () => engine.status().watches === 2);
    expect(engine.status()).toMatchObject({ backend: 'directories', degraded: null });
  });
});

describe('a default view for which there are not enough watches', () => {
  it('gets those of wide views, which end, before it is polled', async () => {
    const { engine, views } = await start(4);
    const view = views.take(place('lib/**'));
    await view?.ready;
    expect(engine.status().watches).toBe(4);
    mkdirSync(join(root, 'src/deep'));
    writeFileSync(join(root, 'src/deep/f'), '');
    await until('the new file', () => told.includes('default add src/deep/f'));
    expect(ended).toEqual([view]);
    await until('the rows of the view to go', () => engine.status().interests.watches === 0);
    expect(engine.status()).toMatchObject({ backend: 'directories', watches: 3, degraded: null });
    writeFileSync(join(root, 'src/deep/g'), '');
    await until('a hint', () => told.includes('default add src/deep/g'));
  });
});

it('reports what happens in the default view while a large place is crawled for another', async () => {
  for (let index = 0; index < 6000; index++) writeFileSync(join(root, 'out/a', `${index}`), '');
  const { engine, views } = await start(100);
  const view = views.take(everything());
  let isReady = false;
  void view?.ready.then(() => (isReady = true));
  writeFileSync(join(root, 'src/f'), '');
  await engine.sync();
  expect(told).toEqual(['default add src/f']);
  expect(isReady).toBe(false);
  await view?.ready;
  expect(engine.status().interests.files).toBe(6000);
  expect(told).toEqual(['default add src/f']);
});
