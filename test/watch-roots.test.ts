// Roots come and go while an agent runs and files are being written.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import type { Answer } from './support/ask.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { inotifyWatches } from './support/procfs.ts';
import { until } from './support/wait.ts';
import { brief, follow, watchedByOne } from './support/watched.ts';
import { startWriter } from './support/writer.ts';

const watchedHere = watchedByOne();

function addRoot(agent: TestAgent, path: string): Promise<Answer> {
  return agent.request('/v1/roots', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path }),
  });
}

function removeRoot(agent: TestAgent, path: string): Promise<Answer> {
  return agent.request(`/v1/roots?path=${encodeURIComponent(path)}`, { method: 'DELETE' });
}

async function rootsOf(agent: TestAgent): Promise<string[]> {
  return (await agent.request('/v1/roots')).json<{ path: string }[]>().map(({ path }) => path);
}

/** Makes a tree of `count` directories. */
function tree(count: number): string {
  const path = temporaryDirectory();
  for (let number = 1; number < count; number++) {
    mkdirSync(join(path, `d${number % 7}`, `e${number}`), { recursive: true });
  }
  return path;
}

describe('under load', () => {
  it('roots that are added and removed are true whenever they are there', async () => {
    const [steady, changing] = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots: [steady] });
    const writers = [startWriter(join(steady, 'w')), startWriter(join(changing, 'w'))];
    for (let round = 0; round < 10; round++) {
      expect((await addRoot(agent, changing)).status).toBe(200);
      const before = await agent.sync();
      const watching = await connect(agent, `root=${encodeURIComponent(changing)}&since=${before}`);
      writeFileSync(join(changing, 'mark'), `${round}`);
      await watching.waitFor(
        'the mark',
        (frame) => frame.type === 'file' && frame.changes.some(({ path }) => path === 'mark'),
      );
      expect((await removeRoot(agent, changing)).status).toBe(200);
      expect(await rootsOf(agent)).toEqual([steady]);
      watching.ws.terminate();
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    // What was told before does not matter to who begins with what is there.
    await addRoot(agent, changing);
    await agent.sync();
    const { root, expectTrue } = await follow(agent, [steady, changing]);
    writeFileSync(join(root, 'last'), '');
    writeFileSync(join(changing, 'last'), '');
    await expectTrue();
    expect(agent.stderr).not.toMatch(/ (error|fatal) /);
  });

  it('nothing of a root is told after it was removed', async () => {
    const [steady, removed] = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots: [steady, removed] });
    const client = await connect(agent);
    const writer = startWriter(removed);
    await until('its first change', () => client.files.length > 0);
    await removeRoot(agent, removed);
    const cursor = await agent.sync();
    const late = await connect(agent, `since=${cursor}`);
    for (let round = 0; round < 20; round++) {
      writeFileSync(join(steady, `f${round}`), '');
      await late.waitForChange(`add f${round}`);
    }
    expect(new Set(late.files.map(({ root }) => root))).toEqual(new Set([steady]));
    await writer.stop();
  });
});

describe('the same root', () => {
  it('added many times at once is one root', async () => {
    const [first, path] = [temporaryDirectory(), tree(50)];
    const agent = await startAgent({ roots: [first] });
    const answers = await Promise.all(Array.from({ length: 8 }, () => addRoot(agent, path)));
    expect(answers.map((answer) => [answer.status, answer.json()['ready']])).toEqual(
      Array(8).fill([200, true]),
    );
    expect(await rootsOf(agent)).toEqual([first, path]);
    const client = await connect(agent);
    writeFileSync(join(path, 'a'), '');
    await client.waitForChange('add a');
    await agent.sync();
    expect(client.changes).toEqual(['add a']);
  });

  it('added and removed at once is there or not, and can be added again', async () => {
    const [first, path] = [temporaryDirectory(), tree(50)];
    const agent = await startAgent({ roots: [first] });
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all([
        addRoot(agent, path),
        removeRoot(agent, path),
        addRoot(agent, path),
      ]);
      for (const { status } of answers) expect([200, 404]).toContain(status);
    }
    await addRoot(agent, path);
    const { expectTrue, client } = await follow(agent, [path]);
    writeFileSync(join(path, 'd1/new'), '');
    await client.waitForChange('add d1/new');
    await expectTrue();
  });

  it('through a symlink is told under its real path and found under both', async () => {
    const [first, path] = [temporaryDirectory(), temporaryDirectory()];
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(path, link);
    const agent = await startAgent({ roots: [first, link, path] });
    expect(await rootsOf(agent)).toEqual([first, path]);
    expect((await removeRoot(agent, path)).status).toBe(200);
    expect((await addRoot(agent, link)).json()).toMatchObject({ path });
    expect((await addRoot(agent, path)).json()).toMatchObject({ path });
    expect(await rootsOf(agent)).toEqual([first, path]);
    const [all, linked] = [await connect(agent), await connect(agent, `root=${encodeURIComponent(link)}`)];
    writeFileSync(join(path, 'a'), '');
    await linked.waitForChange('add a');
    await all.waitForChange('add a');
    expect(all.files.map(({ root }) => root)).toEqual([path]);
    for (const name of [link, path]) {
      const listed = await agent.request(`/v1/files?root=${encodeURIComponent(name)}`);
      expect(listed.text).toContain('"path":"a"');
    }
    expect((await removeRoot(agent, link)).json()).toEqual({ path });
    expect(await rootsOf(agent)).toEqual([first]);
  });
});

