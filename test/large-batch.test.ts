// A batch of many pieces: its pieces stand together in the journal, and the agent does other things meanwhile.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type FileEvent, type JournalEvent, parseCursor } from '../shared/index.ts';
import { roomForMany } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { until } from './support/wait.ts';
import { watched } from './support/watched.ts';

const files = 10_000;

const seqOf = ({ cursor }: { cursor: string }): number => parseCursor(cursor)?.seq ?? Number.NaN;

/** Each batch of more than one piece, with whatever stands between its pieces. */
function longBatches(events: readonly JournalEvent[]): JournalEvent[][] {
  const batches: JournalEvent[][] = [];
  let open: JournalEvent[] | undefined;
  for (const event of events) {
    const isPiece = event.type === 'file' && event.more === true;
    if (open === undefined && !isPiece) continue;
    open ??= [];
    open.push(event);
    if (event.type !== 'file' || isPiece) continue;
    batches.push(open);
    open = undefined;
  }
  return batches;
}

it('messages are answered while a large batch is told, and none stands between its pieces', async () => {
  const { root, agent, client, expectTrue } = await watched(
    (at) => {
      mkdirSync(join(at, 'big'));
      for (let file = 0; file < files; file++) writeFileSync(join(at, 'big', `f${file}`), '');
    },
    { parent: roomForMany, settleMs: 4 },
  );
  const first = await connect(agent, 'match=big/f1&match=moved/f1');
  // Another directory, so that messages and batches of another root meet the large one.
  const other = await watched(() => {}, { agent });
  let publishing = true;
  const published = (async () => {
    for (let n = 0; publishing; n++) {
      writeFileSync(join(other.root, `f${n}`), '');
      await agent.broadcast(n);
    }
  })();
  renameSync(join(root, 'big'), join(root, 'moved'));
  await agent.sync();
  publishing = false;
  await published;
  await expectTrue();

  const [batch = [], ...rest] = longBatches(client.events);
  expect(rest).toEqual([]);
  expect(batch).toHaveLength(Math.ceil((2 * (files + 1)) / 1000));
  expect(batch.every((event) => event.type === 'file' && event.root === root)).toBe(true);
  expect(batch.map(seqOf)).toEqual(batch.map((_event, index) => seqOf(batch[0] as FileEvent) + index));
  // Whoever has seen a piece is told that the batch is over, whatever turn of the loop that was in.
  await until('the end of the batch', () => first.files.some(({ more }) => more === undefined));
  expect(first.files.map((event) => [event.changes.map(({ path }) => path), event.more])).toEqual([
    [['big/f1'], true],
    [['moved/f1'], true],
    [[], undefined],
  ]);
});
