// How agent-cli on ends: by signals, in a real terminal, when nobody reads, and what it leaves: nothing.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import type { TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type CliProcess, startCliInTerminal } from './support/cli-process.ts';
import { findProgram } from './support/find-program.ts';
import { SlowCommand, startOn } from './support/on.ts';
import { isRunning, isStopped } from './support/procfs.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const write = (agent: TestAgent, path: string) => writeFileSync(join(agent.root, path), 'x');

/** Starts it with a command that runs until it is ended, and waits until it runs. */
async function startSlow(
  agent: TestAgent,
  {
    first = ':',
    args = [] as string[],
    ...options
  }: { first?: string; args?: string[] } & Parameters<typeof startOn>[2],
): Promise<{ on: CliProcess; command: SlowCommand; processes: number[] }> {
  const command = new SlowCommand(first);
  const on = await startOn(agent, ['*.ts', ...args, '--', command.line], options);
  write(agent, 'a.ts');
  return { on, command, processes: await command.run(1, on) };
}

async function gone(processes: readonly number[], on: CliProcess): Promise<void> {
  await until(
    () => `${processes} to be gone: ${on.stderr}`,
    () => !processes.some(isRunning),
  );
}

const shared = sharedAgent();

describe('agent-cli on ends', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('by %s with %d, and nothing that the command started stays', async (signal, code) => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, {});
    on.child.kill(signal);
    expect(await on.exited).toEqual({ code, signal: null });
    expect(processes.some(isRunning)).toBe(false);
    expect(on.stderr).toBe('');
  });

  it('on SIGINT with the exit code of the last run, and with 130 if there was none', async () => {
    const agent = shared();
    const none = await startOn(agent, ['*.ts', '--', 'exit 7']);
    none.child.kill('SIGINT');
    expect(await none.exited).toEqual({ code: 130, signal: null });
    const on = await startOn(agent, ['*.ts', '--json', '--', 'exit 7']);
    write(agent, 'a.ts');
    await on.said('"exitCode":7');
    on.child.kill('SIGINT');
    expect(await on.exited).toEqual({ code: 7, signal: null });
    const terminated = await startOn(agent, ['*.ts', '--json', '--', 'exit 7']);
    write(agent, 'b.ts');
    await terminated.said('"exitCode":7');
    terminated.child.kill('SIGTERM');
    expect(await terminated.exited).toEqual({ code: 143, signal: null });
  });

  it('when the command has done what it does at the signal, with its exit code', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, { first: 'trap "echo cleaned; exit 3" INT' });
    on.child.kill('SIGINT');
    expect(await on.exited).toEqual({ code: 3, signal: null });
    expect(on.lines).toEqual(['cleaned']);
    expect(processes.some(isRunning)).toBe(false);
  });

  it('by killing a command that ignores the signal, after --kill-after', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, {
      first: 'trap "" INT TERM',
      args: ['--kill-after', '200'],
    });
    on.child.kill('SIGINT');
    expect(await on.exited).toEqual({ code: 137, signal: null });
    expect(processes.some(isRunning)).toBe(false);
  });

  it('by killing it at the second signal, and says that it waits for it', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, {
      first: 'trap "" INT TERM',
      args: ['--kill-after', '3600s'],
    });
    on.child.kill('SIGINT');
    await on.said('waiting for the command to end; once more, and it is killed');
    on.child.kill('SIGINT');
    expect(await on.exited).toEqual({ code: 137, signal: null });
    expect(processes.some(isRunning)).toBe(false);
  });

  it('with 1 when the agent disconnects it, and ends the command', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, {});
    const [client] = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    await agent.request(`/v1/clients/${client?.id}`, { method: 'DELETE' });
    expect(await on.exited).toEqual({ code: 1, signal: null });
    expect(on.stderr).toContain('the agent disconnected this client');
    await gone(processes, on);
  });

  it('quietly when nobody reads what the command prints', async () => {
    const agent = shared();
    // What Node makes for a child is no pipe but a socket, which breaks in other ways.
    const pipe = join(temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const prefix = ['sh', '-c', `exec "$@" > '${pipe}'`, 'sh'];
    const on = await startOn(agent, ['*.ts', '--', 'yes'], { prefix });
    write(agent, 'a.ts');
    await until('the command to print', () => {
      try {
        return readSync(reader, Buffer.alloc(1)) > 0;
      } catch {
        // Nothing yet.
        return false;
      }
    });
    closeSync(reader);
    expect(await on.exited).toEqual({ code: 0, signal: null });
    expect(on.stderr).toBe('');
  });

  it('not by signals that are meant for the command', async () => {
    const agent = shared();
    const { on, command } = await startSlow(agent, {
      first: 'for s in USR1 USR2 WINCH; do trap "echo $s" $s; done',
    });
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
      on.child.kill(signal);
      await on.line(signal, (line) => `SIG${line}` === signal);
    }
    writeFileSync(command.endFile, '');
    await on.line('its end', (line) => line === 'ended');
  });

  it('stops and goes on with the command', async () => {
    const agent = shared();
    // One that starts no others: one that is about to would stand still in an uninterruptible wait.
    const on = await startOn(agent, ['*.ts', '--', 'echo $$; exec sleep 1000']);
    write(agent, 'a.ts');
    const command = Number(await on.line('its process', (line) => line !== ''));
    const all = [on.child.pid as number, command];
    on.child.kill('SIGTSTP');
    await until('all to be stopped', () => all.every(isStopped));
    on.child.kill('SIGCONT');
    await until('all to go on', () => !all.some(isStopped));
  });
});

