// `snapshot=1`: the files that exist, then the changes, without a hole or an overlap between them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ServerFrame, SnapshotFrame, Transport } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { roomForMany, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { TreeModel } from './support/model.ts';
import { RandomOperations } from './support/random-operations.ts';
import { testSeed } from './support/seed.ts';
import { Sequence } from './support/sequence.ts';
import { openStream } from './support/stream.ts';
import { until } from './support/wait.ts';

/** Builds a model of each root as a client would: a snapshot begins it anew, changes go on from there. */
function modelsFrom(frames: readonly ServerFrame[]): Map<string, TreeModel> {
  const models = new Map<string, TreeModel>();
  const complete = new Set<string>();
  for (const frame of frames) {
    if (frame.type === 'snapshot') {
      if (complete.delete(frame.root) || !models.has(frame.root)) models.set(frame.root, new TreeModel());
      models.get(frame.root)?.load(frame.files);
      if (frame.done) complete.add(frame.root);
    } else if (frame.type === 'file') {
      if (!complete.has(frame.root)) models.get(frame.root)?.faults.push(`changes before the snapshot`);
      models.get(frame.root)?.apply(frame.changes);
    }
  }
  return models;
}

function differences(frames: readonly ServerFrame[], roots: readonly string[]): string[] {
  const models = modelsFrom(frames);
  return roots.flatMap((root) => {
    const model = models.get(root);
    return model === undefined ? [`no snapshot of ${root}`] : [...model.faults, ...model.differences(root)];
  });
}

function snapshotsOf(frames: readonly ServerFrame[]): SnapshotFrame[] {
  return frames.filter((frame): frame is SnapshotFrame => frame.type === 'snapshot');
}

function makeFiles(root: string, directories: number, files: number): void {
  for (let at = 0; at < directories; at++) {
    mkdirSync(join(root, `directory-${at}`));
    for (let file = 0; file < files; file++) writeFileSync(join(root, `directory-${at}`, `${file}.ts`), 'x');
  }
}

async function expectDisk(agent: TestAgent, stream: { frames: ServerFrame[] }): Promise<void> {
  await agent.sync();
  await until(
    () => differences(stream.frames, [agent.root]).slice(0, 10).join(', '),
    () => differences(stream.frames, [agent.root]).length === 0,
  );
}

describe.each<Transport>(['ws', 'sse', 'ndjson'])('a snapshot over %s', (transport) => {
  it('tells hello, then every file in pieces, parents first, then the changes', async () => {
    const root = temporaryDirectory(roomForMany);
    makeFiles(root, 30, 100);
    const agent = await startAgent({ roots: [root] });
    const stream = await openStream(agent, transport, 'snapshot=1');
    await stream.waitFor('"done":true');
    expect(stream.hello).toMatchObject({ type: 'hello', resumed: false });
    const pieces = snapshotsOf(stream.frames);
    expect(pieces.map(({ files, done }) => [files.length, done])).toEqual([
      [1000, false],
      [1000, false],
      [1000, false],
      [30, true],
    ]);
    writeFileSync(join(root, 'directory-1', 'new.ts'), '');
    await expectDisk(agent, stream);
  });
});

