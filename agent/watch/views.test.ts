import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/wait.ts';
import { Viewed } from './fixtures/viewed.ts';

let viewed: Viewed;

function write(path: string, text = 'x'): void {
  const absolute = join(viewed.root, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, text);
}

const remove = (path: string): void => rmSync(join(viewed.root, path), { recursive: true });
const move = (from: string, to: string): void => renameSync(join(viewed.root, from), join(viewed.root, to));
const status = () => viewed.watcher.status()[0];

beforeEach(async () => {
  viewed = new Viewed({ viewLingerMs: 20 });
  write('.gitignore', 'dist/\n*.log\nsrc/generated\n');
  write('src/a.ts');
  write('src/generated/api.ts');
  write('dist/js/a.js');
  write('dist/a.css');
  write('x.log');
  write('.git/HEAD');
  await viewed.start();
});

const defaultPaths = ['.gitignore', 'src', 'src/a.ts'];
const distPaths = ['dist', 'dist/a.css', 'dist/js', 'dist/js/a.js'];

describe('a view of what the rules leave out', () => {
  it('lists it, and reports its changes to nobody else', async () => {
    const view = await viewed.open({ ignored: true });
    expect(await viewed.list(view)).toEqual(
      [...defaultPaths, ...distPaths, 'src/generated', 'src/generated/api.ts', 'x.log'].sort(),
    );
    expect(await viewed.list()).toEqual(defaultPaths);
    write('dist/js/b.js');
    write('x.log', 'more');
    write('.git/index');
    expect(await viewed.told(view)).toEqual(['add dist/js/b.js', 'change x.log']);
    expect(await viewed.told()).toEqual([]);
    write('src/b.ts');
    expect(await viewed.told(view)).toEqual(['add src/b.ts']);
    expect(await viewed.told()).toEqual(['add src/b.ts']);
  });

  it('counts in the status as what it costs, not as the default view', async () => {
    const before = status();
    expect(before).toMatchObject({
      files: 2,
      dirs: 1,
      interests: { clients: 0, watches: 0, files: 0, paths: [] },
    });
    await viewed.open({ ignored: true });
    expect(status()).toMatchObject({
      files: 2,
      dirs: 1,
      watches: 5,
      interests: { clients: 1, watches: 3, files: 4, paths: ['**'] },
    });
  });

  it('tells where something came from only if it was seen there', async () => {
    const view = await viewed.open({ ignored: true });
    move('src/a.ts', 'dist/a.ts');
    expect(await viewed.told(view)).toEqual(['unlink src/a.ts', 'add dist/a.ts from src/a.ts']);
    expect(await viewed.told()).toEqual(['unlink src/a.ts']);
    move('dist/js', 'src/js');
    expect(await viewed.told(view)).toEqual([
      'unlink dist/js/a.js',
      'unlinkDir dist/js',
      'addDir src/js from dist/js',
      'add src/js/a.js from dist/js/a.js',
    ]);
    expect(await viewed.told()).toEqual(['addDir src/js', 'add src/js/a.js']);
  });

  it('is told nothing of what it holds anyway when the rules are edited', async () => {
    const view = await viewed.open({ ignored: true });
    write('.gitignore', '*.log\nsrc/generated\n');
    expect(await viewed.told(view)).toEqual(['change .gitignore']);
    expect(await viewed.told()).toEqual(
      ['change .gitignore', 'addDir dist', 'add dist/a.css', 'addDir dist/js', 'add dist/js/a.js'].sort(
        (a, b) => (a.slice(a.indexOf(' ')) < b.slice(b.indexOf(' ')) ? -1 : 1),
      ),
    );
    expect(status()).toMatchObject({ files: 4, dirs: 3 });
    write('.gitignore', 'dist\nsrc\n');
    expect(await viewed.told(view)).toEqual(['change .gitignore']);
    expect(await viewed.told()).toEqual([
      'unlink src/a.ts',
      'unlinkDir src',
      'unlink dist/js/a.js',
      'unlinkDir dist/js',
      'unlink dist/a.css',
      'unlinkDir dist',
      'change .gitignore',
      'add x.log',
    ]);
    expect(await viewed.list()).toEqual(['.gitignore', 'x.log']);
  });
});

it('takes a large change outside the default view in further batches, which sync waits for', async () => {
  const view = await viewed.open({ ignored: true });
  for (let index = 0; index < 1100; index++) write(`aside/deep/${index}`);
  await viewed.watcher.sync();
  move('aside', 'dist/aside');
  write('src/b.ts');
  await viewed.watcher.sync();
  const adds = viewed.batches.filter(
    (batch) => batch.view === view && batch.changes.some(({ event }) => event === 'add'),
  );
  expect(adds.length).toBeGreaterThan(2);
  expect(viewed.models.get(view)?.faults).toEqual([]);
  expect(viewed.models.get(view)?.differences(viewed.root)).toEqual([]);
  expect(await viewed.list()).toEqual([...defaultPaths, 'src/b.ts']);
  // The other way round it is the default view's, and one batch.
  move('dist/aside', 'aside');
  await viewed.watcher.sync();
  expect(viewed.batches.at(-1)?.changes).toHaveLength(2204);
  expect(viewed.models.get(view)?.differences(viewed.root)).toEqual([]);
  expect(await viewed.list()).toHaveLength(defaultPaths.length + 1103);
});

