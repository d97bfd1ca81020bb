// .gitignore files as git reads them, in the tree and while they change: what single lines mean is tested beside
// shared/globs/gitignore.ts.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { canBindByPermissions, startPowerlessAgent } from './support/confined-agent.ts';
import { until } from './support/wait.ts';
import { brief, type Watched, watched } from './support/watched.ts';

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function listed({ agent, root }: Watched): Promise<string[]> {
  await agent.sync();
  const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
  const lines = text.trim().split('\n').slice(1);
  return lines
    .map((line) => JSON.parse(line) as { path: string; kind: string })
    .flatMap(({ path, kind }) => (kind === 'dir' || path.includes('.gitignore') ? [] : [path]))
    .sort();
}

it('shows what git shows, in a tree of rules that differ in case, depth and what they bring back', async () => {
  const watch = await watched((root) => {
    spawnSync('git', ['init', '-q', root]);
    symlinkSync('rules', join(root, 'link'));
    write(root, {
      'case/.gitignore': 'Build/\n*.LOG\n',
      'case/build/a': '',
      'case/Build/b': '',
      'case/x.log': '',
      'case/y.LOG': '',
      // Below a directory that a deeper file brought back, patterns of paths go on counting.
      'back/.gitignore': 'a/b\n/a/b/x.log\n',
      'back/a/.gitignore': '!b\n',
      'back/a/b/x.log': '',
      'back/a/b/x.ts': '',
      'symlink/rules': 'foo\n',
      'symlink/foo': '',
      'large/.gitignore': `${'# nothing\n'.repeat(200_000)}foo\n`,
      'large/foo': '',
      'bytes/.gitignore': '?\n[!a]x\n',
      'bytes/é': '',
      'bytes/éx': '',
      'bytes/e': '',
    });
    symlinkSync('rules', join(root, 'symlink/.gitignore'));
  });
  const git = spawnSync('git', [
    '-C',
    watch.root,
    'ls-files',
    '-co',
    '--exclude-standard',
    '-z',
  ]).stdout.toString();
  const expected = git.split('\0').filter((path) => path !== '' && !path.includes('.gitignore'));
  expect(await listed(watch)).toEqual(expected.sort());
  expect(expected).toContain('case/build/a');
  expect(expected).not.toContain('large/foo');
  expect((await watch.status()).degraded).toBeNull();

  // The file of the rules is no entry itself, and heeded all the same.
  write(watch.root, { 'self/.gitignore': '*\n', 'self/a': '' });
  await watch.changes();
  write(watch.root, { 'self/.gitignore': '.gitignore\nb\n', 'self/b': '' });
  expect(brief(await watch.changes())).toEqual(['add self/a']);
  await watch.agent.stop();
});

it('leaves a nested repository to its own rules, from the moment that it is one', async () => {
  const watch = await watched((root) => {
    write(root, {
      '.gitignore': '*.o\nvendor/\n',
      'a.o': '',
      'nested/.gitignore': '*.tmp\n',
      'nested/b.o': '',
      'nested/deep/c.o': '',
      'nested/d.tmp': '',
      'module/e.o': '',
      'module/.git': 'gitdir: ../.git/modules/module\n',
      'vendor/f': '',
    });
    spawnSync('git', ['init', '-q', join(root, 'vendor')]);
  });
  const { root } = watch;
  expect(await listed(watch)).toEqual(['module/e.o']);
  spawnSync('git', ['init', '-q', join(root, 'nested')]);
  expect(await listed(watch)).toEqual(['module/e.o', 'nested/b.o', 'nested/deep/c.o']);
  rmSync(join(root, 'nested/.git'), { recursive: true });
  expect(await listed(watch)).toEqual(['module/e.o']);
});

const powerless = canBindByPermissions() ? it : it.skip;

powerless('keeps the rules of a file that can not be read, says so, and reads it once it can', async () => {
  const watch = await watched((root) => write(root, { '.gitignore': 'a\n', a: '', b: '' }), {
    start: startPowerlessAgent,
  });
  const rules = join(watch.root, '.gitignore');
  chmodSync(rules, 0);
  expect(await listed(watch)).toEqual(['b']);
  expect((await watch.status()).degraded).toContain('.gitignore can not be read (EACCES)');
  writeFileSync(join(watch.root, 'a'), 'more');
  expect(await listed(watch)).toEqual(['b']);
  chmodSync(rules, 0o644);
  writeFileSync(rules, 'b\n');
  expect(await listed(watch)).toEqual(['a']);
  expect((await watch.status()).degraded).toBeNull();
});

it('is quick about many rules and hostile ones, and says which do not count', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `gen/out-${i}/*.tmp\n*-${i}.bak\n`).join('');
  const watch = await watched((root) => {
    write(root, { '.gitignore': many, 'gen/out-9/x.tmp': '', 'gen/x.tmp': '', 'y-77.bak': '' });
    for (let i = 0; i < 1000; i++) writeFileSync(join(root, `f${i}`), '');
  });
  const { agent, root } = watch;
  expect((await listed(watch)).filter((path) => !path.startsWith('f'))).toEqual(['gen/x.tmp']);

  // Each of these lines took a backtracking matcher for ever on such a path.
  write(root, { '.gitignore': `${'**/*/'.repeat(9)}x\n${'*a'.repeat(30)}b\n[z-a]${'**/'.repeat(500)}\n` });
  write(root, { [`${'a/'.repeat(120)}${'a'.repeat(250)}`]: '' });
  const answer = await until('an answer', () => agent.request('/healthz'), 5000);
  expect(answer.status).toBe(200);
  expect(await listed(watch)).toContain(`${'a/'.repeat(120)}${'a'.repeat(250)}`);

  write(root, { '.gitignore': Array.from({ length: 20_000 }, (_, i) => `*${i}[0-9]?x\n`).join('') });
  await agent.sync();
  expect((await watch.status()).degraded).toMatch(
    /\.gitignore has more wildcard rules .*: line \d+ and others/,
  );
  write(root, { '.gitignore': `f*\n${'#\n'.repeat(2_100_000)}gen\n` });
  expect((await listed(watch)).filter((path) => path.startsWith('f'))).toEqual([]);
  expect((await watch.status()).degraded).toContain('larger than 4 MiB');
});