const inTerminal = findProgram('python3') === undefined ? describe.skip : describe;

inTerminal('in a terminal (needs python3)', () => {
  const start = startCliInTerminal;

  it('Ctrl-C reaches the command once, and all is gone after it', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, {
      start,
      first: 'trap "echo interrupted; exit 5" INT',
    });
    on.child.stdin?.write('\u0003');
    expect(await on.exited).toEqual({ code: 5, signal: null });
    expect(on.stdout.match(/interrupted\r$/gm)).toHaveLength(1);
    expect(processes.some(isRunning)).toBe(false);
  });

  it('Ctrl-C ends it with 130, one that does not hear it at the second time', async () => {
    const agent = shared();
    const plain = await startSlow(agent, { start });
    plain.on.child.stdin?.write('\u0003');
    expect(await plain.on.exited).toEqual({ code: 130, signal: null });
    const deaf = await startSlow(agent, {
      start,
      first: 'trap "" INT TERM',
      args: ['--kill-after', '3600s'],
    });
    deaf.on.child.stdin?.write('\u0003');
    await deaf.on.line('the word', (line) => line.includes('waiting for the command to end'));
    deaf.on.child.stdin?.write('\u0003');
    expect(await deaf.on.exited).toEqual({ code: 137, signal: null });
    expect([...plain.processes, ...deaf.processes].some(isRunning)).toBe(false);
  });

  it('says what it runs and what came of it, and clears the screen with --clear', async () => {
    const agent = shared();
    const on = await startOn(
      agent,
      ['*.ts', '--clear', '--', 'tty <&1 >/dev/null && echo on a terminal; exit 2'],
      {
        start,
      },
    );
    write(agent, 'a.ts');
    await on.line('the end', (line) => line.includes('agent-cli: exited with 2 after '));
    expect(on.stdout).toContain('\u001b[H\u001b[2J');
    expect(on.stdout).toContain('agent-cli: a.ts changed: running tty');
    expect(on.stdout).toContain('on a terminal\r\n');
  });

  it('that is closed: nothing stays', async () => {
    const agent = shared();
    const { on, processes } = await startSlow(agent, { start });
    on.child.stdin?.end();
    await on.exited;
    await gone(processes, on);
  });

  it('a command that sets the terminal, or reads it with --interactive, is not stopped', async () => {
    const agent = shared();
    const line = 'stty -echo <&1 && echo set; read answer; echo "got $answer"';
    const on = await startOn(agent, ['*.ts', '--interactive', '--', line], { start });
    write(agent, 'a.ts');
    await on.line('the command', (text) => text.includes('set'));
    on.child.stdin?.write('word\n');
    await on.line('the answer', (text) => text.includes('got word'));
  });
});
