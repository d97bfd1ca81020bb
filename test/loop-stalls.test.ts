// However much there is to do, others get their turn: no change of the tree holds the loop for long.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { cleanUpWith, forAllTests, roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { until } from './support/wait.ts';
import { type Watched, watched } from './support/watched.ts';

const turns = fileURLToPath(new URL('./support/fixtures/turns.cjs', import.meta.url));
/**
 * Work that is not cut into slices holds the loop for longer at this size. How much shorter turns are, bench:watch
 * measures: here other tests have the processor, too.
 */
const longestTurnMs = 150;

async function watchTurns(prepare: (root: string) => void): Promise<Watched> {
  return watched(prepare, {
    parent: roomForMany,
    settleMs: 4,
    start: (options) => startAgent({ ...options, env: { NODE_OPTIONS: `--require ${turns}` } }),
  });
}

/**
 * The longest time for which a turn of the agent's loop kept the processor since this was asked last, and the most
 * hints that one read.
 */
async function turnsOf({ agent }: Watched): Promise<{ longestMs: number; mostHints: number }> {
  const before = agent.stderr.length;
  agent.kill('SIGUSR2');
  const [, ms, hints] = await until('the longest turn', () =>
    /longest turn (\S+) ms, most hints (\d+)/.exec(agent.stderr.slice(before)),
  );
  return { longestMs: Number(ms), mostHints: Number(hints) };
}

async function longestTurn(watch: Watched): Promise<number> {
  return (await turnsOf(watch)).longestMs;
}

const measured = existsSync('/proc/self/schedstat') ? describe : describe.skip;

measured('the loop is not held for long', () => {
  it('by 40,000 files that are moved within the root, out, in, ignored, no longer ignored, and removed', async () => {
    const [directories, names] = [1600, 25];
    const watch = await watchTurns((at) => {
      for (let directory = 0; directory < directories; directory++) {
        const path = join(at, `big/d${directory}`);
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, 'f0'), '');
        // Quicker than files, and as many entries.
        for (let name = 1; name < names; name++) linkSync(join(path, 'f0'), join(path, `f${name}`));
      }
    });
    const { agent, root, client, expectTrue } = watch;
    const outside = temporaryDirectory(roomForMany);
    const steps: [string, () => void][] = [
      ['moved', () => renameSync(join(root, 'big'), join(root, 'moved'))],
      ['moved out', () => renameSync(join(root, 'moved'), join(outside, 'moved'))],
      ['moved in', () => renameSync(join(outside, 'moved'), join(root, 'moved'))],
      ['ignored', () => writeFileSync(join(root, '.gitignore'), 'moved/\n')],
      ['no longer ignored', () => rmSync(join(root, '.gitignore'))],
      ['moved out with its root', () => renameSync(join(root, 'moved'), join(root, 'again'))],
    ];
    await longestTurn(watch);
    const held: Record<string, number> = {};
    for (const [what, act] of steps) {
      act();
      await agent.sync();
      held[what] = await longestTurn(watch);
    }
    await expectTrue();
    expect(client.gaps).toEqual([]);
    await longestTurn(watch);
    await agent.request('/v1/files');
    held['listed'] = await longestTurn(watch);
    await agent.request(`/v1/roots?path=${encodeURIComponent(root)}`, { method: 'DELETE' });
    held['no longer watched'] = await longestTurn(watch);
    for (const [what, ms] of Object.entries(held))
      expect(`${what}: ${ms < longestTurnMs || ms}`).toBe(`${what}: true`);
  });

  it('by 40,000 files in a single directory', async () => {
    const watch = await watchTurns((at) => {
      mkdirSync(join(at, 'large'));
      writeFileSync(join(at, 'large/f0'), '');
      for (let name = 1; name < 40_000; name++) linkSync(join(at, 'large/f0'), join(at, `large/f${name}`));
    });
    await longestTurn(watch);
    renameSync(join(watch.root, 'large'), join(watch.root, 'moved'));
    await watch.agent.sync();
    expect(await longestTurn(watch)).toBeLessThan(longestTurnMs);
    await watch.expectTrue();
  });
});

/** Changes the mode of each of some directories' files, one of each directory after the other, as often as is said. */
const changing = `
const { chmodSync } = require('node:fs');
const [root, directories, files, times] = process.argv.slice(1);
for (let time = 0; time < times; time++)
  for (let file = 0; file < files; file++)
    for (let directory = 0; directory < directories; directory++)
      chmodSync(root + '/d' + directory + '/f' + file, time % 2 ? 0o644 : 0o600);`;

