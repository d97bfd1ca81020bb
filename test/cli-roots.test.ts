// agent-cli watch, unwatch and roots: which directories a running agent watches.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RootStatus } from '../shared/index.ts';
import { binaries, runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { parseCliJson } from './support/cli-schemas.ts';
import { sharedAgent } from './support/shared-agent.ts';

async function rootsOf(agent: TestAgent): Promise<string[]> {
  return (await agent.request('/v1/roots')).json<RootStatus[]>().map(({ path }) => path);
}

async function filesOf(agent: TestAgent, root: string): Promise<string[]> {
  const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
  const [, ...records] = text.trimEnd().split('\n');
  return records.map((record) => (JSON.parse(record) as { path: string }).path);
}

function nowhere(): Record<string, string> {
  return { AGENT_RUNTIME_DIR: temporaryDirectory() };
}

const shared = sharedAgent();

describe('agent-cli watch', () => {
  it('adds directories by whatever path, and says what is in them', async () => {
    const agent = shared();
    const { env } = agent;
    const parent = temporaryDirectory();
    for (const name of ['one', 'two']) mkdirSync(join(parent, name));
    writeFileSync(join(parent, 'one/a.ts'), 'x');
    symlinkSync('two', join(parent, 'link'));
    const args = ['watch', relative(process.cwd(), join(parent, 'one')), join(parent, 'link')];
    expect(await runCli(args, { env })).toEqual({
      code: 0,
      signal: null,
      stdout: `watching ${parent}/one: 1 file, 0 directories\nwatching ${parent}/two: 0 files, 0 directories\n`,
      stderr: '',
    });
    expect(await rootsOf(agent)).toEqual([agent.root, `${parent}/one`, `${parent}/two`]);
  });

  it('may be said twice of the same directory', async () => {
    const agent = shared();
    const again = await runCli(['watch', agent.root, '--json'], { env: agent.env });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(parseCliJson('watch', again.stdout)).toMatchObject([{ path: agent.root, ready: true }]);
    expect(await rootsOf(agent)).toEqual([agent.root]);
  });

  it('leaves out what --ignore names, and with --no-gitignore takes in what .gitignore does', async () => {
    const agent = shared();
    const root = temporaryDirectory();
    for (const name of ['a.ts', 'a.log', 'built.js']) writeFileSync(join(root, name), 'x');
    writeFileSync(join(root, '.gitignore'), 'built.js\n');
    const args = ['watch', root, '--ignore', '*.log', '--ignore', '*.tmp'];
    expect(await runCli([...args, '--no-gitignore'], { env: agent.env })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await filesOf(agent, root)).sort()).toEqual(['.gitignore', 'a.ts', 'built.js']);

    const same = ['watch', root, '--ignore', '*.tmp', '--ignore', '*.log', '--ignore', '*.tmp'];
    expect(await runCli(same, { env: agent.env })).toMatchObject({ code: 0, stderr: '' });
    const other = await runCli(['watch', root, '--ignore', '*.md'], { env: agent.env });
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain(
      `${root} is already watched with ignore ["*.log","*.tmp"], not ignore ["*.md"]`,
    );
    expect(other.stderr).toContain(`agent-cli unwatch ${root}`);
    expect(await filesOf(agent, root)).toContain('built.js');
  });

  it('exits 1 for what is no directory, and adds the others', async () => {
    const agent = shared();
    const { env } = agent;
    const root = temporaryDirectory();
    writeFileSync(join(root, 'file'), 'x');
    const result = await runCli(['watch', join(root, 'none'), join(root, 'file'), root], { env });
    expect(result).toMatchObject({ code: 1, stdout: `watching ${root}: 1 file, 0 directories\n` });
    expect(result.stderr).toContain(`${root}/none can't be watched: ENOENT`);
    expect(result.stderr).toContain(`${root}/file can't be watched: it is not a directory`);
    const glob = await runCliHere(['watch', temporaryDirectory(), '--ignore', ''], env);
    expect(glob).toMatchObject({ code: 2, stdout: '' });
    expect(glob.stderr).toContain('--ignore: a glob is empty');
  });

  it('exits 2 without a directory, 3 without an agent that it may not start', async () => {
    expect(await runCli(['watch'], { env: nowhere() })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'agent-cli: DIR is missing\n',
    });
    expect(await runCli(['watch', '.', '--no-start'], { env: nowhere() })).toMatchObject({
      code: 3,
      stdout: '',
    });
  });
});

