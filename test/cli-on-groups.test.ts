// A command of agent-cli on that is several processes: asked to end once, and waited for until the last one is gone.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import type { CliProcess } from './support/cli-process.ts';
import { startOn } from './support/on.ts';
import { isRunning } from './support/procfs.ts';
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
