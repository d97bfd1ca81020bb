// What the agent is for: tools subscribe, files change, somebody says something, and all of them are told.
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Change, type JournalEvent, limits, parseCursor } from '../shared/index.ts';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect, type TestClient } from './support/client.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

function seqOf(event: { cursor: string }): number {
  return parseCursor(event.cursor)?.seq ?? Number.NaN;
}

function changesIn(events: readonly JournalEvent[]): Change[] {
  return events.flatMap((event) => (event.type === 'file' ? event.changes : []));
}

/**
 * A settle time that no pause of a slow machine splits a batch within. It delays nothing here: the barrier
 * closes the open batch.
 */
const patient = ['--settle', '1000'];

/** Does something to the files, waits until it is told, and returns the events that told it. */
async function eventsOf(agent: TestAgent, client: TestClient, work: () => void): Promise<JournalEvent[]> {
  const before = client.events.length;
  const start = seqOf(client.events.at(-1) ?? client.hello);
  work();
  const end = parseCursor(await agent.sync())?.seq ?? Number.NaN;
  await until('the events before the barrier', () => client.events.length - before >= end - start);
  return client.events.slice(before);
}

async function changesOf(agent: TestAgent, client: TestClient, work: () => void): Promise<Change[]> {
  return changesIn(await eventsOf(agent, client, work));
}

/** What a change says of the disk as it is now. */
function stated(agent: TestAgent, path: string): { size: number; mtime: number } {
  const { size, mtimeMs } = lstatSync(join(agent.root, path));
  return { size, mtime: mtimeMs };
}

const patientAgent = sharedAgent({ flags: patient });
const shared = sharedAgent();

