// Names and things that a file system allows and that few expect.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { cleanUpWith } from './support/cleanup.ts';
import { until } from './support/wait.ts';
import { backends, brief, watched, watchedByOne } from './support/watched.ts';

const watchedHere = watchedByOne();

it.each(backends)('strange names are told as they are, by %s', async (backend) => {
  const { root, expectTrue, changes } = await watched(() => {}, { flags: ['--backend', backend] });
  const names = [
    ' two  blanks ',
    'new\nline',
    'émoji 🎉',
    'e\u0301 in two code points',
    '\\',
    '...',
    '-rf',
    '*',
    '[a]{b}',
    'C:',
    '\u202eabc',
    '\ufffd',
    'x'.repeat(255),
    '🎉'.repeat(63),
  ];
  for (const name of names) writeFileSync(join(root, name), '');
  await expectTrue();
  const added = (await changes()).filter(({ event }) => event === 'add').map(({ path }) => path);
  expect(added.sort()).toEqual([...names].sort());
  for (const name of names) unlinkSync(join(root, name));
  await expectTrue();
});

it('names of 255 bytes make directories, too, and move', async () => {
  const { root, expectTrue, changes } = await watchedHere();
  const [long, other] = ['d'.repeat(255), 'é'.repeat(127)];
  mkdirSync(join(root, long, long), { recursive: true });
  writeFileSync(join(root, long, long, long), '');
  await expectTrue();
  await changes();
  renameSync(join(root, long, long), join(root, other));
  await expectTrue();
  writeFileSync(join(root, other, 'later'), '');
  expect((await changes()).at(-1)).toMatchObject({ event: 'add', path: `${other}/later` });
});

it('a name that is not UTF-8 carries its bytes', async () => {
  const { root, changes } = await watchedHere();
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  const path = Buffer.concat([Buffer.from(`${root}/`), name]);
  const file = Buffer.concat([path, Buffer.from('/in')]);
  mkdirSync(path);
  writeFileSync(file, '');
  const pathBytes = name.toString('base64');
  const inside = Buffer.concat([name, Buffer.from('/in')]).toString('base64');
  expect(await changes()).toMatchObject([
    { event: 'addDir', path: 'f\uFFFD\uFFFD', pathBytes },
    { event: 'add', path: 'f\uFFFD\uFFFD/in', pathBytes: inside },
  ]);
  writeFileSync(file, 'more');
  expect(await changes()).toMatchObject([{ event: 'change', pathBytes: inside }]);
  unlinkSync(file);
  rmdirSync(path);
  expect(await changes()).toMatchObject([
    { event: 'unlink', pathBytes: inside },
    { event: 'unlinkDir', pathBytes },
  ]);
});

it('two names that are not UTF-8 and read alike are told apart', async () => {
  const { root, changes } = await watchedHere();
  const paths = [0xfe, 0xff].map((byte) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from([byte])]));
  for (const path of paths) writeFileSync(path, '');
  const added = await changes();
  expect(added.map(({ path }) => path)).toEqual(['\uFFFD', '\uFFFD']);
  expect(added.map(({ pathBytes }) => pathBytes).sort()).toEqual(['/g==', '/w==']);
  unlinkSync(paths[1] as Buffer);
  expect(await changes()).toMatchObject([{ event: 'unlink', pathBytes: '/w==' }]);
});

it('FIFOs and sockets are skipped with a line in the log, and nothing hangs', async () => {
  const { root, agent, changes } = await watchedHere();
  execFileSync('mkfifo', [join(root, 'pipe'), join(root, '.gitignore')]);
  const server = createServer().listen(join(root, 'socket'));
  cleanUpWith(() => void server.close());
  await until('the socket', () => existsSync(join(root, 'socket')));
  writeFileSync(join(root, 'a'), '');
  expect(brief(await changes())).toEqual(['add a']);
  for (const name of ['pipe', 'socket']) {
    await until(`the line of ${name}`, () => new RegExp(`entry skipped .*path=${name}`).test(agent.stderr));
  }
});

it('many FIFOs are logged once, the first hundred by name, however often the tree is crawled', async () => {
  const many = 1500;
  const { root, agent, client } = await watched(
    (at) => {
      const names = Array.from({ length: many }, (_unused, n) => join(at, `pipe-${n}`));
      for (let start = 0; start < many; start += 500) execFileSync('mkfifo', names.slice(start, start + 500));
    },
    { flags: ['--backend', 'polling'] },
  );
  // Each is answered by a crawl.
  for (let crawl = 0; crawl < 3; crawl++) await agent.sync();
  writeFileSync(join(root, 'last'), '');
  await client.waitForChange('add last');
  const lines = agent.logLines.filter(({ event }) => /skipped/.test(String(event)));
  const named = lines.filter(({ event }) => event === 'entry skipped');
  expect(new Set(named.map(({ path }) => path)).size).toBe(100);
  expect(named).toHaveLength(100);
  expect(lines.slice(100)).toMatchObject([{ event: 'more entries skipped', entries: many }]);
});

it('a file that becomes a FIFO is unlinked, and added when it is a file again', async () => {
  const { root, changes } = await watchedHere((at) => writeFileSync(join(at, 'a'), ''));
  unlinkSync(join(root, 'a'));
  execFileSync('mkfifo', [join(root, 'a')]);
  expect(brief(await changes())).toEqual(['unlink a']);
  unlinkSync(join(root, 'a'));
  writeFileSync(join(root, 'a'), 'again');
  expect(brief(await changes())).toEqual(['add a']);
});

it('symlink loops, dangling links and hard links are entries', async () => {
  const { root, expectTrue, changes } = await watchedHere();
  symlinkSync('loop', join(root, 'loop'));
  symlinkSync('.', join(root, 'self'));
  symlinkSync('nowhere', join(root, 'dangling'));
  writeFileSync(join(root, 'a'), '');
  linkSync(join(root, 'a'), join(root, 'b'));
  await expectTrue();
  expect(brief(await changes()).sort()).toEqual(['add a', 'add b', 'add dangling', 'add loop', 'add self']);
});

it.each(backends)('a tree with links to itself is no deeper than it is, for %s', async (backend) => {
  const { root, client, expectTrue } = await watched(
    (at) => {
      mkdirSync(join(at, 'd/e'), { recursive: true });
      symlinkSync('../..', join(at, 'd/e/up'));
      symlinkSync(at, join(at, 'whole'));
    },
    { flags: ['--backend', backend] },
  );
  writeFileSync(join(root, 'd/e/f'), '');
  await client.waitForChange('add d/e/f');
  await expectTrue();
});

it('a path near the limit of 4,096 bytes', async () => {
  const { root, expectTrue } = await watchedHere();
  let path = root;
  while (path.length + 202 < 4090) path = join(path, 'd'.repeat(200));
  mkdirSync(path, { recursive: true });
  const file = join(path, 'f'.repeat(4095 - path.length - 1));
  writeFileSync(file, 'deep');
  expect(file).toHaveLength(4095);
  await expectTrue();
  appendFileSync(file, 'er');
  await expectTrue();
});
