// Directories that the agent may not look into: entries whose inside is not known, until it may.
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cleanUpWith } from './support/cleanup.ts';
import { canBindByPermissions, startPowerlessAgent } from './support/confined-agent.ts';
import { until } from './support/wait.ts';
import { brief, type Watched, watched } from './support/watched.ts';

const bound = canBindByPermissions();

/** Watches a directory `d` with a file, made readable again after the test so that it can be removed. */
function watchedPowerless(prepare: (d: string) => void, flags: string[] = []): Promise<Watched> {
  return watched(
    (root) => {
      const directory = join(root, 'd');
      mkdirSync(directory);
      writeFileSync(join(directory, 'f'), '');
      prepare(directory);
      cleanUpWith(() => open(root));
    },
    { start: startPowerlessAgent, flags },
  );
}

function open(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) open(join(directory, entry.name));
  }
}

/** What can be done in a directory that others can't look into needs more power than they have. */
const asRoot = process.getuid?.() === 0 ? it : it.skip;

(bound ? describe : describe.skip)('a directory without permission', () => {
  it('is an entry with a line in the log, and its inside is told when it may be read', async () => {
    // Closed before the agent starts, so the model begins without its inside.
    const watch = await watchedPowerless((d) => {
      rmSync(join(d, 'f'));
      chmodSync(d, 0);
    });
    const { root, agent, changes, expectTrue } = watch;
    await until('the log line', () => /skipped.*path=d /.test(agent.stderr));
    expect((await watch.status()).degraded).toBeNull();
    writeFileSync(join(root, 'beside'), '');
    expect(brief(await changes())).toEqual(['add beside']);

    chmodSync(join(root, 'd'), 0o755);
    writeFileSync(join(root, 'd/in'), '');
    await watch.client.waitForChange('add d/in');
    writeFileSync(join(root, 'd/later'), '');
    await watch.client.waitForChange('add d/later');
    await expectTrue();
  });

  it('that is made so keeps what was told of its inside', async () => {
    const { root, client, changes, expectTrue } = await watchedPowerless(() => {});
    chmodSync(join(root, 'd'), 0);
    writeFileSync(join(root, 'beside'), '');
    expect(brief(await changes())).toEqual(['add beside']);
    chmodSync(join(root, 'd'), 0o755);
    writeFileSync(join(root, 'd/later'), '');
    await client.waitForChange('add d/later');
    await expectTrue();
  });

  asRoot.each(['000', '444', '111'])(
    'with mode %s that changes inside meanwhile is told of when it may be read',
    async (mode) => {
      const { root, client, agent, expectTrue } = await watchedPowerless((d) => mkdirSync(join(d, 'deep')));
      chmodSync(join(root, 'd'), Number.parseInt(mode, 8));
      writeFileSync(join(root, 'd/new'), '');
      writeFileSync(join(root, 'd/deep/new'), '');
      rmSync(join(root, 'd/f'));
      await agent.sync();
      chmodSync(join(root, 'd'), 0o755);
      await client.waitForChange('add d/new');
      await client.waitForChange('add d/deep/new');
      await client.waitForChange('unlink d/f');
      await expectTrue();
    },
  );

  it('that is the root itself is told when it may be read', async () => {
    const { root, agent, client, status, expectTrue } = await watchedPowerless((d) => {
      rmSync(d, { recursive: true });
      // Its configuration file, if there were one, could still be read: without that no agent starts.
      chmodSync(join(d, '..'), 0o111);
    });
    await until('the log line', () => agent.stderr.includes('skipped'));
    expect((await status()).degraded).toMatch(/can not be read/);
    chmodSync(root, 0o755);
    writeFileSync(join(root, 'a'), '');
    await client.waitForChange('add a');
    writeFileSync(join(root, 'b'), '');
    await client.waitForChange('add b');
    expect((await status()).degraded).toBeNull();
    await expectTrue();
  });

  it('and a file without permission is an entry like any other', async () => {
    const { root, changes, expectTrue } = await watchedPowerless((d) => chmodSync(join(d, 'f'), 0));
    writeFileSync(join(root, 'secret'), '1', { mode: 0 });
    expect(brief(await changes())).toEqual(['add secret']);
    await expectTrue();
  });

  it('is found by polling when it may be read', async () => {
    const { root, client, expectTrue } = await watchedPowerless(
      (d) => {
        rmSync(join(d, 'f'));
        chmodSync(d, 0);
      },
      ['--backend', 'polling'],
    );
    chmodSync(join(root, 'd'), 0o755);
    writeFileSync(join(root, 'd/in'), '');
    await client.waitForChange('add d/in');
    await expectTrue();
  });
});
