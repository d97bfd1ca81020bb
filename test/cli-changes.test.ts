// `agent-cli changes`: what changed, for scripts.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ChangesAnswer } from '../shared/index.ts';
import { binaries, runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { sharedAgent } from './support/shared-agent.ts';

describe('with an agent', () => {
  const shared = sharedAgent();
  const changes = (...args: string[]) => runCli(['changes', ...args], { env: shared().env });
  const write = (name: string): void => writeFileSync(join(shared().root, name), '');
  const cursorOf = async (name: string): Promise<string | undefined> => {
    const named = (await shared().request('/v1/cursors')).json<{ name: string; cursor: string }[]>();
    return named.find((one) => one.name === name)?.cursor;
  };

  it('prints a line a change since a cursor, and nothing where nothing changed', async () => {
    const agent = shared();
    write('gone');
    const at = await agent.sync();
    mkdirSync(join(agent.root, 'd'));
    write('d/a.ts');
    write('b.js');
    rmSync(join(agent.root, 'gone'));
    const all = await changes('--since', at);
    expect(all).toEqual({
      code: 0,
      signal: null,
      stdout: 'unlink gone\nadd b.js\naddDir d\nadd d/a.ts\n',
      stderr: '',
    });
    expect((await changes('--since', at, '--match', '**/*.ts', '-0')).stdout).toBe('add d/a.ts\0');
    expect((await changes('--since', at, '--ignore', 'd{,/**}', '--root', agent.root)).stdout).toBe(
      'unlink gone\nadd b.js\n',
    );
    expect(await changes('--since', await agent.sync())).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('remembers when it was asked last, and moves that only when all is printed', async () => {
    const agent = shared();
    const first = await changes('--since-last', 'lint');
    expect(first).toMatchObject({ code: 5, stdout: '' });
    expect(first.stderr).toContain('everything may have changed');
    write('a');
    for (const peek of [['--peek'], []]) {
      expect(await changes('--since-last', 'lint', ...peek)).toMatchObject({ code: 0, stdout: 'add a\n' });
    }
    expect((await changes('--since-last', 'lint')).stdout).toBe('');
    const before = await cursorOf('lint');
    write('b');
    // Nobody reads what it prints.
    const script = `{ sleep 0.1; "$@"; } | true`;
    const child = spawn(
      'bash',
      ['-c', script, 'sh', process.execPath, binaries.cli, 'changes', '--since-last', 'lint'],
      {
        env: { ...process.env, ...agent.env },
        stdio: 'ignore',
      },
    );
    await new Promise((resolve) => child.once('exit', resolve));
    expect(await cursorOf('lint')).toBe(before);
    expect((await changes('--since-last', 'lint')).stdout).toBe('add b\n');
  });

  it('exits 5 where everything may have changed, and says why', async () => {
    const agent = shared();
    const at = await agent.sync();
    for (const name of ['a', 'b', 'c']) write(name);
    const limited = await changes('--since', at, '--limit', '2', '--json');
    expect(limited.code).toBe(5);
    expect(JSON.parse(limited.stdout) as ChangesAnswer).toMatchObject({
      complete: false,
      reason: 'limit',
      total: 3,
    });
    expect(limited.stderr).toContain('more changes than --limit (3)');
    const other = await changes('--since', 'zzz:1');
    expect(other).toMatchObject({ code: 5, stdout: '' });
    expect(other.stderr).toContain('another run of the agent');
  });

  it('prints messages as well if it is asked to', async () => {
    const agent = shared();
    const at = await agent.sync();
    write('a');
    await agent.sync();
    await agent.broadcast({ ok: true }, 'build.done');
    expect((await changes('--since', at, '--topic', 'build.>')).stdout).toBe('add a\n{"ok":true}\n');
  });

  it('has absolute paths where there are several roots and none is named', async () => {
    const agent = shared();
    const other = temporaryDirectory();
    await runCli(['watch', other], { env: agent.env });
    const { cursor } = (await agent.request('/v1/changes')).json<ChangesAnswer>();
    writeFileSync(join(other, 'a'), '');
    expect((await changes('--since', cursor)).stdout).toBe(`add ${other}/a\n`);
    expect((await changes('--since', cursor, '--root', other)).stdout).toBe('add a\n');
  });

  it.each([
    [['--since', 'nonsense']],
    [['--since', 'n:lint']],
    [['--since', 'a:1', '--since-last', 'x']],
    [['--since-last', 'a/b']],
    [['--peek']],
    [['--json', '-0']],
    [['--limit', '0']],
    [['extra']],
  ])('refuses %j', async (args) => {
    expect(await changes(...args)).toMatchObject({ code: 2, stdout: '' });
  });
});

it('exits 3 where no agent runs', async () => {
  const agent = await startAgent();
  await agent.stop();
  expect(await runCli(['changes'], { env: agent.env })).toMatchObject({ code: 3, stdout: '' });
});
