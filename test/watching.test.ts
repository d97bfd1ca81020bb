// What the watcher promises beyond the usual save: each of these is how some other watcher goes wrong.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Change } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { TreeModel } from './support/model.ts';
import { until } from './support/wait.ts';

interface Watched {
  readonly agent: TestAgent;
  readonly client: TestClient;
  readonly root: string;
  /** Waits at the barrier, and gives the changes told since it was asked last. */
  changes(): Promise<Change[]>;
  /** Waits at the barrier, and fails unless the events alone give the disk. */
  expectTrue(): Promise<void>;
}

/** Watches a directory that `prepare` may fill. */
async function watched(
  prepare: (root: string) => void = () => {},
  flags: string[] = [],
  parent?: string,
): Promise<Watched> {
  const root = temporaryDirectory(parent);
  prepare(root);
  const model = TreeModel.ofDisk(root);
  // What a test does between two barriers is one batch, however slow the machine: its order is asserted.
  const oneBatch = flags.includes('--settle') ? [] : ['--settle', '100'];
  const agent = await startAgent({ roots: [root], flags: [...flags, ...oneBatch] });
  const client = await connect(agent);
  let told = 0;
  let applied = 0;
  const settle = async (): Promise<void> => {
    const cursor = await agent.sync();
    const seq = Number(cursor.split(':')[1]);
    await until(
      () => `events up to ${cursor}`,
      () => client.events.length >= seq,
    );
    for (const { changes } of client.files.slice(applied)) model.apply(changes);
    applied = client.files.length;
  };
  return {
    agent,
    client,
    root,
    async changes() {
      await settle();
      const fresh = client.files.slice(told).flatMap(({ changes }) => changes);
      told = client.files.length;
      return fresh;
    },
    async expectTrue() {
      await settle();
      expect(model.faults).toEqual([]);
      expect(model.differences(root)).toEqual([]);
    },
  };
}

const brief = (changes: readonly Change[]): string[] =>
  changes.map(({ event, path, from }) => `${event} ${path}${from === undefined ? '' : ` from ${from}`}`);

describe('identity', () => {
  it('a directory removed and made again at once is watched, 1,000 times over', async () => {
    const { root, expectTrue, changes } = await watched((at) => mkdirSync(join(at, 'd')));
    for (let round = 0; round < 1000; round++) {
      rmSync(join(root, 'd'), { recursive: true });
      mkdirSync(join(root, 'd'));
      writeFileSync(join(root, 'd', `f${round}`), '');
    }
    await expectTrue();
    await changes();
    writeFileSync(join(root, 'd', 'afterwards'), 'x');
    expect(brief(await changes())).toEqual(['add d/afterwards']);
  });

  it('a file deleted and another made in its place is a change of the one or has no from', async () => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'old'), 'old'));
    rmSync(join(root, 'old'));
    writeFileSync(join(root, 'new'), 'new');
    expect(brief(await changes())).toEqual(['unlink old', 'add new']);
  });

  it('a renamed file says where it comes from', async () => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'a'), 'x'));
    renameSync(join(root, 'a'), join(root, 'b'));
    expect(brief(await changes())).toEqual(['unlink a', 'add b from a']);
  });

  it('a moved directory says so of everything in it, and is watched where it is now', async () => {
    const { root, changes } = await watched((at) => {
      mkdirSync(join(at, 'a/deep'), { recursive: true });
      writeFileSync(join(at, 'a/one'), '1');
      writeFileSync(join(at, 'a/deep/two'), '2');
    });
    renameSync(join(root, 'a'), join(root, 'b'));
    expect(brief(await changes())).toEqual([
      'unlink a/one',
      'unlink a/deep/two',
      'unlinkDir a/deep',
      'unlinkDir a',
      'addDir b from a',
      'addDir b/deep from a/deep',
      'add b/deep/two from a/deep/two',
      'add b/one from a/one',
    ]);
    appendFileSync(join(root, 'b/deep/two'), 'more');
    expect(brief(await changes())).toEqual(['change b/deep/two']);
  });

  it('a file that becomes a directory is unlinked and added, and back', async () => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'a'), 'x'));
    rmSync(join(root, 'a'));
    mkdirSync(join(root, 'a'));
    writeFileSync(join(root, 'a/in'), '');
    expect(brief(await changes())).toEqual(['unlink a', 'addDir a', 'add a/in']);
    rmSync(join(root, 'a'), { recursive: true });
    writeFileSync(join(root, 'a'), 'y');
    expect(brief(await changes())).toEqual(['unlink a/in', 'unlinkDir a', 'add a']);
  });

  it('of two writes of the same length within a millisecond the last one is told', async () => {
    const { root, client, agent } = await watched(
      (at) => writeFileSync(join(at, 'a'), '0'),
      ['--settle', '0'],
    );
    for (let round = 0; round < 50; round++) {
      const before = client.files.length;
      writeFileSync(join(root, 'a'), '1');
      await until('the first write', () => client.files.length > before);
      const between = client.files.length;
      writeFileSync(join(root, 'a'), '2');
      await agent.sync();
      await until('the second write', () => client.files.length > between);
    }
    expect(new Set(client.changes)).toEqual(new Set(['change a']));
  });

  it.each([
    ['over the old one', (at: string) => renameSync(`${at}.tmp`, at)],
    [
      'with the old one as a backup meanwhile',
      (at: string) => {
        renameSync(at, `${at}~`);
        renameSync(`${at}.tmp`, at);
        rmSync(`${at}~`);
      },
    ],
  ])('a save by rename %s is one change', async (_how, save) => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'a'), 'old'));
    writeFileSync(join(root, 'a.tmp'), 'new text');
    save(join(root, 'a'));
    expect(brief(await changes())).toEqual(['change a']);
  });

  it('sed -i is one change', async () => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'a'), 'old'));
    execFileSync('sed', ['-i', 's/old/new/', join(root, 'a')]);
    expect(brief(await changes())).toEqual(['change a']);
  });
});

