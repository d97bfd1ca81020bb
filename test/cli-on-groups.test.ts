// A command of agent-cli on that is several processes: asked to end once, and waited for until the last one is gone.
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type CliProcess, startCli } from './support/cli-process.ts';
import { isWatchdog, SlowCommand, startOn } from './support/on.ts';
import { childrenOf, isRunning } from './support/procfs.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

/**
 * A server on one port: it says "up", "asked" for each signal that asks it to end, and "saved" once it has ended in
 * order, which takes longer than what started it; a second signal has it end at once ("hurried").
 */
const server = `
import net from 'node:net'; import fs from 'node:fs';
const [, , port, log, deaf] = process.argv;
const say = (word) => fs.appendFileSync(log, word + ' ' + process.pid + '\\n');
const end = () => {
  say('asked');
  if (process.listenerCount('SIGUSR2') > 0) { say('hurried'); process.exit(1); }
  process.on('SIGUSR2', () => {});
  if (!deaf) setTimeout(() => { say('saved'); process.exit(0); }, 300);
};
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end);
net.createServer().on('error', (error) => { say(error.code); process.exit(1); })
  .listen(Number(port), '127.0.0.1', () => say('up'));
`;

/** What it starts ends later than it does itself, as with the runners of package managers. */
const launcher = `
import { spawn } from 'node:child_process';
spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => setTimeout(() => process.exit(1), 50));
`;

/** A server behind whatever starts it, and what it said. */
class Server {
  readonly #directory = temporaryDirectory();
  readonly #log = join(this.#directory, 'log');
  readonly #args: string[];

  /** @param port a free one @param deaf whether it does not end when it is asked to */
  constructor(port: number, deaf = false) {
    for (const [name, text] of Object.entries({ server, launcher }))
      writeFileSync(join(this.#directory, `${name}.mjs`), text);
    writeFileSync(this.#log, '');
    this.#args = [join(this.#directory, 'server.mjs'), String(port), this.#log, ...(deaf ? ['deaf'] : [])];
  }

  get shell(): string[] {
    return [`true; "${process.execPath}" ${this.#args.join(' ')}; echo ended`];
  }

  get background(): string[] {
    return [`"${process.execPath}" ${this.#args.join(' ')} & wait`];
  }

  get launcher(): string[] {
    return [process.execPath, join(this.#directory, 'launcher.mjs'), ...this.#args];
  }

  get #lines(): string[][] {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '));
  }

  get words(): string {
    return this.#lines.map(([word]) => word).join(' ');
  }

  /** The processes of all servers so far. */
  get processes(): number[] {
    return [...new Set(this.#lines.map(([, pid]) => Number(pid)))];
  }

  async says(words: string, on: CliProcess): Promise<void> {
    await until(
      () => `"${words}"; it said "${this.words}" and ${on.stderr}`,
      () => this.words.length >= words.length,
    );
    expect(this.words).toBe(words);
  }
}

async function freePort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  other.close();
  await once(other, 'close');
  return port;
}

const shared = sharedAgent();

/** The process that ends the command if this one is killed. */
const watchdogOf = (on: CliProcess) => childrenOf(on.child.pid as number).filter(isWatchdog);

const change = (agent: TestAgent) => writeFileSync(join(agent.root, 'a.ts'), `${performance.now()}`);

describe('a command of several processes', () => {
  it.each(['shell', 'background', 'launcher'] as const)(
    'is asked once and gone before the next run, behind a %s',
    async (kind) => {
      const agent = shared();
      const server = new Server(await freePort());
      const args = ['*.ts', '--initial', '--busy', 'restart', '--', ...server[kind]];
      const on = await startOn(agent, args);
      await server.says('up', on);
      change(agent);
      await server.says('up asked saved up', on);
      on.child.kill('SIGINT');
      await on.exited;
      expect(server.words).toBe('up asked saved up asked saved');
      expect(server.processes.some(isRunning)).toBe(false);
    },
  );

  it('is killed when one of them has not ended in time, and gone before the next run', async () => {
    const agent = shared();
    const server = new Server(await freePort(), true);
    const args = ['*.ts', '--initial', '--busy', 'restart', '--kill-after', '200ms', '--', ...server.shell];
    const on = await startOn(agent, args);
    await server.says('up', on);
    change(agent);
    await server.says('up asked up', on);
    on.child.kill('SIGTERM');
    await on.exited;
    expect(server.words).toBe('up asked up asked');
    expect(server.processes.some(isRunning)).toBe(false);
  });
});

describe('when agent-cli on is killed outright', () => {
  const allGone = (what: string, processes: readonly number[]) =>
    until(
      () => `${what} to be gone: ${processes.filter(isRunning)}`,
      () => !processes.some(isRunning),
    );

  it.each([
    ['its command', ':', []],
    ['a command that does not end by itself', 'trap "" TERM', ['--kill-after', '300ms']],
  ] as const)('%s and all that it started end as well', async (_what, first, flags) => {
    const agent = shared();
    const command = new SlowCommand(first);
    const on = await startOn(agent, ['*.ts', ...flags, '--', command.line]);
    change(agent);
    const processes = await command.run(1, on);
    const watchdog = watchdogOf(on);
    expect(watchdog).toHaveLength(1);
    on.child.kill('SIGKILL');
    await on.exited;
    await allGone('the command', [...processes, ...watchdog]);
  });

  it('a command that has only just been started ends as well', async () => {
    const agent = shared();
    // The first thing that it does, so that agent-cli has hardly taken note of it.
    const line = 'kill -KILL $PPID; sleep 1000; :';
    const on = startCli(['on', '*.ts', '--initial', '--', line], { env: agent.env, cwd: agent.root });
    // Its standard output is closed once the command has ended, too.
    expect(await on.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('what a command left behind that has ended itself ends as well', async () => {
    const agent = shared();
    const directory = temporaryDirectory();
    const left = join(directory, 'left');
    const deaf = `trap "" TERM; sleep 1000 & echo $! > ${left}.new; mv ${left}.new ${left}`;
    const on = await startOn(agent, ['*.ts', '--kill-after', '600s', '--initial', '--', deaf]);
    const pid = await until('what it leaves', () => existsSync(left) && Number(readFileSync(left, 'utf8')));
    await until('its end', () => childrenOf(on.child.pid as number).every(isWatchdog));
    const [watchdog = 0] = watchdogOf(on);
    on.child.kill('SIGKILL');
    await until('the watchdog to be at it', () => childrenOf(watchdog).length > 0);
    process.kill(pid, 'SIGKILL');
    await allGone('the watchdog', [watchdog]);
  });

  it('one that was killed itself is replaced, and none stays after an orderly end', async () => {
    const agent = shared();
    const on = await startOn(agent, ['*.ts', '--initial', '--', 'echo ran']);
    await on.line('the first run', (line) => line === 'ran');
    const [first = 0] = watchdogOf(on);
    process.kill(first, 'SIGKILL');
    await until('it to be missed', () => childrenOf(on.child.pid as number).length === 0);
    change(agent);
    const [second = 0] = await until('another one', () => watchdogOf(on).length > 0 && watchdogOf(on));
    on.child.kill('SIGTERM');
    await on.exited;
    await allGone('the watchdog', [second]);
  });
});