describe('watches', () => {
  it('are given back when a root is removed', async () => {
    const [first, path] = [temporaryDirectory(), tree(60)];
    const agent = await startAgent({ roots: [first] });
    const before = inotifyWatches(agent.pid);
    const answer = (await addRoot(agent, path)).json<{ watches: number; dirs: number }>();
    expect(answer.watches).toBe(answer.dirs + 1);
    expect(inotifyWatches(agent.pid)).toBe(before + answer.watches);
    await removeRoot(agent, path);
    expect(inotifyWatches(agent.pid)).toBe(before);
  });

  it('are given back when directories go, are moved out, or are ignored from now on', async () => {
    const { agent, root, status, changes } = await watchedHere((at) => {
      for (const name of ['gone', 'moved', 'ignored']) mkdirSync(join(at, name, 'deep'), { recursive: true });
    });
    const cookie = inotifyWatches(agent.pid) - (await status()).watches;
    expect((await status()).watches).toBe(7);
    rmSync(join(root, 'gone'), { recursive: true });
    renameSync(join(root, 'moved'), join(temporaryDirectory(), 'moved'));
    writeFileSync(join(root, '.gitignore'), 'ignored\n');
    await changes();
    expect((await status()).watches).toBe(1);
    // They are closed when no more of their hints come.
    await until('them to be closed', () => inotifyWatches(agent.pid) === 1 + cookie);
  });

  it('of roots in each other are one in the kernel, and stay for the one that stays', async () => {
    const outer = tree(30);
    const inner = join(outer, 'd1');
    const agent = await startAgent({ roots: [outer] });
    const before = inotifyWatches(agent.pid);
    await addRoot(agent, inner);
    expect(inotifyWatches(agent.pid)).toBe(before);
    await removeRoot(agent, inner);
    expect(inotifyWatches(agent.pid)).toBe(before);
    const client = await connect(agent);
    writeFileSync(join(inner, 'a'), '');
    await client.waitForChange('add d1/a');
    await addRoot(agent, inner);
    await removeRoot(agent, outer);
    writeFileSync(join(inner, 'b'), '');
    await client.waitForChange('add b');
    await agent.sync();
    // What changed in it while it was no root of its own is told when it is one again.
    expect(client.changes).toEqual(['add d1/a', 'add a', 'add b']);
  });
});

describe('a root that comes back', () => {
  it('is in step at the next barrier, however soon', async () => {
    const { root, changes, expectTrue } = await watchedHere((at) => writeFileSync(join(at, 'a'), ''));
    for (let round = 0; round < 20; round++) {
      rmSync(root, { recursive: true });
      await changes();
      mkdirSync(root);
      writeFileSync(join(root, 'b'), '');
      expect(brief(await changes())).toEqual(['add b']);
      writeFileSync(join(root, 'c'), '');
      expect(brief(await changes())).toEqual(['add c']);
    }
    await expectTrue();
  });

  it('is another directory with the same name, and is watched as that', async () => {
    const { root, changes, expectTrue } = await watchedHere((at) => writeFileSync(join(at, 'old'), ''));
    const other = `${root}.other`;
    mkdirSync(other);
    writeFileSync(join(other, 'new'), '');
    renameSync(root, `${root}.before`);
    renameSync(other, root);
    expect(brief(await changes())).toEqual(['unlink old', 'add new']);
    writeFileSync(join(root, 'later'), '');
    expect(brief(await changes())).toEqual(['add later']);
    rmSync(`${root}.before`, { recursive: true });
    await expectTrue();
  });
});