describe('loss', () => {
  it('behind a stopped agent, 40,000 files in 200 new directories are told after a recrawl gap', async () => {
    const { agent, client, root, expectTrue, changes } = await watched(() => {}, [], roomForMany);
    agent.kill('SIGSTOP');
    for (let directory = 0; directory < 200; directory++) {
      mkdirSync(join(root, `d${directory}`));
      for (let file = 0; file < 200; file++) writeFileSync(join(root, `d${directory}/f${file}`), '');
    }
    agent.kill('SIGCONT');
    await client.waitFor('recrawl', (frame) => frame.type === 'gap' && frame.reason === 'recrawl');
    await expectTrue();
    await changes();
    writeFileSync(join(root, 'd7/later'), '');
    expect(brief(await changes())).toEqual(['add d7/later']);
  });

  it('a full queue loses nothing in the end: 40,000 files in a directory that is watched already', async () => {
    const { agent, client, root, expectTrue } = await watched(
      (at) => mkdirSync(join(at, 'd')),
      [],
      roomForMany,
    );
    agent.kill('SIGSTOP');
    for (let file = 0; file < 40_000; file++) writeFileSync(join(root, `d/f${file}`), '');
    agent.kill('SIGCONT');
    await client.waitFor('recrawl', (frame) => frame.type === 'gap' && frame.reason === 'recrawl');
    await expectTrue();
  });
});

describe('git', () => {
  const git = (root: string, ...args: string[]): string =>
    execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
    });

  it('a checkout of 2,000 changed files is one batch, in pieces', async () => {
    const { root, client, expectTrue } = await watched(
      (at) => {
        git(at, 'init', '-q', '-b', 'one');
        mkdirSync(join(at, 'src'));
        for (let file = 0; file < 2000; file++) writeFileSync(join(at, `src/f${file}`), 'one');
        git(at, 'add', '.');
        git(at, 'commit', '-qm', 'one');
        git(at, 'checkout', '-qb', 'two');
        for (let file = 0; file < 2000; file++) writeFileSync(join(at, `src/f${file}`), 'two two');
        git(at, 'commit', '-qam', 'two');
      },
      ['--settle', '4'],
    );
    git(root, 'checkout', '-q', 'one');
    await until('2,000 changes', () => client.changes.length >= 2000);
    expect(client.files.map(({ changes, more }) => [changes.length, more])).toEqual([
      [1000, true],
      [1000, undefined],
    ]);
    await expectTrue();
  });

  it('the barrier leaves nothing that git would see', async () => {
    const { root, agent } = await watched((at) => git(at, 'init', '-q'));
    for (let round = 0; round < 20; round++) await agent.sync();
    expect(git(root, 'status', '--porcelain')).toBe('');
  });
});

