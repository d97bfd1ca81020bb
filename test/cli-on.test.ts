// agent-cli on, with a real agent and real commands: what it runs, when, and with what.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import type { Status } from '../shared/index.ts';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type CliProcess, startCli } from './support/cli-process.ts';
import { connected, SlowCommand, startOn } from './support/on.ts';
import { isRunning } from './support/procfs.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

/** Every note of `--json`, to the last member. */
const noteSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    run: z.int(),
    pid: z.int(),
    changed: z.int(),
    messages: z.int(),
    gap: z.boolean(),
    cursor: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('exit'),
    run: z.int(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    exitCode: z.int(),
    ms: z.int(),
    error: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('held'),
    runs: z.int(),
    changed: z.int(),
    paths: z.array(z.string()),
  }),
  z.strictObject({
    type: z.literal('gap'),
    cursor: z.string(),
    reason: z.string(),
    missed: z.int().optional(),
    time: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('lost'), reason: z.string() }),
  z.strictObject({ type: z.literal('found'), cursor: z.string() }),
  z.strictObject({ type: z.literal('note'), text: z.string() }),
]);

/** What `--json` says on standard error, lines of the command itself left out. */
function notes(on: CliProcess, type?: string): Record<string, unknown>[] {
  return on.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => noteSchema.parse(JSON.parse(line)))
    .filter((note) => type === undefined || note['type'] === type);
}

async function ended(on: CliProcess, run: number): Promise<Record<string, unknown>> {
  return until(
    () => `run ${run} to end: ${on.stdout} ${on.stderr}`,
    () => notes(on, 'exit').find((note) => note['run'] === run),
  );
}

/** Nothing that happened until now leads to a run that has not begun. */
async function settled(agent: TestAgent, on: CliProcess): Promise<void> {
  // A run for a message comes after those for what was before it; the topic is one that tests subscribe to.
  const before = notes(on, 'start').length;
  await agent.sync();
  await agent.broadcast('settled', 'settled');
  await until(
    () => `the last run: ${on.stderr}`,
    () => notes(on, 'start').some((note, index) => index >= before && note['messages'] === 1),
  );
}

const write = (agent: TestAgent, path: string, text = 'x') => writeFileSync(join(agent.root, path), text);

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
    const bad = await runCli(['on', '*.ts', '--debounce', 'soon', '--', 'true'], { env: agent.env });
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain('--debounce takes milliseconds');
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
      [['**', '--kill-after', '5m', '--', 'make'], 'a time as in 500ms or 5s'],
      [['/etc/*', '--', 'make'], 'globs are relative to the current directory'],
    ] as const) {
      const result = await runCli(['on', ...args], { env });
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain(said);
    }
    const runtime = { AGENT_RUNTIME_DIR: join(temporaryDirectory(), 'run') };
    const none = await runCli(['on', '**', '--no-start', '--', 'make'], { env: runtime });
    expect(none).toMatchObject({ code: 3, stdout: '' });
    expect(none.stderr).toContain('no agent named "default" is running');
  });
});