describe('agent-cli unwatch', () => {
  it('takes roots away, also one that is gone', async () => {
    const parent = temporaryDirectory();
    const roots = ['one', 'two', 'three'].map((name) => join(parent, 'real', name));
    for (const root of roots) mkdirSync(root, { recursive: true });
    symlinkSync('real', join(parent, 'link'));
    const agent = await startAgent({ roots });
    const { env } = agent;
    rmSync(join(parent, 'real/two'), { recursive: true });
    const args = ['unwatch', relative(process.cwd(), roots[0] ?? ''), join(parent, 'link/two')];
    expect(await runCli(args, { env })).toEqual({
      code: 0,
      signal: null,
      stdout: `no longer watching ${roots[0]}\nno longer watching ${roots[1]}\n`,
      stderr: '',
    });
    expect(await rootsOf(agent)).toEqual([roots[2]]);
    renameSync(join(parent, 'real'), join(parent, 'elsewhere'));
    const json = await runCli(['unwatch', roots[2] ?? '', '--json'], { env });
    expect(parseCliJson('unwatch', json.stdout)).toEqual([{ path: roots[2] }]);
  });

  it('knows by its name the directory that it runs in, though that is gone', async () => {
    const agent = await startAgent();
    const script = `cd "${agent.root}" && rmdir "${agent.root}" && exec "${process.execPath}" "${binaries.cli}" "$@"`;
    const run = (...args: string[]) =>
      spawnSync('sh', ['-c', script, 'sh', ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...agent.env },
      });
    expect(run('unwatch', '.')).toMatchObject({
      status: 0,
      stdout: `no longer watching ${agent.root}\n`,
      stderr: '',
    });
    mkdirSync(agent.root);
    const watch = run('watch', '.', '--no-start');
    expect(watch).toMatchObject({ status: 1, stdout: '' });
    expect(watch.stderr).toContain(`${agent.root} can't be watched: ENOENT`);
  });

  it('exits 1 for what is not watched, and says how to see what is', async () => {
    const { env } = shared();
    const result = await runCli(['unwatch', '/nowhere'], { env });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(/^agent-cli: \/nowhere is not watched.*\n {2}see: agent-cli roots\n$/);
  });

  it('exits 2 without a directory, 3 without an agent', async () => {
    expect(await runCli(['unwatch'], { env: nowhere() })).toMatchObject({ code: 2, stdout: '' });
    expect(await runCli(['unwatch', '.'], { env: nowhere() })).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('agent-cli roots', () => {
  it('lists them, and says how to add one where there is none', async () => {
    const agent = await startAgent();
    const { env } = agent;
    const list = await runCli(['roots'], { env });
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const [heading, line] = list.stdout.split('\n');
    expect(heading).toMatch(/^root +state +backend +files +dirs +watches +recrawls$/);
    expect(line).toMatch(new RegExp(`^${agent.root} +ready +\\w+ +0 +0 +\\d+ +0$`));

    await runCli(['unwatch', agent.root], { env });
    expect(await runCli(['roots'], { env })).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: 'agent-cli: no directory is watched: add one with: agent-cli watch DIR\n',
    });
    expect((await runCli(['roots', '--json'], { env })).stdout).toBe('[]\n');
  });

  it('exits 2 for operands, 3 without an agent', async () => {
    expect(await runCliHere(['roots', 'x'], nowhere())).toMatchObject({ code: 2, stdout: '' });
    expect(await runCli(['roots'], { env: nowhere() })).toMatchObject({ code: 3, stdout: '' });
  });
});
