// agent-cli on, with a real agent and real commands: what it runs, when, and with what.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Status } from '../shared/index.ts';
import { runCli } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { startCli } from './support/cli-process.ts';
import { startOn } from './support/on.ts';
import { ended, notes, settled, write } from './support/on-notes.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

describe('agent-cli on', () => {
  it('runs one word by the shell, and several as a program', async () => {
    const agent = shared();
    const line = await startOn(agent, ['*.ts', '--', 'echo "shell $((1 + 1))"']);
    const program = await startOn(agent, ['*.ts', '--', 'echo', '$((1 + 1))', '*']);
    const joined = await startOn(agent, ['*.ts', '--shell', '--', 'echo', '$((1 + 1))', '&& echo and']);
    const single = await startOn(agent, ['*.ts', '--no-shell', '--json', '--', 'echo "shell"']);
    write(agent, 'a.js');
    write(agent, 'a.ts');
    await line.line('the shell', (text) => text === 'shell 2');
    await program.line('the words', (text) => text === '$((1 + 1)) *');
    await joined.line('the line of words', (text) => text === 'and');
    expect(joined.lines).toEqual(['2', 'and']);
    expect(await ended(single, 1)).toMatchObject({ exitCode: 127, error: expect.stringContaining('ENOENT') });
    expect(line.stderr).toBe('');
  });

  it('takes globs from the current directory, and tells paths as seen from there', async () => {
    const agent = shared();
    for (const each of ['[app]/src', '[app]/gen', 'lib', 'a']) {
      mkdirSync(join(agent.root, each), { recursive: true });
    }
    await agent.sync();
    const args = ['src/**/*.ts', '../lib', '!src/*.test.ts', '--ignore', '../lib/*.log', '--json'];
    const command = 'printf "%s|" "$AGENT_CHANGED_COUNT" $AGENT_CHANGED; echo';
    const on = await startOn(agent, [...args, '--', command], { cwd: join(agent.root, '[app]') });
    for (const path of ['a/src.ts', '[app]/gen/a.ts', '[app]/src/a.test.ts', 'lib/a.log', '[app]/a.ts']) {
      write(agent, path);
    }
    await agent.sync();
    write(agent, '[app]/src/a.ts');
    await ended(on, 1);
    write(agent, 'lib/b.c');
    await ended(on, 2);
    expect(on.lines).toEqual(['1|src/a.ts|', '1|../lib/b.c|']);
    const { cursor } = (await agent.request('/v1/status')).json<Status>();
    expect(notes(on, 'start')[1]).toMatchObject({ changed: 1, cursor });
  });

  it('gives the changes as lines of JSON with --stdin, and the cursor', async () => {
    const agent = shared();
    const on = await startOn(agent, ['**', '--stdin', '--', 'cat; echo "$AGENT_EVENT_CURSOR"']);
    write(agent, 'a "b".ts', 'four');
    const cursor = await agent.sync();
    await on.line('the cursor', (line) => line === cursor);
    expect(on.lines).toHaveLength(2);
    expect(JSON.parse(on.lines[0] ?? '')).toMatchObject({
      type: 'change',
      event: 'add',
      path: 'a "b".ts',
      kind: 'file',
      size: 4,
    });
  });

  it('runs for a save, and not for what editors put beside a file, but where that is asked for', async () => {
    const agent = shared();
    write(agent, 'a.ts');
    await agent.sync();
    const leavings = [
      '.a.ts.swp',
      '4913',
      '.#a.ts',
      '#a.ts#',
      'b.ts~',
      'b.ts___jb_tmp___',
      '.goutputstream-A1B2C3',
    ];
    const args = ['--topic', 'settled', '--json', '--', 'echo $AGENT_CHANGED'];
    const on = await startOn(agent, ['**', ...args]);
    const backups = await startOn(agent, ['*~', ...args]);
    for (const name of leavings) write(agent, name);
    await agent.sync();
    for (const name of leavings) write(agent, name, 'more');
    await agent.sync();
    for (const name of leavings) rmSync(join(agent.root, name));
    await settled(agent, on);
    expect(notes(on, 'start').map(({ changed }) => changed)).toEqual([0]);
    await until('the backup to be noticed', () => backups.lines.includes('b.ts~'));
    // As Vim and JetBrains save.
    renameSync(join(agent.root, 'a.ts'), join(agent.root, 'a.ts~'));
    write(agent, 'a.ts', 'saved');
    rmSync(join(agent.root, 'a.ts~'));
    await on.line('the first save', (line) => line === 'a.ts');
    write(agent, 'a.ts___jb_tmp___', 'saved again');
    renameSync(join(agent.root, 'a.ts___jb_tmp___'), join(agent.root, 'a.ts'));
    await until('the second save', () => on.lines.filter((line) => line === 'a.ts').length === 2);
    await settled(agent, on);
    expect(on.lines.filter((line) => line !== '')).toEqual(['a.ts', 'a.ts']);
  });

  it('is content with a command that does not read what it gets', async () => {
    const agent = shared();
    const on = await startOn(agent, ['**', '--stdin', '--json', '--', 'true']);
    for (let round = 1; round <= 2; round++) {
      // More than the kernel takes for it.
      for (let file = 0; file < 2_000; file++) write(agent, `${'a'.repeat(200)}${file}`, String(round));
      expect(await ended(on, round)).toMatchObject({ exitCode: 0 });
    }
  });

  it('runs for messages, alone or besides files', async () => {
    const agent = shared();
    const messages = await startOn(agent, ['--topic', 'job.>', '--stdin', '--', 'cat']);
    const both = await startOn(agent, ['*.ts', '--topic', 'job.*', '--json', '--', 'true']);
    write(agent, 'a.ts');
    await ended(both, 1);
    await agent.broadcast('no', 'other');
    await agent.broadcast({ n: 1 }, 'job.new');
    await ended(both, 2);
    await messages.line('the message', (line) => line.includes('"data":{"n":1}'));
    expect(messages.json()).toMatchObject([{ type: 'message', topic: 'job.new', data: { n: 1 } }]);
    expect(notes(both, 'start')).toMatchObject([
      { changed: 1, messages: 0 },
      { changed: 0, messages: 1 },
    ]);
  });

  it('runs once for 1,000 files changed at once', async () => {
    const agent = shared();
    const elsewhere = join(temporaryDirectory(), 'many');
    mkdirSync(elsewhere);
    for (let file = 0; file < 1_000; file++) writeFileSync(join(elsewhere, `${file}.ts`), 'x');
    const on = await startOn(agent, ['**', '--topic', 'settled', '--json', '--', 'true']);
    renameSync(elsewhere, join(agent.root, 'many'));
    await ended(on, 1);
    for (let file = 0; file < 1_000; file++) write(agent, `many/${file}.ts`, 'xx');
    await ended(on, 2);
    await settled(agent, on);
    expect(notes(on, 'start')).toMatchObject([{ changed: 1_001 }, { changed: 1_000 }, { messages: 1 }]);
  });

  it('--debounce waits until nothing has changed for that long', async () => {
    const agent = shared();
    const on = await startOn(agent, ['*.ts', '--debounce', '2s', '--json', '--', 'true']);
    write(agent, 'a.ts');
    await agent.sync();
    // Here time itself is what is waited for: longer than it would by default.
    const end = performance.now() + 200;
    await until('some time to pass', () => performance.now() > end);
    expect(notes(on, 'start')).toEqual([]);
    write(agent, 'b.ts');
    await ended(on, 1);
    expect(notes(on, 'start')).toMatchObject([{ changed: 2 }]);
    const bad = await runCliHere(['on', '*.ts', '--debounce', 'soon', '--', 'true'], agent.env);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain('--debounce takes a whole number from 0 to');
  });

  it('--initial runs before anything has happened, and misses nothing after', async () => {
    const agent = shared();
    const on = await startOn(agent, ['**', '--initial', '--json', '--', 'true']);
    await ended(on, 1);
    write(agent, 'a.ts');
    await ended(on, 2);
    expect(notes(on, 'start')).toMatchObject([{ changed: 0 }, { changed: 1 }]);
  });

  it('--interactive gives it the standard input of agent-cli, which is empty otherwise', async () => {
    const agent = shared();
    const line = 'cat; echo end';
    const own = startCli(['on', '**', '--initial', '--interactive', '--', line], {
      env: agent.env,
      cwd: agent.root,
      input: true,
    });
    own.child.stdin?.end('typed\n');
    await own.line('the end', (text) => text === 'end');
    expect(own.lines).toEqual(['typed', 'end']);
    const empty = await startOn(agent, ['**', '--initial', '--', line]);
    await empty.line('the end', (text) => text === 'end');
    own.child.kill('SIGTERM');
    await own.exited;
  });

  it('has the agent watch the current directory if it does not, and says so', async () => {
    const agent = shared();
    const cwd = temporaryDirectory();
    const on = await startOn(agent, ['*.ts', '--', 'echo "$AGENT_CHANGED"'], { cwd });
    await on.said(`agent-cli: the agent watches ${cwd}, too, from now on\n`);
    writeFileSync(join(cwd, 'a.ts'), 'x');
    await on.line('the change', (line) => line === 'a.ts');
  });

  it('tries a program that is not there again, and says why it does not run', async () => {
    const agent = shared();
    const program = join(temporaryDirectory(), 'program');
    const on = await startOn(agent, ['**', '--no-shell', '--', program]);
    write(agent, 'a');
    await on.said(`agent-cli: ${program} can't be run: spawn ${program} ENOENT; trying again`);
    writeFileSync(program, '#!/bin/sh\necho here\n', { mode: 0o755 });
    write(agent, 'b');
    await on.line('the program', (line) => line === 'here');
  });

  it('explains what is missing or excludes each other on the command line', async () => {
    const { env } = shared();
    for (const [args, said] of [
      [['**'], 'there is no command to run'],
      [['**', 'make'], "put it after --, as in: agent-cli on 'src/**' -- make"],
      [['--', 'make'], 'there is nothing to run it for'],
      [['--topic', 'file', '--', 'make'], 'give a GLOB in the place of it'],
      [['**', '--shell', '--no-shell', '--', 'make'], '--shell and --no-shell exclude each other'],
      [['**', '--stdin', '--interactive', '--', 'make'], '--stdin and --interactive exclude each other'],
      [['**', '--busy', 'wait', '--', 'make'], '--busy takes queue or restart or ignore, not "wait"'],
      [['**', '--kill-after', '5d', '--', 'make'], 'a time as in 500ms, 5s or 1m'],
      [['/etc/*', '--', 'make'], 'globs are relative to the current directory'],
    ] as const) {
      const result = await runCliHere(['on', ...args], env);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain(said);
    }
    const runtime = { AGENT_RUNTIME_DIR: join(temporaryDirectory(), 'run') };
    const none = await runCli(['on', '**', '--no-start', '--', 'make'], { env: runtime });
    expect(none).toMatchObject({ code: 3, stdout: '' });
    expect(none.stderr).toContain('no agent named "default" is running');
  });
});