describe('while the command runs', () => {
  it('queue: it runs once more for all that changed', async () => {
    const agent = shared();
    const command = new SlowCommand();
    const on = await startOn(agent, ['*.ts', '--topic', 'settled', '--json', '--', command.line]);
    write(agent, 'a.ts');
    const processes = await command.run(1, on);
    for (const name of ['b.ts', 'c.ts', 'd.ts', 'b.ts']) {
      write(agent, name, name + String(performance.now()));
      await agent.sync();
    }
    expect(processes.every(isRunning)).toBe(true);
    writeFileSync(command.endFile, '');
    await command.run(2, on);
    writeFileSync(command.endFile, '');
    await ended(on, 2);
    const last = settled(agent, on);
    await command.run(3, on);
    writeFileSync(command.endFile, '');
    await last;
    expect(notes(on, 'start')).toMatchObject([{ changed: 1 }, { changed: 3 }, { messages: 1 }]);
    expect(notes(on, 'exit').slice(0, 2)).toMatchObject([{ code: 0 }, { code: 0 }]);
  });

  it('restart: it and all that it started are ended, and it runs again', async () => {
    const agent = shared();
    const command = new SlowCommand();
    const on = await startOn(agent, ['*.ts', '--busy', 'restart', '--json', '--', command.line]);
    write(agent, 'a.ts');
    const first = await command.run(1, on);
    write(agent, 'b.ts');
    const second = await command.run(2, on);
    expect(first.some(isRunning)).toBe(false);
    expect(second.every(isRunning)).toBe(true);
    await ended(on, 1);
    expect(notes(on, 'exit')).toMatchObject([{ code: null, signal: 'SIGTERM', exitCode: 143 }]);
  });

  it('restart: one that does not end is killed after --kill-after', async () => {
    const agent = shared();
    const command = new SlowCommand('trap "" TERM');
    const args = ['*.ts', '--busy', 'restart', '--kill-after', '200ms', '--json', '--', command.line];
    const on = await startOn(agent, args);
    write(agent, 'a.ts');
    const first = await command.run(1, on);
    write(agent, 'b.ts');
    await command.run(2, on);
    expect(first.some(isRunning)).toBe(false);
    await ended(on, 1);
    expect(notes(on, 'exit')).toMatchObject([{ code: null, signal: 'SIGKILL', exitCode: 137 }]);
  });

  it('ignore: nothing comes of it', async () => {
    const agent = shared();
    const command = new SlowCommand();
    const args = ['*.ts', '--topic', 'settled', '--busy', 'ignore', '--json', '--', command.line];
    const on = await startOn(agent, args);
    write(agent, 'a.ts');
    await command.run(1, on);
    write(agent, 'b.ts');
    await agent.sync();
    writeFileSync(command.endFile, '');
    await ended(on, 1);
    await settled(agent, on);
    expect(notes(on, 'start')).toMatchObject([{ changed: 1 }, { changed: 0, messages: 1 }]);
  });

  it('what it leaves behind is ended with it', async () => {
    const agent = shared();
    const on = await startOn(agent, ['*.ts', '--json', '--', 'sleep 1000 & echo $!']);
    write(agent, 'a.ts');
    const left = Number(await on.line('its process', (line) => line !== ''));
    await ended(on, 1);
    expect(isRunning(left)).toBe(false);
  });
});

describe('a command that changes files that match', () => {
  it.each(['queue', 'restart'])('--busy %s: is held after it started itself 5 times', async (busy) => {
    const agent = shared();
    const line = 'echo x >> out.txt; sleep 0.1';
    const on = await startOn(agent, ['**', '--busy', busy, '--', line]);
    const told = await startOn(agent, ['**', '--busy', busy, '--json', '--', 'echo x >> other.txt']);
    write(agent, 'a.ts');
    await on.said('held: the command was run 5 times in a row for nothing but what changed while it ran');
    await on.said('leave its output out with --ignore GLOB, or name it in .gitignore');
    told.child.kill('SIGTERM');
    await told.exited;
  });

  it('runs again at the next change that comes when it does not run', async () => {
    const agent = shared();
    const on = await startOn(agent, ['**', '--json', '--', 'echo x >> out.txt']);
    write(agent, 'a.ts');
    await until('it to be held', () => notes(on, 'held')[0]);
    expect(notes(on, 'held')).toEqual([{ type: 'held', runs: 5, changed: 1, paths: ['out.txt'] }]);
    expect(notes(on, 'start')).toHaveLength(6);
    await agent.sync();
    expect(notes(on, 'start')).toHaveLength(6);
    write(agent, 'b.ts');
    await until('it to be held again', () => notes(on, 'held')[1]);
    expect(notes(on, 'start')).toHaveLength(12);
    // With what it was held for.
    expect(notes(on, 'start')[6]).toMatchObject({ changed: 2 });
  });

  it('is not started by what .gitignore names', async () => {
    const agent = shared();
    write(agent, '.gitignore', 'out/\n');
    await agent.sync();
    const line = 'mkdir -p out; echo x >> out/a';
    const on = await startOn(agent, ['**', '--topic', 'settled', '--json', '--', line]);
    write(agent, 'a.ts');
    await ended(on, 1);
    await settled(agent, on);
    expect(notes(on, 'start')).toMatchObject([{ changed: 1 }, { changed: 0, messages: 1 }]);
  });
});

