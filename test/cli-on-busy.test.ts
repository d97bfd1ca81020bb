// agent-cli on when something comes between: its command still runs, or the directory or the agent is gone.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { startCli } from './support/cli-process.ts';
import { connected, SlowCommand, startOn } from './support/on.ts';
import { ended, notes, settled, write } from './support/on-notes.ts';
import { isRunning } from './support/procfs.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent();

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
    await on.said('lost: nobody saw what changed for a while; the differences on disk follow');
    await on.line('the change', (line) => line === 'meanwhile');
    await until('the run for what was missed', () => notes(told, 'exit')[0]);
    // The differences come after the gap: in the same run, or in one of their own.
    const [first, ...others] = notes(told, 'start');
    expect(first).toMatchObject({ gap: true });
    expect(
      notes(told)
        .slice(0, 3)
        .map(({ type }) => type),
    ).toEqual(['lost', 'found', 'gap']);
    expect(others.length).toBeLessThan(2);
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
