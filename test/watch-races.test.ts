// What is looked at is something else a moment later: the end is right all the same.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { cleanUpWith, roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { backends, follow, watched } from './support/watched.ts';
import { startWriter } from './support/writer.ts';

/** Makes `x` a file, a directory, a symlink and a FIFO by turns, as quickly as it can. */
const shapeShifter = `
const fs = require('node:fs');
const { spawnSync } = require('node:child_process');
process.chdir(process.argv[1]);
// Made once and linked again and again, for mkfifo is a process each time.
spawnSync('mkfifo', ['../../fifo']);
const shapes = [
  () => fs.writeFileSync('x', 'file'),
  () => { fs.mkdirSync('x'); fs.writeFileSync('x/in', ''); },
  () => fs.symlinkSync('nowhere', 'x'),
  () => fs.linkSync('../../fifo', 'x'),
  () => { fs.mkdirSync('x/deep/deeper', { recursive: true }); fs.writeFileSync('x/deep/deeper/in', ''); },
  () => { fs.writeFileSync('y', 'renamed'); fs.renameSync('y', 'x'); },
];
for (let round = 0; round < Number(process.argv[2]); round++) {
  fs.rmSync('x', { recursive: true, force: true });
  shapes[Math.floor(Math.random() * shapes.length)]();
}
`;

/** The chances of a race are the most with hints that come at once; the others look at fewer of the shapes. */
const shapeChanges = { directories: 5000, recursive: 800, chokidar: 1500, polling: 1500 };

it.each(backends.map((backend) => [shapeChanges[backend], backend] as const))(
  'a path that changes its shape %i times is in the end what it is, with %s',
  async (times, backend) => {
    const outside = temporaryDirectory();
    const root = join(outside, 'root');
    mkdirSync(join(root, 'd'), { recursive: true });
    const agent = await startAgent({ roots: [root], flags: ['--backend', backend] });
    const { client, expectTrue } = await follow(agent);
    const writer = startWriter(join(root, 'busy'));
    const child = spawn(process.execPath, ['-e', shapeShifter, join(root, 'd'), String(times)], {
      stdio: 'ignore',
    });
    cleanUpWith(() => void child.kill('SIGKILL'));
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await writer.stop();
    // The model knows no FIFOs.
    rmSync(join(root, 'd/x'), { recursive: true, force: true });
    await expectTrue();
    mkdirSync(join(root, 'd/x'));
    writeFileSync(join(root, 'd/x/in'), 'afterwards');
    await expectTrue();
    expect(client.closed).toBeUndefined();
  },
);

it('a tree unpacked, moved and removed at full speed is told as it is', async () => {
  const outside = temporaryDirectory(roomForMany);
  for (let number = 0; number < 300; number++) {
    mkdirSync(join(outside, 'tree', `a${number % 10}`, `b${number}`), { recursive: true });
    for (let file = 0; file < 5; file++) {
      writeFileSync(join(outside, 'tree', `a${number % 10}`, `b${number}`, `f${file}`), 'x');
    }
  }
  execFileSync('tar', ['-C', outside, '-cf', join(outside, 'tree.tar'), 'tree']);
  const { root, expectTrue } = await watched(() => {}, { settleMs: 4, parent: roomForMany });
  for (let round = 0; round < 3; round++) {
    execFileSync('tar', ['-C', root, '-xf', join(outside, 'tree.tar')]);
    execFileSync('mv', [join(root, 'tree'), join(root, `moved${round}`)]);
    if (round === 1) await expectTrue();
    execFileSync('cp', ['-a', join(root, `moved${round}`), join(root, 'tree')]);
    execFileSync('rm', ['-rf', join(root, 'tree'), join(root, `moved${round}/a3`)]);
  }
  await expectTrue();
});
