// What changed in a root while no agent was running is told when one is.
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Status } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { until } from './support/wait.ts';

async function end(agent: TestAgent, signal: NodeJS.Signals): Promise<void> {
  agent.kill(signal);
  await agent.exited;
}

const startAgain = ({ roots, runtime, state }: TestAgent): Promise<TestAgent> =>
  startAgent({ roots, runtime, state });

function write(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), `${path}\n`);
  }
}

/** Waits until it is known what was kept of the root, so that a kill can't come before. */
async function indexKept(agent: TestAgent): Promise<void> {
  await until('the index to be kept', () =>
    readdirSync(join(agent.state, 'default.store')).some((name) => name.endsWith('.index')),
  );
  await agent.sync();
}

/** What came since the client connected, and the sync after it. */
async function told(agent: TestAgent, client: TestClient): Promise<string[]> {
  await agent.broadcast('end');
  await client.waitForMessages(1);
  return client.changes;
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('a root, after %s', (signal) => {
  it('is told of with what is different, after a gap that says so', async () => {
    const root = temporaryDirectory();
    write(root, 'kept', 'gone', 'changed', 'dir/kept', 'dir/gone', 'away/a', 'away/b/c');
    const first = await startAgent({ roots: [root] });
    write(root, 'during', 'during-and-gone');
    const since = await first.sync();
    await end(first, signal);
    write(root, 'changed', 'new', 'other/new');
    writeFileSync(join(root, 'changed'), 'longer than before');
    rmSync(join(root, 'gone'));
    rmSync(join(root, 'during-and-gone'));
    rmSync(join(root, 'dir/gone'));
    renameSync(join(root, 'away'), join(root, 'moved'));
    const second = await startAgain(first);
    const client = await connect(second, `since=${since}`);
    const changes = await told(second, client);
    expect(client.hello.resumed).toBe(true);
    expect(client.gaps).toEqual([
      { type: 'gap', cursor: expect.any(String), reason: 'recrawl', restart: true, root },
    ]);
    expect(client.events[0]).toBe(client.gaps[0]);
    const expected = [
      'unlink during-and-gone',
      'unlink gone',
      'unlink dir/gone',
      'unlink away/a',
      'unlink away/b/c',
      'unlinkDir away/b',
      'unlinkDir away',
      'change changed',
      'add new',
      'addDir other',
      'add other/new',
      'addDir moved',
      'add moved/a',
      'addDir moved/b',
      'add moved/b/c',
    ];
    // After a kill nothing is sure of what changed since the index was written down.
    expect(changes.filter((change) => change !== 'change during').sort()).toEqual(expected.sort());
  });

  it('is told of with nothing where nothing changed', async () => {
    const root = temporaryDirectory();
    write(root, 'a', 'dir/b');
    const first = await startAgent({ roots: [root] });
    await indexKept(first);
    const since = await first.sync();
    await end(first, signal);
    const second = await startAgain(first);
    const client = await connect(second, `since=${since}`);
    expect(await told(second, client)).toEqual([]);
    expect(client.gaps).toHaveLength(1);
  });

  it('counts an edit of its rules as one that was made now', async () => {
    const root = temporaryDirectory();
    write(root, 'a.log', 'b.txt');
    const first = await startAgent({ roots: [root] });
    const since = await first.sync();
    await end(first, signal);
    writeFileSync(join(root, '.gitignore'), '*.log\n');
    const second = await startAgain(first);
    const client = await connect(second, `since=${since}`);
    expect((await told(second, client)).sort()).toEqual(['add .gitignore', 'unlink a.log']);
  });

  it('is told of when it is added later, too', async () => {
    const [root, other] = [temporaryDirectory(), temporaryDirectory()];
    write(root, 'a', 'b');
    const first = await startAgent({ roots: [root] });
    const since = await first.sync();
    await end(first, signal);
    rmSync(join(root, 'a'));
    const second = await startAgent({ ...first, roots: [other] });
    const client = await connect(second, `since=${since}`);
    await second.request('/v1/roots', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: root }),
    });
    expect(await told(second, client)).toEqual(['unlink a']);
    expect(client.gaps).toMatchObject([{ reason: 'recrawl', restart: true, root }]);
  });
});

describe('a root that was removed', () => {
  it('is compared with what it was then', async () => {
    const agent = await startAgent();
    write(agent.root, 'a', 'b');
    await agent.sync();
    const client = await connect(agent);
    const path = `/v1/roots?path=${encodeURIComponent(agent.root)}`;
    expect((await agent.request(path, { method: 'DELETE' })).status).toBe(200);
    rmSync(join(agent.root, 'a'));
    await agent.request('/v1/roots', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: agent.root }),
    });
    expect(await told(agent, client)).toEqual(['unlink a']);
    expect(client.gaps).toMatchObject([{ reason: 'recrawl', restart: true }]);
  });
});

describe('what is known of a root', () => {
  it('is not believed when it is damaged: a new epoch, and the root begins as at first', async () => {
    const root = temporaryDirectory();
    write(root, 'a');
    const first = await startAgent({ roots: [root] });
    await indexKept(first);
    const since = await first.sync();
    await end(first, 'SIGTERM');
    const directory = join(first.state, 'default.store');
    const name = readdirSync(directory).find((each) => each.endsWith('.index')) ?? '';
    writeFileSync(join(directory, name), 'x', { flag: 'a' });
    const second = await startAgain(first);
    expect((await second.request('/v1/status')).json<Status>().store).toMatchObject({
      restored: false,
      degraded: null,
    });
    const client = await connect(second, `since=${since}`);
    expect(await told(second, client)).toEqual([]);
    expect(client.gaps).toMatchObject([{ reason: 'epoch' }]);
  });

  it('that nobody came back to for a month is only that it was watched', async () => {
    const root = temporaryDirectory();
    write(root, 'a');
    const first = await startAgent({ roots: [root] });
    const since = await first.sync();
    await end(first, 'SIGTERM');
    const directory = join(first.state, 'default.store');
    const monthAgo = Date.now() / 1000 - 31 * 24 * 3600;
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.index')) utimesSync(join(directory, name), monthAgo, monthAgo);
    }
    const second = await startAgain(first);
    const client = await connect(second, `since=${since}`);
    await told(second, client);
    expect(client.hello.resumed).toBe(false);
    expect(client.gaps[0]).toMatchObject({ reason: 'expired' });
  });
});