measured('a flood of hints from many directories', () => {
  const [directories, files] = [1000, 20];
  /** What was queued before is read in any case: 16,384 found room. A flood without an end is of 120,000. */
  const bound = 32_768;

  it('dries up within a turn, and all that it was of is told', async () => {
    const watch = await watchTurns((at) => {
      for (let directory = 0; directory < directories; directory++) {
        const path = join(at, `d${directory}`);
        mkdirSync(path);
        for (let name = 0; name < files; name++) writeFileSync(join(path, `f${name}`), '');
      }
    });
    const { root, expectTrue } = watch;
    const programs: [string, string, string[]][] = [
      ['files change', process.execPath, ['-e', changing, root, `${directories}`, `${files}`, '3']],
      [
        'all is removed',
        'rm',
        ['-rf', ...Array.from({ length: directories }, (_, n) => join(root, `d${n}`))],
      ],
    ];
    await turnsOf(watch);
    for (const [what, program, flags] of programs) {
      // Two at once are faster than hints can be read.
      const ends = [0, 1].map(() => once(spawn(program, flags, { stdio: 'ignore' }), 'exit'));
      await Promise.all(ends);
      await expectTrue();
      const { mostHints } = await turnsOf(watch);
      expect({ what, fits: mostHints < bound || mostHints }).toEqual({ what, fits: true });
    }
  });
});

/** Writes to two files by turns, without a pause. */
const writing = `
const { openSync, writeSync } = require('node:fs');
const files = [0, 1].map((n) => openSync(process.argv[1] + n, 'w'));
for (let n = 0; ; n++) writeSync(files[n & 1], 'x');`;

measured('beside two who write faster than hints can be read', () => {
  it('others get their turn, what happens elsewhere is told, and nothing is lost', async () => {
    const watch = await watchTurns((at) => mkdirSync(join(at, 'd')));
    const { agent, root, client, expectTrue } = watch;
    const writers = ['d/one', 'd/two'].map((name) => {
      const child = spawn(process.execPath, ['-e', writing, join(root, name)], { stdio: 'ignore' });
      cleanUpWith(() => void child.kill('SIGKILL'));
      return child;
    });
    await client.waitForChange('add d/two1');
    await longestTurn(watch);
    for (let number = 0; number < 20; number++) {
      writeFileSync(join(root, `f${number}`), '');
      await client.waitForChange(`add f${number}`);
      await agent.request('/healthz');
    }
    // Without turns for others it is seconds, and as much of the processor.
    expect(await longestTurn(watch)).toBeLessThan(longestTurnMs);
    await Promise.all(
      writers.map((child) => {
        child.kill('SIGKILL');
        return once(child, 'exit');
      }),
    );
    await expectTrue();
  });
});

measured('a client that asks a thousand things at once', () => {
  const [requests, files] = [1000, 2000];
  const head = (path: string): string => `${path} HTTP/1.1\r\nhost: agent\r\ncontent-length: 0\r\n\r\n`;
  const watch = forAllTests(() =>
    watchTurns((at) => {
      for (let name = 0; name < files; name++) writeFileSync(join(at, `f${name}`), '');
    }),
  );

  /** Sends requests over one connection, all before the first answer, and gives what has come of it so far. */
  async function sendAll(paths: string[]): Promise<{ socket: Socket; answers: () => number }> {
    const socket = createConnection(watch().agent.socket);
    cleanUpWith(() => void socket.destroy());
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.write(paths.map(head).join(''));
    return { socket, answers: () => text.split('HTTP/1.1 200 ').length - 1 };
  }

  it('has every sync answered, and others are answered meanwhile', async () => {
    await longestTurn(watch());
    const { socket, answers } = await sendAll(Array.from({ length: requests }, () => 'POST /v1/sync'));
    await until('all answers', () => answers() === requests);
    expect(await longestTurn(watch())).toBeLessThan(longestTurnMs);
    socket.destroy();
  });

  it('has one stream of a connection, however many it asked for', async () => {
    await longestTurn(watch());
    const { agent } = watch();
    const clients = async () => (await agent.request('/v1/status')).json<{ clients: number }>().clients;
    const before = await clients();
    const paths = Array.from({ length: requests }, (_, n) => `GET /v1/events?snapshot=1&match=f${n}*`);
    const { socket, answers } = await sendAll(paths);
    await until('the first answer', () => answers() === 1);
    await agent.sync();
    expect((await clients()) - before).toBe(1);
    expect(await longestTurn(watch())).toBeLessThan(longestTurnMs);
    socket.destroy();
    await until('it is gone', async () => (await clients()) === before);
  });
});
