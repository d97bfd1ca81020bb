// What is left out, and what an edit of the rules does.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { brief, watched, watchedByOne } from './support/watched.ts';

const watchedHere = watchedByOne();

it('what .gitignore names is not told, at any level, with exceptions', async () => {
  const { root, changes } = await watchedHere((at) => {
    writeFileSync(join(at, '.gitignore'), 'node_modules\n*.log\n!keep.log\n/dist/\n');
    mkdirSync(join(at, 'src'));
    writeFileSync(join(at, 'src/.gitignore'), 'local\n!special.log\n');
  });
  mkdirSync(join(root, 'node_modules/x'), { recursive: true });
  mkdirSync(join(root, 'dist'));
  for (const path of ['node_modules/x/y', 'dist/a', 'a.log', 'src/local', 'src/b.log']) {
    writeFileSync(join(root, path), '');
  }
  for (const path of ['keep.log', 'src/special.log', 'local', 'src/dist']) {
    writeFileSync(join(root, path), '');
  }
  expect(brief(await changes())).toEqual([
    'add keep.log',
    'add local',
    'add src/dist',
    'add src/special.log',
  ]);
});

it('node_modules is not told, at any level, unless a rule includes it again', async () => {
  const { root, changes } = await watched((at) => {
    for (const path of ['node_modules', 'a/node_modules', 'a/b/node_modules']) {
      mkdirSync(join(at, path), { recursive: true });
    }
  });
  const write = (): void => {
    for (const path of ['node_modules/f', 'a/node_modules/f', 'a/b/node_modules/f', 'a/node_modules.ts']) {
      writeFileSync(join(root, path), 'x');
    }
  };
  write();
  expect(brief(await changes())).toEqual(['add a/node_modules.ts']);
  writeFileSync(join(root, 'a/.gitignore'), '!/node_modules/\n');
  expect(brief(await changes())).toEqual([
    'add a/.gitignore',
    'addDir a/node_modules',
    'add a/node_modules/f',
  ]);
  write();
  expect(brief(await changes())).toEqual(['change a/node_modules.ts', 'change a/node_modules/f']);
  rmSync(join(root, 'a/.gitignore'));
  expect(brief(await changes())).toEqual([
    'unlink a/node_modules/f',
    'unlinkDir a/node_modules',
    'unlink a/.gitignore',
  ]);
});

it('an edit of .gitignore takes effect while running', async () => {
  const { root, changes } = await watchedHere((at) => {
    mkdirSync(join(at, 'out/deep'), { recursive: true });
    writeFileSync(join(at, 'out/deep/a'), '');
    writeFileSync(join(at, 'b.tmp'), '');
    writeFileSync(join(at, '.gitignore'), '*.tmp\n');
  });
  writeFileSync(join(root, '.gitignore'), 'out\n');
  expect(brief(await changes()).sort()).toEqual(
    ['change .gitignore', 'add b.tmp', 'unlink out/deep/a', 'unlinkDir out/deep', 'unlinkDir out'].sort(),
  );
  rmSync(join(root, '.gitignore'));
  expect(brief(await changes()).sort()).toEqual(
    ['unlink .gitignore', 'addDir out', 'addDir out/deep', 'add out/deep/a'].sort(),
  );
  writeFileSync(join(root, 'out/deep/new'), '');
  expect(brief(await changes())).toEqual(['add out/deep/new']);
});

it('a directory with rules of its own takes them along when it is moved', async () => {
  const { root, changes } = await watchedHere((at) => {
    mkdirSync(join(at, 'a'));
    writeFileSync(join(at, 'a/.gitignore'), 'x\n');
    writeFileSync(join(at, 'a/x'), '');
  });
  renameSync(join(root, 'a'), join(root, 'b'));
  expect(brief(await changes())).toEqual([
    'unlink a/.gitignore',
    'unlinkDir a',
    'addDir b from a',
    'add b/.gitignore from a/.gitignore',
  ]);
  writeFileSync(join(root, 'b/x'), 'more');
  writeFileSync(join(root, 'b/y'), '');
  expect(brief(await changes())).toEqual(['add b/y']);
});

it('what leaves an ignored directory is added, and what goes into one is unlinked', async () => {
  const { root, changes } = await watchedHere((at) => {
    writeFileSync(join(at, '.gitignore'), 'out\n');
    mkdirSync(join(at, 'out/built'), { recursive: true });
    writeFileSync(join(at, 'out/built/a'), '');
    mkdirSync(join(at, 'src'));
    writeFileSync(join(at, 'src/b'), '');
  });
  renameSync(join(root, 'out/built'), join(root, 'built'));
  renameSync(join(root, 'src'), join(root, 'out/src'));
  expect(brief(await changes())).toEqual(['unlink src/b', 'unlinkDir src', 'addDir built', 'add built/a']);
  writeFileSync(join(root, 'out/src/b'), 'more');
  writeFileSync(join(root, 'built/a'), 'more');
  expect(brief(await changes())).toEqual(['change built/a']);
});

it('--ignore and --no-gitignore', async () => {
  const { root, changes } = await watched((at) => writeFileSync(join(at, '.gitignore'), 'a\n'), {
    flags: ['--no-gitignore', '--ignore', '**/cache'],
  });
  mkdirSync(join(root, 'x/cache'), { recursive: true });
  writeFileSync(join(root, 'x/cache/f'), '');
  writeFileSync(join(root, 'a'), '');
  mkdirSync(join(root, 'node_modules/.git'), { recursive: true });
  writeFileSync(join(root, 'node_modules/b'), '');
  expect(brief(await changes())).toEqual(['add a', 'addDir node_modules', 'add node_modules/b', 'addDir x']);
});