describe('a view of what a glob names', () => {
  it('holds that place alone', async () => {
    const view = await viewed.open({ match: ['dist/**'] });
    expect(await viewed.list(view)).toEqual([...defaultPaths, ...distPaths].sort());
    expect(status()?.interests).toEqual({ clients: 1, watches: 2, files: 2, paths: ['dist'] });
    write('dist/js/b.js');
    write('y.log');
    expect(await viewed.told(view)).toEqual(['add dist/js/b.js']);
    expect(await viewed.told()).toEqual([]);
  });

  it('holds a place that is made later, and again after it was removed', async () => {
    remove('dist');
    const view = await viewed.open({ match: ['dist/js/**'] });
    write('dist/js/a.js');
    write('dist/other/b.js');
    expect(await viewed.told(view)).toEqual(['addDir dist/js', 'add dist/js/a.js']);
    remove('dist');
    expect(await viewed.told(view)).toEqual(['unlink dist/js/a.js', 'unlinkDir dist/js']);
    write('dist/js/c.js');
    expect(await viewed.told(view)).toEqual(['addDir dist/js', 'add dist/js/c.js']);
    expect(await viewed.told()).toEqual([]);
    expect(status()?.interests).toMatchObject({ files: 1, watches: 2 });
  });

  it('is the default view where the rules leave out nothing that is named', async () => {
    for (const match of [
      ['**/dist/**'],
      ['src/**'],
      ['*.log'],
      ['.git/**'],
      ['{src,lib}/*.ts'],
      ['!dist/**'],
      [],
    ]) {
      expect(await viewed.open({ match })).toBeUndefined();
    }
    // As a directory where the glob goes on, and as a file where it does not.
    expect(await viewed.open({ match: ['dist'] })).toBeUndefined();
    for (const match of [['dist/*'], ['{dist,src}/**'], ['./dist/x.js'], ['x.log'], ['src/generated/**']]) {
      expect(await viewed.open({ match })).toBeDefined();
    }
  });

  it('is shared by requests that name the same', async () => {
    const view = await viewed.open({ match: ['dist/**', 'src/**'] });
    expect(await viewed.open({ match: ['dist/*.js', 'dist/**'] })).toBe(view);
    expect(status()?.interests.clients).toBe(2);
    expect(await viewed.open({ ignored: true })).not.toBe(view);
  });
});

describe('a view that nobody uses', () => {
  it('ends after a while with its watches and rows, unless it is used again', async () => {
    const view = await viewed.open({ match: ['dist/**'] });
    if (view === undefined) throw new Error('no view');
    viewed.watcher.release(view);
    expect(await viewed.open({ match: ['dist/**'] })).toBe(view);
    viewed.watcher.release(view);
    await until('its end', () => viewed.ended.includes(view));
    await until('its rows to go', () => status()?.interests.files === 0);
    expect(status()).toMatchObject({
      watches: 2,
      interests: { clients: 0, watches: 0, files: 0, paths: [] },
    });
    write('dist/js/b.js');
    expect(await viewed.told(view)).toEqual([]);
    const next = await viewed.open({ match: ['dist/**'] });
    expect(next).not.toBe(view);
    expect(await viewed.list(next)).toContain('dist/js/b.js');
  });

  it('leaves what another holds', async () => {
    const view = await viewed.open({ ignored: true });
    const other = await viewed.open({ match: ['dist/js/**'] });
    if (view === undefined) throw new Error('no view');
    viewed.watcher.release(view);
    await until('its rows to go', () => status()?.interests.files === 1);
    write('dist/js/b.js');
    write('dist/c.css');
    // Watches were closed, so hints may have been lost: what is so young may also be reported as changed.
    const told = (await viewed.told(other)).filter((line) => !line.startsWith('change '));
    expect(told).toEqual(['add dist/js/b.js']);
    expect(status()?.interests).toEqual({ clients: 1, watches: 2, files: 2, paths: ['dist/js'] });
  });
});

it('refuses the thirty-third view', async () => {
  const names = Array.from({ length: 33 }, (_, index) => `n${index}.log`);
  for (const name of names.slice(0, 32)) expect(await viewed.open({ match: [name] })).toBeDefined();
  await expect(viewed.open({ match: [names[32] ?? ''] })).rejects.toMatchObject({ code: 'too_many_views' });
  expect(await viewed.open({ match: ['n0.log'] })).toBeDefined();
});
