// agent-cli on with GLOBs that lead elsewhere: through links that were named, and out of the current directory.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Status } from '../shared/index.ts';
import { runCli, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import type { CliProcess } from './support/cli-process.ts';
import { startOn } from './support/on.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

/** Writes files with the directories that they are in. */
function write(root: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), `${performance.now()}`);
  }
}

/** Has a link lead elsewhere, in one step. */
function turn(target: string, link: string): void {
  symlinkSync(target, `${link}.new`);
  renameSync(`${link}.new`, link);
}

const echo = ['--', 'echo "ran for" $AGENT_CHANGED'];

/** How often it has run, and for what. */
const runs = (on: CliProcess) => on.lines.map((line) => line.replace(/^ran for ?/, ''));

async function ran(on: CliProcess, ...expected: string[]): Promise<void> {
  await until(
    () => `runs for ${expected}; it ran for ${runs(on)}: ${on.stderr}`,
    () => runs(on).length >= expected.length,
  );
  expect(runs(on)).toEqual(expected);
}

/** Waits until the agent has a root. */
async function watches(agent: TestAgent, root: string): Promise<void> {
  await until(`${root} to be watched`, async () =>
    (await agent.request('/v1/status')).json<Status>().roots.some(({ path }) => path === root),
  );
}

describe('agent-cli on with a link that was named', () => {
  it('follows it, elsewhere and in the tree, by itself, in a glob, and in the middle of a path', async () => {
    const agent = shared();
    const away = temporaryDirectory();
    write(away, 'lib/a.js', 'lib/gen/b.js', 'lib/deep/c.js', 'conf/real');
    write(agent.root, 'packages/core/d.js');
    symlinkSync(join(away, 'lib'), join(agent.root, 'inner'));
    // One of a chain.
    symlinkSync('inner', join(agent.root, 'outer'));
    symlinkSync('packages', join(agent.root, 'pack'));
    symlinkSync(join(away, 'conf/real'), join(agent.root, 'file'));
    await agent.sync();
    const whole = await startOn(agent, ['outer', '!outer/gen', ...echo]);
    const glob = await startOn(agent, ['outer/**/*.js', '--ignore', '**/gen/**', ...echo]);
    const middle = await startOn(agent, ['outer/deep/*.js', 'pack/core', ...echo]);
    const file = await startOn(agent, ['file', ...echo]);
    const tree = await startOn(agent, ['.', ...echo]);
    write(away, 'lib/gen/b.js');
    await agent.sync();
    write(away, 'lib/a.js');
    await ran(whole, 'outer/a.js');
    await ran(glob, 'outer/a.js');
    write(away, 'lib/deep/c.js');
    await ran(middle, 'outer/deep/c.js');
    write(agent.root, 'packages/core/d.js');
    await ran(middle, 'outer/deep/c.js', 'pack/core/d.js');
    write(away, 'conf/real');
    await ran(file, 'file');
    // A link that was not named is an entry.
    await ran(tree, 'packages/core/d.js');
  });

  it('runs when it is turned, and follows it to where it leads then', async () => {
    const agent = shared();
    const deploy = temporaryDirectory();
    write(deploy, 'releases/1/a', 'releases/2/a', 'releases/3/a');
    symlinkSync('releases/1', join(deploy, 'current'));
    symlinkSync(join(deploy, 'current'), join(agent.root, 'site'));
    const on = await startOn(agent, ['site/**', ...echo]);
    turn('releases/2', join(deploy, 'current'));
    await ran(on, 'site');
    await watches(agent, join(deploy, 'releases/2'));
    write(deploy, 'releases/1/a');
    await agent.sync();
    write(deploy, 'releases/2/a');
    await ran(on, 'site', 'site/a');
    // Without a target for a while, as when it is made anew, or the target is.
    rmSync(join(deploy, 'current'));
    turn('releases/4', join(deploy, 'current'));
    renameSync(join(deploy, 'releases/3'), join(deploy, 'releases/4'));
    await ran(on, 'site', 'site/a', 'site');
    write(deploy, 'releases/4/b');
    await ran(on, 'site', 'site/a', 'site', 'site/b');
  });

  it('runs once for a file whose directory is replaced by turning a link, as with a ConfigMap', async () => {
    const agent = shared();
    const { root } = agent;
    write(root, '..1/key', '..1/other', '..2/key');
    symlinkSync('..1', join(root, '..data'));
    symlinkSync('..data/key', join(root, 'key'));
    await agent.sync();
    const on = await startOn(agent, ['key', ...echo]);
    write(root, '..1/other');
    await agent.sync();
    turn('..2', join(root, '..data'));
    rmSync(join(root, '..1'), { recursive: true });
    await ran(on, 'key');
    write(root, '..2/key');
    await ran(on, 'key', 'key');
  });

  it('notices a link in the place of a directory, and a directory in the place of a link', async () => {
    const agent = shared();
    const away = temporaryDirectory();
    write(away, 'a.ts');
    write(agent.root, 'src/a.ts');
    await agent.sync();
    const on = await startOn(agent, ['src', ...echo]);
    renameSync(join(agent.root, 'src'), join(agent.root, 'old'));
    symlinkSync(away, join(agent.root, 'src'));
    await watches(agent, away);
    await changedUntilRun(on, away, 'b.ts', 'src/b.ts');
    rmSync(join(agent.root, 'src'));
    await changedUntilRun(on, agent.root, 'src/c.ts', 'src/c.ts');
  });
});

/** Changes a file until there is a run for it: what has been turned is followed from a moment on that nobody tells. */
async function changedUntilRun(on: CliProcess, root: string, path: string, shown: string): Promise<void> {
  const timer = setInterval(() => write(root, path), 300);
  try {
    await until(
      () => `a run for ${shown}; it ran for ${runs(on)}`,
      () => runs(on).some((paths) => paths.split(' ').includes(shown)),
    );
  } finally {
    clearInterval(timer);
  }
}

describe('agent-cli on with GLOBs that lead out of the root', () => {
  it('watches all that they name', async () => {
    const agent = shared();
    const around = temporaryDirectory();
    write(around, 'app/a.ts', 'lib/b.ts', 'lib/b.log', 'other/c.ts');
    const cwd = join(around, 'app');
    expect(await runCli(['watch', cwd], { env: agent.env })).toMatchObject({ code: 0 });
    const args = ['.', '../lib/**', '!../lib/*.log', '--topic', 'go', '--initial', ...echo];
    const on = await startOn(agent, args, { cwd });
    await ran(on, '');
    expect(on.stderr).toContain(`the agent watches ${join(around, 'lib')}, too, from now on`);
    write(around, 'other/c.ts', 'lib/b.log');
    await agent.sync();
    write(around, 'lib/b.ts');
    await ran(on, '', '../lib/b.ts');
    write(around, 'app/a.ts');
    await ran(on, '', '../lib/b.ts', 'a.ts');
    await agent.broadcast('x', 'go');
    await ran(on, '', '../lib/b.ts', 'a.ts', '');
    const { roots } = (await agent.request('/v1/status')).json<Status>();
    expect(roots.map(({ path }) => path)).not.toContain(around);
  });

  it('refuses one that leads to what is not there', async () => {
    const agent = shared();
    const result = await runCli(['on', '.', '../nope/**', '--', 'true'], { env: agent.env, cwd: agent.root });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('"../nope/**" leads out of the current directory, to what is not there');
  });
});