describe('two clients, one on the Unix socket and one on TCP', () => {
  it('get hello, each change and the broadcast, the same with the same consecutive cursors', async () => {
    const agent = await startAgent({ flags: patient });
    const local = await connect(agent, 'name=editor');
    const loopback = await connect(agent, 'name=page', 'loopback');
    for (const client of [local, loopback]) {
      expect(client.frames[0]).toEqual({
        type: 'hello',
        protocol: 1,
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        client: expect.stringMatching(/^c\d+$/),
        cursor: expect.stringMatching(/^[a-z0-9]+:0$/),
        head: client.hello.cursor,
        oldest: expect.any(String),
        resumed: false,
        roots: [agent.root],
      });
    }
    expect(loopback.hello).toEqual({ ...local.hello, client: loopback.hello.client });
    expect(loopback.hello.client).not.toBe(local.hello.client);

    const path = join(agent.root, 'a.txt');
    const [added] = await changesOf(agent, local, () => writeFileSync(path, 'one'));
    expect(added).toEqual({ event: 'add', path: 'a.txt', kind: 'file', ...stated(agent, 'a.txt') });
    expect(added?.size).toBe(3);

    const [changed] = await changesOf(agent, local, () => appendFileSync(path, ' two'));
    expect(changed).toEqual({ event: 'change', path: 'a.txt', kind: 'file', ...stated(agent, 'a.txt') });
    expect(changed?.size).toBe(7);

    const renaming = await eventsOf(agent, local, () => renameSync(path, join(agent.root, 'b.txt')));
    expect(renaming).toHaveLength(1);
    expect(changesIn(renaming)).toEqual([
      { event: 'unlink', path: 'a.txt', kind: 'file' },
      { event: 'add', path: 'b.txt', kind: 'file', ...stated(agent, 'b.txt'), from: 'a.txt' },
    ]);

    const deleted = await changesOf(agent, local, () => unlinkSync(join(agent.root, 'b.txt')));
    expect(deleted).toEqual([{ event: 'unlink', path: 'b.txt', kind: 'file' }]);

    const sent = await runCli(['broadcast', 'hello', 'world'], { env: agent.env });
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const [, cursor] = /^delivered to 2 of 2 clients \(([a-z0-9]+:\d+)\)\n$/.exec(sent.stdout) ?? [];
    expect(sent.stdout).toContain(`(${cursor})`);
    await loopback.waitForMessages(1);
    await local.waitForMessages(1);
    expect(local.messages).toEqual([
      {
        type: 'message',
        cursor,
        time: expect.any(Number),
        topic: 'message',
        from: 'cli',
        data: 'hello world',
      },
    ]);

    expect(local.events.map(seqOf)).toEqual([1, 2, 3, 4, 5]);
    expect(loopback.events).toEqual(local.events);
    expect((await agent.request('/v1/status')).json()).toMatchObject({ cursor, clients: 2 });
  });

  it('are listed with name, transport and address', async () => {
    const agent = await startAgent({ flags: patient });
    await connect(agent, 'name=editor&topic=build.>');
    await connect(agent, '', 'loopback');
    const clients = (await agent.request('/v1/clients')).json<Record<string, unknown>[]>();
    expect(clients).toMatchObject([
      { id: 'c1', name: 'editor', transport: 'ws', address: 'local', filter: { topic: ['build.>'] } },
      { id: 'c2', name: '', transport: 'ws', address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    ]);
  });
});

describe('file events', () => {
  it('name the root that they are about', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots, flags: patient });
    const client = await connect(agent);
    expect(client.hello.roots).toEqual(roots);
    for (const root of roots) writeFileSync(join(root, 'same.txt'), '');
    await agent.sync();
    await until('both events', () => client.files.length === 2);
    expect(client.files.map(({ root }) => root).sort()).toEqual([...roots].sort());
  });

  it('tell parents before children when a tree comes, and children before parents when it goes', async () => {
    const agent = patientAgent();
    const client = await connect(agent);
    const outside = temporaryDirectory();
    mkdirSync(join(outside, 'tree/deep/deeper'), { recursive: true });
    for (const path of ['tree/a.txt', 'tree/deep/b.txt', 'tree/deep/deeper/c.txt']) {
      writeFileSync(join(outside, path), path);
    }

    const come = await changesOf(agent, client, () =>
      renameSync(join(outside, 'tree'), join(agent.root, 'tree')),
    );
    expect(come.map(({ path }) => path).sort()).toEqual([
      'tree',
      'tree/a.txt',
      'tree/deep',
      'tree/deep/b.txt',
      'tree/deep/deeper',
      'tree/deep/deeper/c.txt',
    ]);
    const known = new Set(['.']);
    for (const { event, path, kind } of come) {
      expect({ event, kind }).toEqual(
        path.endsWith('.txt') ? { event: 'add', kind: 'file' } : { event: 'addDir', kind: 'dir' },
      );
      expect(known).toContain(join(path, '..'));
      known.add(path);
    }

    const go = await changesOf(agent, client, () => rmSync(join(agent.root, 'tree'), { recursive: true }));
    expect(go.map(({ path }) => path).sort()).toEqual(come.map(({ path }) => path).sort());
    for (const { event, path, kind } of go) {
      expect(event).toBe(kind === 'dir' ? 'unlinkDir' : 'unlink');
      known.delete(path);
      expect([...known].filter((other) => other.startsWith(`${path}/`))).toEqual([]);
    }
  });

  it('tell a moved directory as one event, each add with the path that it had', async () => {
    const agent = patientAgent();
    mkdirSync(join(agent.root, 'old/sub'), { recursive: true });
    writeFileSync(join(agent.root, 'old/sub/file.txt'), 'content');
    await agent.sync();
    const client = await connect(agent);
    const events = await eventsOf(agent, client, () =>
      renameSync(join(agent.root, 'old'), join(agent.root, 'new')),
    );
    expect(events).toHaveLength(1);
    expect(changesIn(events).map(({ event, path, from }) => ({ event, path, from }))).toEqual([
      { event: 'unlink', path: 'old/sub/file.txt' },
      { event: 'unlinkDir', path: 'old/sub' },
      { event: 'unlinkDir', path: 'old' },
      { event: 'addDir', path: 'new', from: 'old' },
      { event: 'addDir', path: 'new/sub', from: 'old/sub' },
      { event: 'add', path: 'new/sub/file.txt', from: 'old/sub/file.txt' },
    ]);
  });

  it('tell a symlink as an entry of its own, and nothing of what it leads to', async () => {
    const agent = patientAgent();
    const client = await connect(agent);
    const outside = temporaryDirectory();
    writeFileSync(join(outside, 'unseen.txt'), 'unseen');
    const [link] = await changesOf(agent, client, () => symlinkSync(outside, join(agent.root, 'link')));
    expect(link).toEqual({ event: 'add', path: 'link', kind: 'symlink', ...stated(agent, 'link') });
    expect(link?.size).toBe(Buffer.byteLength(outside));

    writeFileSync(join(outside, 'unseen.txt'), 'still unseen');
    const gone = await changesOf(agent, client, () => unlinkSync(join(agent.root, 'link')));
    expect(gone).toEqual([{ event: 'unlink', path: 'link', kind: 'symlink' }]);
    expect(client.changes).toEqual(['add link', 'unlink link']);
  });

  it('tell a file that became a directory as an unlink and an add in one event', async () => {
    const agent = patientAgent();
    const path = join(agent.root, 'thing');
    writeFileSync(path, 'a file');
    await agent.sync();
    const client = await connect(agent);
    const directory = join(temporaryDirectory(), 'directory');
    mkdirSync(directory);
    const events = await eventsOf(agent, client, () => {
      unlinkSync(path);
      renameSync(directory, path);
    });
    expect(changesIn(events).map(({ event, kind }) => ({ event, kind }))).toEqual([
      { event: 'unlink', kind: 'file' },
      { event: 'addDir', kind: 'dir' },
    ]);
  });

  it('split a batch of more than 1,000 changes into consecutive events, all but the last marked', async () => {
    const agent = await startAgent({ flags: patient });
    const client = await connect(agent);
    const many = join(temporaryDirectory(), 'many');
    mkdirSync(many);
    const files = Array.from({ length: 2_500 }, (_, index) => `${index}.txt`);
    for (const file of files) writeFileSync(join(many, file), '');
    const events = await eventsOf(agent, client, () => renameSync(many, join(agent.root, 'many')));
    const last = events.length - 1;
    expect(last).toBeGreaterThanOrEqual(2);
    for (const [index, event] of events.entries()) {
      if (event.type !== 'file') throw new Error(`a ${event.type} among the pieces`);
      expect(event.changes.length).toBeLessThanOrEqual(limits.changesPerEvent);
      expect(event.more).toBe(index === last ? undefined : true);
      expect(seqOf(event)).toBe(index + 1);
    }
    expect(
      changesIn(events)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['many', ...files.map((file) => `many/${file}`)].sort());
  });

  it('tell nothing of what was there before, and nothing of ignored files', async () => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'old.txt'), 'old');
    writeFileSync(join(root, '.gitignore'), '*.log\n');
    mkdirSync(join(root, '.git'));
    const agent = await startAgent({ roots: [root], flags: [...patient, '--ignore', 'made/**'] });
    const client = await connect(agent);
    mkdirSync(join(root, 'made'));
    for (const path of ['x.log', '.git/index', 'made/x.txt', 'x.txt']) writeFileSync(join(root, path), '');
    await agent.sync();
    await client.waitForChange('add x.txt');
    expect(client.changes.filter((change) => !change.endsWith(' made'))).toEqual(['add x.txt']);
  });
});