describe('ignoring', () => {
  it('what .gitignore names is not told, at any level, with exceptions', async () => {
    const { root, changes } = await watched((at) => {
      writeFileSync(join(at, '.gitignore'), 'node_modules\n*.log\n!keep.log\n/dist/\n');
      mkdirSync(join(at, 'src'));
      writeFileSync(join(at, 'src/.gitignore'), 'local\n!special.log\n');
    });
    mkdirSync(join(root, 'node_modules/x'), { recursive: true });
    mkdirSync(join(root, 'dist'));
    for (const path of ['node_modules/x/y', 'dist/a', 'a.log', 'src/local', 'src/b.log']) {
      writeFileSync(join(root, path), '');
    }
    for (const path of ['keep.log', 'src/special.log', 'local', 'src/dist'])
      writeFileSync(join(root, path), '');
    expect(brief(await changes())).toEqual([
      'add keep.log',
      'add local',
      'add src/dist',
      'add src/special.log',
    ]);
  });

  it('an edit of .gitignore takes effect while running', async () => {
    const { root, changes } = await watched((at) => {
      mkdirSync(join(at, 'out/deep'), { recursive: true });
      writeFileSync(join(at, 'out/deep/a'), '');
      writeFileSync(join(at, 'b.tmp'), '');
      writeFileSync(join(at, '.gitignore'), '*.tmp\n');
    });
    writeFileSync(join(root, '.gitignore'), 'out\n');
    expect(brief(await changes()).sort()).toEqual(
      ['change .gitignore', 'add b.tmp', 'unlink out/deep/a', 'unlinkDir out/deep', 'unlinkDir out'].sort(),
    );
    rmSync(join(root, '.gitignore'));
    expect(brief(await changes()).sort()).toEqual(
      ['unlink .gitignore', 'addDir out', 'addDir out/deep', 'add out/deep/a'].sort(),
    );
    writeFileSync(join(root, 'out/deep/new'), '');
    expect(brief(await changes())).toEqual(['add out/deep/new']);
  });

  it('--ignore and --no-gitignore', async () => {
    const { root, changes } = await watched(
      (at) => writeFileSync(join(at, '.gitignore'), 'a\n'),
      ['--no-gitignore', '--ignore', '**/cache'],
    );
    mkdirSync(join(root, 'x/cache'), { recursive: true });
    writeFileSync(join(root, 'x/cache/f'), '');
    writeFileSync(join(root, 'a'), '');
    expect(brief(await changes())).toEqual(['add a', 'addDir x']);
  });
});

describe('the barrier', () => {
  it('after each of 1,000 writes the index holds the write', async () => {
    const { root, agent } = await watched();
    for (let round = 0; round < 1000; round++) {
      writeFileSync(join(root, `f${round % 7}`), 'x'.repeat(round));
      await agent.sync();
      if (round % 50 !== 49) continue;
      const files = (await agent.request('/v1/files')).text.trim().split('\n');
      const record = files.map((line) => JSON.parse(line)).find(({ path }) => path === `f${round % 7}`);
      expect(record).toMatchObject({ size: round });
    }
  });

  it('of calls made at once answers each', async () => {
    const { root, agent, client } = await watched();
    const cursors = await Promise.all(
      Array.from({ length: 50 }, (_unused, index) => {
        writeFileSync(join(root, `f${index}`), '');
        return agent.sync();
      }),
    );
    expect(cursors).toHaveLength(50);
    await until('50 files', () => client.changes.length === 50);
    expect(readdirSync(join(agent.runtime, 'default.cookies'))).toEqual([]);
  });
});

