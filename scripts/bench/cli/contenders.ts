// The commands that take turns: each a whole process, from its start to its end.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { version } from '../../../shared/index.ts';
import { launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import { launchWatchman, watchmanProgram, watchmanVersion } from '../support/watchman.ts';

export const contenderKeys = ['node', 'broadcast', 'help', 'status', 'watchman', 'redis'] as const;
export type ContenderKey = (typeof contenderKeys)[number];

/** A command. */
export interface Contender {
  readonly key: ContenderKey;
  /** As it is typed. */
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** What there is to measure. */
export interface Contenders {
  readonly contenders: readonly Contender[];
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  /** What is not, and why. */
  readonly skipped: readonly string[];
}

/** A daemon that does not answer by then is not measured. */
const listenMs = 10_000;
const pollMs = 10;

/** Runs a command to its end; its output is dropped. Throws when it does not exit with 0. */
export function runOnce({ name, command: [program, ...args], env }: Contender): void {
  const { status, error, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.toString().trim()}`);
}

/** Runs a command again and again until it exits with 0: its daemon listens then. */
async function untilAnswered(contender: Contender): Promise<void> {
  const endMs = performance.now() + listenMs;
  for (;;) {
    try {
      runOnce(contender);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      // It does not listen yet.
      await delay(pollMs);
    }
  }
}

async function agentContenders(bench: Bench, root: string): Promise<Contender[]> {
  const agent = launchAgent(bench, root);
  await agent.readyMs;
  const contender = (key: ContenderKey, ...args: string[]): Contender => ({
    key,
    name: `agent-cli ${args.join(' ')}`,
    command: [process.execPath, bench.build.cli, ...args],
    env: agent.env,
  });
  return [
    contender('broadcast', 'broadcast', 'hi'),
    contender('help', '--help'),
    contender('status', 'status'),
  ];
}

async function watchmanContender(bench: Bench, root: string): Promise<Contender> {
  const { socket } = launchWatchman(bench);
  const contender = (...args: string[]): Contender => ({
    key: 'watchman',
    name: `watchman ${args[0]}`,
    command: [watchmanProgram, '--no-spawn', '--sockname', socket, ...args],
    env: {},
  });
  await untilAnswered(contender('version'));
  runOnce(contender('watch-project', root));
  const since = contender('since', root, 'n:bench');
  // A named cursor: all files for the first question, none for the next ones.
  runOnce(since);
  return since;
}

function redisVersion(): string | undefined {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return execFileSync('redis-cli', ['--version'], { encoding: 'utf8' }).trim().replace('redis-cli ', '');
  } catch {
    // Not installed, or not to be run: either way it is no peer.
    return undefined;
  }
}

async function redisContender(bench: Bench): Promise<Contender> {
  const { path: home } = bench.cleanups.directory(bench.diskDirectory);
  const socket = join(home, 'sock');
  const flags = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', home];
  bench.cleanups.process(spawn('redis-server', flags, { stdio: 'ignore' }));
  const ping: Contender = {
    key: 'redis',
    name: 'redis-cli ping',
    command: ['redis-cli', '-s', socket, 'ping'],
    env: {},
  };
  await untilAnswered(ping);
  return ping;
}

/** Starts the daemons and gives the commands that talk to them. */
export async function findContenders(bench: Bench, keys: readonly ContenderKey[]): Promise<Contenders> {
  const { path: root } = bench.cleanups.directory(bench.diskDirectory);
  const contenders: Contender[] = [
    { key: 'node', name: 'node -e 0', command: [process.execPath, '-e', '0'], env: {} },
    ...(await agentContenders(bench, root)),
  ];
  const versions = [{ name: 'agent-cli', version: `${version()} (build ${bench.build.digest})` }];
  const skipped: string[] = [];
  const peers = [
    { key: 'watchman', installed: watchmanVersion, start: () => watchmanContender(bench, root) },
    { key: 'redis', installed: redisVersion, start: () => redisContender(bench) },
  ] as const;
  for (const { key, installed, start } of peers) {
    if (!keys.includes(key)) continue;
    const found = installed();
    if (found === undefined) skipped.push(`${key} was skipped: it is not installed`);
    else {
      contenders.push(await start());
      versions.push({ name: key, version: found });
    }
  }
  return { contenders: contenders.filter(({ key }) => keys.includes(key)), versions, skipped };
}