describe('a snapshot', () => {
  it('and the changes after it make the disk, whenever a client comes while files change', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots });
    const seed = testSeed();
    const trees = roots.map((root, index) => new RandomOperations(root, seed + index));
    const clients = [];
    for (let step = 0; step < 600; step++) {
      trees[step % 2]?.step();
      if (step % 30 === 0) clients.push(await connect(agent, 'snapshot=1'));
    }
    await agent.sync();
    for (const [index, client] of clients.entries()) {
      await until(
        () => `seed ${seed}, client ${index}: ${differences(client.frames, roots).slice(0, 5).join(', ')}`,
        () => differences(client.frames, roots).length === 0,
      );
    }
  });

  it('is of what the filter takes', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots });
    for (const root of roots) {
      writeFileSync(join(root, 'a.ts'), '');
      writeFileSync(join(root, 'a.js'), '');
    }
    await agent.sync();
    const told = async (query: string): Promise<string[]> => {
      const client = await connect(agent, `snapshot=1&${query}`);
      await agent.broadcast(query, 'end');
      await client.waitFor('the end', (frame) => frame.type === 'message' && frame.data === query);
      return snapshotsOf(client.frames).flatMap(({ root, files }) =>
        files.map(({ path }) => `${roots.indexOf(root)} ${path}`),
      );
    };
    expect((await told('match=*.ts')).sort()).toEqual(['0 a.ts', '1 a.ts']);
    expect(await told(`root=${encodeURIComponent(roots[1] as string)}&ignore=*.ts`)).toEqual(['1 a.js']);
    expect(await told('topic=end')).toEqual([]);
  });

  it('is not sent to a client that can be resumed', async () => {
    const agent = await startAgent();
    writeFileSync(join(agent.root, 'a'), '');
    const cursor = await agent.sync();
    writeFileSync(join(agent.root, 'b'), '');
    const client = await connect(agent, `snapshot=1&since=${cursor}`);
    await client.waitForChange('add b');
    expect(client.hello).toMatchObject({ resumed: true, cursor });
    expect(client.frames.map(({ type }) => type)).toEqual(['hello', 'file']);
  });

  it('follows the gap of a client whose cursor has expired, instead of the old events', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    writeFileSync(join(agent.root, 'a'), '');
    const cursor = await agent.sync();
    const first = Number(cursor.split(':')[1]);
    for (let count = 0; count < 100; count++) await agent.broadcast('x'.repeat(1000));
    const client = await connect(agent, `snapshot=1&since=${cursor}`);
    await client.waitFor('the snapshot', (frame) => frame.type === 'snapshot');
    const [hello, gap, snapshot] = client.frames;
    const head = await agent.sync();
    expect(hello).toMatchObject({ type: 'hello', resumed: false, cursor: head });
    expect(gap).toEqual({
      type: 'gap',
      reason: 'expired',
      cursor: head,
      missed: Number(head.split(':')[1]) - first,
    });
    expect(snapshot).toMatchObject({ type: 'snapshot', done: true, files: [{ path: 'a' }] });
    expect(client.frames).toHaveLength(3);
  });

  it('comes anew to a client that fell too far behind', async () => {
    const agent = await startAgent({ flags: ['--journal-bytes', '65536'] });
    const client = await connect(agent, 'snapshot=1');
    client.ws.pause();
    const text = 'x'.repeat(100_000);
    await until('the client to fall behind', async () => {
      const { lagging } = await agent.broadcast(text);
      return lagging > 0;
    });
    for (let count = 0; count < 30; count++) await agent.broadcast(text);
    writeFileSync(join(agent.root, 'a'), '');
    await agent.sync();
    for (let count = 0; count < 3; count++) await agent.broadcast(text);
    client.ws.resume();
    await client.waitFor('a gap', (frame) => frame.type === 'gap');
    await expectDisk(agent, client);
    expect(client.gaps).toMatchObject([{ reason: 'slow' }]);
    expect(snapshotsOf(client.frames)).toHaveLength(2);
    // Up to the snapshot everything that it did not get is counted, and nothing of what it got.
    const sequence = new Sequence(Number(client.hello.cursor.split(':')[1]));
    for (const event of client.events) sequence.take(event);
    expect(sequence.faults).toEqual([]);
    const at = client.frames.findIndex(({ type }) => type === 'gap');
    expect(client.frames.slice(at, at + 2)).toMatchObject([
      { type: 'gap' },
      { type: 'snapshot', done: true },
    ]);
  });

  it('can be resumed over server-sent events only once it is complete', async () => {
    const root = temporaryDirectory(roomForMany);
    makeFiles(root, 3, 800);
    const agent = await startAgent({ roots: [root] });
    const stream = await openStream(agent, 'sse', 'snapshot=1');
    await stream.waitFor('"done":true');
    expect(stream.frames.map(({ type }) => type)).toEqual(['hello', 'snapshot', 'snapshot', 'snapshot']);
    expect(stream.ids).toEqual([undefined, undefined, undefined, stream.hello.cursor]);
  });

  it('is a line a file in the text format', async () => {
    const root = temporaryDirectory();
    makeFiles(root, 1, 1);
    const agent = await startAgent({ roots: [root] });
    for (const transport of ['ws', 'sse', 'ndjson'] as const) {
      const stream = await openStream(agent, transport, 'snapshot=1&format=text');
      await stream.waitFor('add directory-0/0.ts');
      expect(stream.items.join('\n')).toBe('addDir directory-0\nadd directory-0/0.ts');
    }
  });
});
