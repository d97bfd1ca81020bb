// An edit is one change of the file that was edited, however an editor goes about it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { until } from './support/wait.ts';
import { brief, follow, watched } from './support/watched.ts';

/** The agent's own default. */
const settleMs = 4;
/** How long the agent lets a batch last at most. */
const longestMs = 100;

/** How editors save `file`, which exists. */
const manners: [string, (file: string) => void][] = [
  ['truncating and writing in place', (file) => writeFileSync(file, 'in place')],
  [
    'a temporary file renamed over the old one',
    (file) => {
      writeFileSync(`${file}.tmp`, 'by rename');
      renameSync(`${file}.tmp`, file);
    },
  ],
  [
    'the old one renamed to a backup, the new one written, the backup removed (vim)',
    (file) => {
      renameSync(file, `${file}~`);
      const descriptor = openSync(file, 'w');
      writeSync(descriptor, 'with a backup');
      fsyncSync(descriptor);
      closeSync(descriptor);
      unlinkSync(`${file}~`);
    },
  ],
  [
    'a backup copied, the old one written in place, the backup removed (vim, backupcopy=yes)',
    (file) => {
      copyFileSync(file, `${file}~`);
      writeFileSync(file, 'with a copy');
      unlinkSync(`${file}~`);
    },
  ],
  [
    'both renamed and the old one removed (JetBrains)',
    (file) => {
      writeFileSync(`${file}___jb_tmp___`, 'safe write');
      renameSync(file, `${file}___jb_old___`);
      renameSync(`${file}___jb_tmp___`, file);
      unlinkSync(`${file}___jb_old___`);
    },
  ],
  ['sed -i', (file) => execFileSync('sed', ['-i', 's/.*/sed was here/', file])],
];

it.each(manners)('a save by %s is one change', async (_manner, save) => {
  const { root, changes, expectTrue } = await watched((at) => writeFileSync(join(at, 'a'), 'old'));
  for (let round = 0; round < 3; round++) {
    save(join(root, 'a'));
    expect(brief(await changes())).toEqual(['change a']);
  }
  await expectTrue();
});

describe('a backup that outlives the settle time, but not a batch at its longest', () => {
  const pausing: [string, (file: string, pause: () => Promise<void>) => Promise<void>][] = [
    [
      'by rename',
      async (file, pause) => {
        renameSync(file, `${file}~`);
        writeFileSync(file, 'new');
        await pause();
        unlinkSync(`${file}~`);
      },
    ],
    [
      'by rename, under any name',
      async (file, pause) => {
        renameSync(file, `${file}.before`);
        writeFileSync(file, 'new');
        await pause();
        unlinkSync(`${file}.before`);
      },
    ],
    [
      'by copying',
      async (file, pause) => {
        copyFileSync(file, `${file}~`);
        await pause();
        writeFileSync(file, 'new');
        unlinkSync(`${file}~`);
      },
    ],
    [
      'of JetBrains',
      async (file, pause) => {
        writeFileSync(`${file}___jb_tmp___`, 'new');
        await pause();
        renameSync(file, `${file}___jb_old___`);
        renameSync(`${file}___jb_tmp___`, file);
        unlinkSync(`${file}___jb_old___`);
      },
    ],
  ];

  it.each(pausing)('made %s is not told', async (_how, save) => {
    const [root, clock] = [temporaryDirectory(), temporaryDirectory()];
    const file = join(root, 'a');
    writeFileSync(file, 'old');
    const agent = await startAgent({ roots: [root, clock], flags: ['--settle', String(settleMs)] });
    const { client, changes, expectTrue } = await follow(agent);
    const inRoot = (): string[] =>
      brief(client.files.filter((event) => event.root === root).flatMap(({ changes }) => changes));
    // What happens later elsewhere and is told proves that the settle time of what happened before is over.
    const pause = async (): Promise<void> => {
      const before = client.files.length;
      writeFileSync(join(clock, 'tick'), String(before));
      await until('the tick', () => client.files.slice(before).some((event) => event.root === clock));
    };
    // On a machine that is held up for longer than a batch lasts the backup is told, and the round proves
    // nothing: then it is tried again.
    for (let proved = false; !proved; ) {
      const toldBefore = inRoot().length;
      const startMs = performance.now();
      await save(file, pause);
      const tookMs = performance.now() - startMs;
      await changes();
      if (tookMs > longestMs / 2) continue;
      expect(new Set(inRoot().slice(toldBefore))).toEqual(new Set(['change a']));
      proved = true;
    }
    await expectTrue();
  });

  it('is told when it stays, with the change', async () => {
    const { root, client, expectTrue } = await watched((at) => writeFileSync(join(at, 'a'), 'old'), {
      settleMs,
    });
    renameSync(join(root, 'a'), join(root, 'a~'));
    writeFileSync(join(root, 'a'), 'new');
    await client.waitForChange('add a~');
    await client.waitForChange('change a');
    await expectTrue();
    rmSync(join(root, 'a~'));
    await client.waitForChange('unlink a~');
  });
});

const vim = ['vim', 'vim.tiny'].find((command) => spawnSync(command, ['--version']).status === 0);

/** Has vim save a file as often as asked for. */
async function saveWithVim(file: string, backupcopy: string, saves: number): Promise<void> {
  const child = spawn(vim ?? '', ['-n', '-e', '-s', '-u', 'NONE', '-i', 'NONE', file], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  cleanUpWith(() => void child.kill('SIGKILL'));
  // By default vim makes no backup of what lies in /tmp.
  const settings = `set nocompatible writebackup backupskip= backupcopy=${backupcopy}`;
  const edits = Array.from({ length: saves }, (_unused, edit) => [
    `1s/.*/edit ${edit}/`,
    'write',
    'sleep 10m',
  ]);
  child.stdin.end(`${[settings, ...edits.flat(), 'quit'].join('\n')}\n`);
  const [status] = await once(child, 'close');
  expect(status).toBe(0);
}

(vim === undefined ? describe.skip : describe)(
  vim === undefined ? 'real vim: SKIPPED, since it is not installed' : 'real vim',
  () => {
    // Which way it goes depends on its settings and on the file: see `:help backupcopy`.
    it.each(['auto', 'no', 'yes'])(
      'saves 50 times with backupcopy=%s, and only the file is told',
      async (how) => {
        const { root, client, changes, expectTrue } = await watched(
          (at) => writeFileSync(join(at, 'a'), 'old\n'),
          {
            settleMs,
          },
        );
        // vim waits until the new file is on the disk, and anyone may be kept waiting for a processor: a backup
        // that is there for longer than a batch lasts at most is told. But that is the exception.
        let clean = 0;
        for (let round = 0; round < 15 && clean < 5; round++) {
          await saveWithVim(join(root, 'a'), how, 10);
          const told = new Set(brief(await changes()));
          if (told.size === 1 && told.has('change a')) clean += 1;
        }
        expect(clean).toBe(5);
        const names = new Set(client.files.flatMap((event) => event.changes.map(({ path }) => path)));
        expect([...names].filter((name) => !['a', 'a~', '4913'].includes(name))).toEqual([]);
        await expectTrue();
      },
    );
  },
);