describe('roots', () => {
  it('that is deleted and comes back is told so', async () => {
    const { root, changes, agent } = await watched((at) => writeFileSync(join(at, 'a'), ''));
    rmSync(root, { recursive: true });
    await until(
      'degraded',
      async () =>
        (await agent.request('/v1/status')).json<{ roots: { degraded: string | null }[] }>().roots[0]
          ?.degraded,
    );
    expect(brief(await changes())).toEqual(['unlink a']);
    mkdirSync(root);
    writeFileSync(join(root, 'b'), '');
    await until(
      'the root is watched again',
      async () =>
        (await agent.request('/v1/status')).json<{ roots: { degraded: string | null }[] }>().roots[0]
          ?.degraded === null,
    );
    expect(brief(await changes())).toEqual(['add b']);
    writeFileSync(join(root, 'c'), '');
    expect(brief(await changes())).toEqual(['add c']);
  });

  it('that overlap are each told in their own terms, and a link to a root is that root', async () => {
    const outer = temporaryDirectory();
    mkdirSync(join(outer, 'inner'));
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(join(outer, 'inner'), link);
    const agent = await startAgent({ roots: [outer, join(outer, 'inner'), link] });
    const client = await connect(agent);
    expect(client.hello.roots).toEqual([outer, join(outer, 'inner')]);
    const linked = await connect(agent, `root=${encodeURIComponent(link)}`);
    writeFileSync(join(outer, 'inner/f'), '');
    await until('both', () => client.files.length === 2);
    expect(client.files.map(({ root, changes }) => [root, changes[0]?.path]).sort()).toEqual([
      [outer, 'inner/f'],
      [join(outer, 'inner'), 'f'],
    ]);
    await linked.waitForChange('add f');
  });
});

describe('strange names and things', () => {
  it('are told as they are', async () => {
    const { root, expectTrue, changes } = await watched();
    const names = [' two  blanks ', 'new\nline', 'émoji 🎉', '\\', '...', '-rf', 'x'.repeat(255), '‮abc'];
    for (const name of names) writeFileSync(join(root, name), '');
    await expectTrue();
    expect((await changes()).map(({ path }) => path).sort()).toEqual([...names].sort());
  });

  it('a name that is not UTF-8 carries its bytes', async () => {
    const { root, changes } = await watched();
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    const path = Buffer.concat([Buffer.from(`${root}/`), name]);
    mkdirSync(path);
    writeFileSync(Buffer.concat([path, Buffer.from('/in')]), '');
    const pathBytes = name.toString('base64');
    const inside = Buffer.concat([name, Buffer.from('/in')]).toString('base64');
    expect(await changes()).toMatchObject([
      { event: 'addDir', path: 'f\uFFFD\uFFFD', pathBytes },
      { event: 'add', path: 'f\uFFFD\uFFFD/in', pathBytes: inside },
    ]);
    writeFileSync(Buffer.concat([path, Buffer.from('/in')]), 'more');
    expect(await changes()).toMatchObject([{ event: 'change', pathBytes: inside }]);
  });

  it('FIFOs and sockets are skipped with a line in the log, and nothing hangs', async () => {
    const { root, agent, changes } = await watched();
    execFileSync('mkfifo', [join(root, 'pipe'), join(root, '.gitignore')]);
    writeFileSync(join(root, 'a'), '');
    expect(brief(await changes())).toEqual(['add a']);
    await until('the log line', () => agent.stderr.includes('entry skipped'));
  });

  it('symlink loops, dangling links and hard links are entries', async () => {
    const { root, expectTrue, changes } = await watched();
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('.', join(root, 'self'));
    symlinkSync('nowhere', join(root, 'dangling'));
    writeFileSync(join(root, 'a'), '');
    linkSync(join(root, 'a'), join(root, 'b'));
    await expectTrue();
    expect(brief(await changes()).sort()).toEqual(['add a', 'add b', 'add dangling', 'add loop', 'add self']);
  });

  it('a path near the limit of 4,096 bytes', async () => {
    const { root, expectTrue } = await watched();
    let path = root;
    while (path.length + 202 < 4090) path = join(path, 'd'.repeat(200));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'f'), 'deep');
    expect(existsSync(join(path, 'f'))).toBe(true);
    await expectTrue();
    appendFileSync(join(path, 'f'), 'er');
    await expectTrue();
  });

  it('a change of mode is a change', async () => {
    const { root, changes } = await watched((at) => writeFileSync(join(at, 'a'), ''));
    chmodSync(join(root, 'a'), 0o755);
    expect(brief(await changes())).toEqual(['change a']);
  });
});