describe('a current directory that is gone', () => {
  it('is told to begin with', async () => {
    const { env } = shared();
    const cwd = temporaryDirectory();
    const on = startCli(['on', '**', '--', 'true'], {
      env,
      cwd,
      prefix: ['sh', '-c', 'rmdir "$PWD"; exec "$@"', 'sh'],
    });
    expect(await on.exited).toEqual({ code: 1, signal: null });
    expect(on.stderr).toMatch(/^agent-cli: the current directory is gone\n {2}go to one that exists/);
  });

  it('is said, and the command runs again where it is made anew', async () => {
    const agent = shared();
    const cwd = join(agent.root, 'app');
    mkdirSync(cwd);
    write(agent, 'app/a.ts');
    await agent.sync();
    const on = await startOn(agent, ['**', '--', 'ls'], { cwd });
    rmSync(cwd, { recursive: true });
    await on.said(`agent-cli: not run: the directory ${cwd} is gone; trying again at the next change\n`);
    const next = join(agent.root, 'next');
    mkdirSync(next);
    write(agent, 'next/new.ts');
    renameSync(next, cwd);
    await on.line('the new file', (line) => line === 'new.ts');
  });
});

describe('an agent that is killed', () => {
  it('is told, the next one is found, and the command is run for what may have been missed', async () => {
    const agent = await startAgent();
    const { runtime, state, roots } = agent;
    const on = await startOn(agent, ['**', '--', 'cat *.ts; echo end']);
    const told = await startOn(agent, ['**', '--json', '--', 'true']);
    agent.kill('SIGKILL');
    await on.said('agent-cli: lost the agent "default": ');
    write(agent, 'meanwhile.ts', 'meanwhile\n');
    const next = await startAgent({ runtime, state, roots });
    await on.said('found the agent "default" again');
    await on.said('lost: the agent has started anew since');
    await on.line('the change', (line) => line === 'meanwhile');
    await ended(told, 1);
    expect(notes(told).map(({ type }) => type)).toEqual(['lost', 'found', 'gap', 'start', 'exit']);
    expect(notes(told, 'start')).toMatchObject([{ gap: true, changed: 0 }]);
    write(next, 'after.ts', 'after\n');
    await on.line('the next change', (line) => line === 'after');
  });

  it('and followed by one that does not watch the directory: it does then', async () => {
    const agent = await startAgent();
    const { runtime, state } = agent;
    mkdirSync(join(agent.root, 'app'));
    const on = await startOn(agent, ['*.ts', '--', 'cat *.ts; echo "$AGENT_CHANGED"'], {
      cwd: join(agent.root, 'app'),
    });
    agent.kill('SIGKILL');
    await on.said('lost the agent');
    write(agent, 'app/a.ts', 'meanwhile\n');
    const next = await startAgent({ runtime, state });
    await on.said(`the agent watches ${join(agent.root, 'app')}, too, from now on`);
    await on.line('the change', (line) => line === 'meanwhile');
    await connected(next, on, 1);
    write(agent, 'app/b.ts', 'after\n');
    await on.line('the next change', (line) => line === 'b.ts');
  });

  it('while the command runs: it runs on', async () => {
    const agent = await startAgent();
    const { runtime, state, roots } = agent;
    const command = new SlowCommand();
    const on = await startOn(agent, ['**', '--json', '--', command.line]);
    write(agent, 'a.ts');
    const processes = await command.run(1, on);
    agent.kill('SIGKILL');
    await until('it to be said', () => notes(on, 'lost')[0]);
    await startAgent({ runtime, state, roots });
    await until('the gap', () => notes(on, 'gap')[0]);
    expect(processes.every(isRunning)).toBe(true);
    writeFileSync(command.endFile, '');
    await command.run(2, on);
    // What the command does may be seen before what was said of it.
    await until('the second start to be said', () => notes(on, 'start')[1]);
    expect(notes(on, 'start')).toMatchObject([{ gap: false }, { gap: true }]);
  });
});