describe('topics', () => {
  it('choose who gets a message; the answer counts those alone', async () => {
    const agent = shared();
    const everything = await connect(agent);
    const builds = await connect(agent, 'topic=build.*', 'loopback');
    const files = await connect(agent, 'topic=file');
    const deep = await connect(agent, 'topic=build.>&topic=test');

    const send = async (...args: string[]): Promise<string> => {
      const { stdout, code, stderr } = await runCli(['broadcast', ...args], { env: agent.env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await send('--topic', 'build.done', '--data', '{"ok":true}')).toMatch(/^delivered to 3 of 3 /);
    expect(await send('--topic', 'build.css.done', 'css')).toMatch(/^delivered to 2 of 2 /);
    expect(await send('--topic', 'test', 'passed')).toMatch(/^delivered to 2 of 2 /);
    expect(await send('to everyone')).toMatch(/^delivered to 1 of 1 /);
    writeFileSync(join(agent.root, 'a.txt'), '');
    await everything.waitForChange('add a.txt');
    await files.waitForChange('add a.txt');

    const dataOf = ({ messages }: TestClient): unknown[] => messages.map(({ data }) => data);
    expect(dataOf(everything)).toEqual([{ ok: true }, 'css', 'passed', 'to everyone']);
    await builds.waitForMessages(1);
    await deep.waitForMessages(3);
    expect(dataOf(builds)).toEqual([{ ok: true }]);
    expect(dataOf(deep)).toEqual([{ ok: true }, 'css', 'passed']);
    expect(builds.files).toEqual([]);
    expect(files.events.map(({ type }) => type)).toEqual(['file']);
  });

  it('that are reserved or malformed are refused, naming the topic', async () => {
    const agent = shared();
    for (const topic of ['file', 'agent.stop', 'a..b', 'a b']) {
      const { code, stderr, stdout } = await runCli(['broadcast', '--topic', topic, 'x'], { env: agent.env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`"${topic}"`);
    }
  });
});

describe('agent-cli broadcast', () => {
  it('says that nobody listens, and that is no failure', async () => {
    const agent = shared();
    const { code, stdout } = await runCli(['broadcast', 'anyone?'], { env: agent.env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^delivered to 0 of 0 clients \([a-z0-9]+:\d+\)\n$/);
  });

  it('sends standard input, and prints the whole answer with --json', async () => {
    const agent = shared();
    const client = await connect(agent);
    const { stdout } = await runCli(['broadcast', '--json', '-'], { env: agent.env, input: 'two\nlines\n' });
    await client.waitForMessages(1);
    expect(client.messages[0]?.data).toBe('two\nlines');
    expect(JSON.parse(stdout)).toEqual({
      cursor: client.messages[0]?.cursor,
      matched: 1,
      delivered: 1,
      lagging: 0,
    });
  });

  it('exits 3 without an agent, and says how to start one', async () => {
    const directory = temporaryDirectory();
    const { code, stdout, stderr } = await runCli(['broadcast', 'hello'], {
      env: { AGENT_RUNTIME_DIR: join(directory, 'run'), AGENT_STATE_DIR: join(directory, 'state') },
    });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/no agent named "default" is running: .*agentd DIR/);
  });
});
